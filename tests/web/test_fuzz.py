"""Garbage on every way in: whatever is sent, the answer is never a server error."""

from __future__ import annotations

import pytest

from tests.web.conftest import Scene, Visit
from tests.web.malformed import TEXTS, Malformed, body_of, cookie_of, send

TIMES = 200
SEED = 20261123


# A form that breaks off leaves its files to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("who", ["stranger", "Ann", "organiser"])
@pytest.mark.parametrize("kind", ["shortlist", "ranking"])
def test_garbage_is_refused_and_never_an_error_of_ours(
    request: pytest.FixtureRequest,
    visit: Visit,
    caplog: pytest.LogCaptureFixture,
    kind: str,
    who: str,
) -> None:
    scene: Scene = request.getfixturevalue(kind)
    scene.site.app.config["WTF_CSRF_ENABLED"] = False
    malformed = Malformed(scene.site.app, f"{SEED} {kind} {who}")

    for count, environ in enumerate(malformed.requests(TIMES)):
        if count % 50 == 0:  # some of it signs out
            cookie = cookie_of(visit(who))
        status, text = send(scene.site.app, environ, cookie)
        assert status < 500, (environ, body_of(environ), caplog.text)
        assert "Traceback" not in text + caplog.text


def test_garbage_reaches_every_route(scene: Scene) -> None:
    """Else the test above would say nothing of some."""
    app = scene.site.app
    reached = set()
    for environ in Malformed(app, SEED).requests(2000):
        with app.request_context(environ) as context:
            if context.request.url_rule is not None:
                reached.add(context.request.endpoint)

    assert reached == set(app.view_functions)


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=x",
    ],
)
def test_a_broken_form_is_never_an_error_of_ours(
    shortlist: Scene, visit: Visit, content_type: str
) -> None:
    answer = visit("organiser").post(
        "/organise/acme/designs/upload",
        data=b'--x\r\nContent-Disposition: form-data; name="files"; filename="a\xff',
        content_type=content_type,
    )

    assert answer.status_code == 400


@pytest.mark.parametrize("text", TEXTS)
def test_a_garbage_address_is_never_an_error_of_ours(
    shortlist: Scene, visit: Visit, text: str
) -> None:
    organiser = visit("organiser")
    part = text.encode(errors="replace").decode()
    for url in (
        f"/c/{part}/",
        f"/c/acme/shortlist?show={part}",
        f"/c/acme/results/{part}",
        f"/i/{part}",
        f"/media/1/{part}/thumb.webp",
        f"/static/{part}/{part}",
        f"/organise/acme/rounds/{part}",
    ):
        assert organiser.get(url).status_code < 500

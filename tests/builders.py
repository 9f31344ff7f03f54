"""What tests build their contests from: small pictures, people, contests, rounds."""

from __future__ import annotations

import io
import multiprocessing
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from fractions import Fraction
from pathlib import Path

from flask.testing import FlaskClient
from PIL import Image, ImageDraw
from sqlalchemy.orm import Session

from logovote.contest import casting, contests, counting, events, people, rounds
from logovote.imaging.picture import SPECS
from logovote.imaging.worker import Fence
from logovote.store import queries
from logovote.store.media import digest_of
from logovote.store.models import (
    Contest,
    Derivative,
    ImportJob,
    JobState,
    Kind,
    Picture,
    Round,
    Submission,
    Version,
    Voter,
)

SECRET = "for tests alone: 7c1e9b-Qx4mZp-58rtWv"


def processes(number: int) -> ProcessPoolExecutor:
    """Start processes that share nothing with this one, soon after each other."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["logovote.store.migrate"])
    return ProcessPoolExecutor(number, mp_context=context)


def png(number: int, size: tuple[int, int] = (120, 90)) -> bytes:
    """Draw a small logo that no other number has."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    hue = f"hsl({number * 47 % 360}, 70%, 45%)"
    draw.ellipse((10 + number % 30, 10, 60 + number % 30, 60), fill=hue)
    draw.rectangle((70, 20 + number % 40, 100, 40 + number % 40), fill="black")
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def zip_of(files: Mapping[str, bytes]) -> bytes:
    """Pack files into a zip."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def folder_of(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files into a folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def make_contest(
    session: Session,
    now: datetime,
    *,
    slug: str = "acme",
    designs: Iterable[int] = (),
    voters: Mapping[str, Sequence[str]] | None = None,
    shares: Mapping[str, str] | None = None,
) -> Contest:
    """Start a contest with designs (by entry number) and voters (names by group)."""
    contest = contests.new_contest(
        session, slug, title="A logo for Acme", status_quo="Keep the anvil", now=now
    )
    for entry in designs:
        add_design(session, contest, entry, now)
    lines = ["email,name,group"]
    lines += [
        f"{name.lower()}@example.org,{name},{group}"
        for group, names in (voters or {}).items()
        for name in names
    ]
    people.import_people(
        session, contest, people.read_people("\n".join(lines).encode())
    )
    if shares:
        people.set_shares(
            session, contest, {g: Fraction(share) for g, share in shares.items()}, {}
        )
    session.flush()
    return contest


def add_design(
    session: Session,
    contest: Contest,
    entry: int,
    now: datetime,
    *,
    original: bytes | None = None,
) -> Submission:
    """Add a design without decoding anything: fast, for tests that look at none.

    The database then knows `original`, or a made-up one; putting it into the media
    store is the caller's.
    """
    digest = digest_of(original or f"design {entry} of {contest.slug}".encode())
    session.add(
        Picture(
            digest=digest,
            format="PNG",
            width_px=120,
            height_px=90,
            size_bytes=999,
            animated=False,
            ground="light",
            colour="#ffffff",
            cutout="simulated",
            specs="test",
        )
    )
    session.flush()
    for kind in (spec.kind for spec in SPECS):
        session.add(
            Derivative(
                picture_digest=digest,
                kind=kind,
                digest=digest,
                width_px=320,
                height_px=240,
                size_bytes=999,
            )
        )
    submission = Submission(
        contest_id=contest.id,
        entry=entry,
        designer=f"Designer {entry}",
        title=f"Design {entry}",
        digest=digest,
        file=f"{entry}.png",
    )
    session.add(submission)
    session.flush()
    session.add(
        Version(
            submission_id=submission.id,
            number=1,
            digest=digest,
            file=submission.file,
            created_at=now,
        )
    )
    session.flush()
    return submission


def withdraw(session: Session, contest: Contest, entry: int, now: datetime) -> None:
    """Take a design back, as an import with missing files does."""
    submission = queries.submission(session, contest.id, entry)
    assert submission is not None
    submission.withdrawn_at = now
    events.record_design(session, submission, "withdrawn", actor="cli", now=now)


def voter_named(session: Session, contest: Contest, name: str) -> Voter:
    """Find a voter of a contest."""
    return next(
        voter
        for voter in queries.voters(session, contest.id)
        if voter.person.name == name
    )


def cast(
    session: Session,
    round_: Round,
    name: str,
    items: casting.Items,
    now: datetime,
    *,
    base_rev: int = 0,
) -> casting.Receipt:
    """Save somebody's ballot."""
    contest = session.get_one(Contest, round_.contest_id)
    return casting.save_ballot(
        session,
        round_,
        voter_named(session, contest, name),
        base_rev=base_rev,
        save_id=f"save-{name}-{base_rev}",
        items=items,
        nonce=f"{sum(map(ord, name)):032x}",
        now=now,
    )


def add_import(
    session: Session,
    contest: Contest,
    state: JobState,
    now: datetime,
    report: str = '{"summary": {}, "files": []}',
) -> ImportJob:
    """Add an import whose upload is gone."""
    job = ImportJob(
        contest_id=contest.id,
        source="gone/export.zip",
        name="export.zip",
        state=state,
        report=report,
        created_at=now,
    )
    session.add(job)
    session.flush()
    return job


def publish_shortlist(session: Session, now: datetime) -> Contest:
    """Start a contest, of which the shortlist is published."""
    contest = make_contest(
        session, now, designs=[1, 2, 12, 57], voters={"core": ["Ann", "Bob"]}
    )
    round_ = open_shortlist(session, contest, now)
    cast(session, round_, "Ann", ["1"], now)
    rounds.close_round(session, round_, now)
    counting.count_round(session, round_)
    rounds.publish_round(session, round_, now=now)
    return contest


def open_shortlist(session: Session, contest: Contest, now: datetime) -> Round:
    """Open a shortlist round."""
    return rounds.open_round(session, contest, Kind.SHORTLIST, now)


def token_in(page: str) -> str:
    """Find the CSRF token of a page's form."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found, "the page has no form"
    return found[1]


def sign_in(client: FlaskClient, link: str) -> None:
    """Open an invitation or organiser's link and press its button."""
    page = client.get(link)
    assert page.status_code == 200
    answer = client.post(link, data={"csrf_token": token_in(page.text)})
    assert answer.status_code == 303


class SharedFence:
    """Lends the tests' one fence to code that would close its own."""

    def __init__(self, fence: Fence) -> None:
        self._fence = fence

    def __call__(self) -> SharedFence:
        return self

    def __enter__(self) -> Fence:
        return self._fence

    def __exit__(self, *_error: object) -> None:
        """Leave it up."""

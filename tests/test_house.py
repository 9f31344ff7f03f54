"""What holds for every file of the project, whoever wrote it."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
VENDORED = ROOT / "static" / "vendor"
FOLDERS = ("logovote", "templates", "static", "migrations", "tests", "docs", "bench")
TEXT = {".py", ".html", ".css", ".js", ".md", ".toml", ".lock", ".txt", ".svg"}


def texts(*suffixes: str) -> Iterator[Path]:
    """The project's own text files, of these suffixes or of any."""
    found = [p for folder in FOLDERS for p in (ROOT / folder).rglob("*")]
    for path in sorted((*found, *ROOT.glob("*.*"), *ROOT.glob(".ci/*"))):
        if path.suffix in (suffixes or TEXT) and VENDORED not in path.parents:
            yield path


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    personal = re.compile(r"(?<![\w./<{-])/(?:home|root|Users|work)/\w")
    found = [named(p) for p in texts() if personal.search(p.read_text("utf-8"))]
    assert not found


def test_every_page_that_is_mentioned_is_there() -> None:
    pages = {path.name for path in ROOT.rglob("*.md") if ".venv" not in path.parts}
    page = re.compile(r"(?<![\w<{*])([\w.-]+\.md)\b")
    missing = {
        f"{named(path)}: {name}"
        for path in texts(".py", ".md", ".html", ".js", ".css", ".toml")
        for name in page.findall(path.read_text("utf-8"))
        if name not in pages
    }
    assert not missing


def test_modules_have_names_that_say_something() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
    assert not [named(path) for path in texts(".py") if path.stem in vague]


def test_the_locks_pin_every_requirement_and_name_no_host() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    wanted = {
        "requirements.lock": project["dependencies"],
        "requirements-test.lock": project["dependencies"]
        + project["optional-dependencies"]["test"],
        "requirements-deploy.lock": project["dependencies"]
        + [
            requirement
            for extra in ("metrics", "oauth", "pdf", "postgres", "s3", "serve")
            for requirement in project["optional-dependencies"][extra]
        ],
        "requirements-oracles.lock": project["optional-dependencies"]["oracles"],
        "requirements-services.lock": project["optional-dependencies"]["services"],
    }
    for name, requirements in wanted.items():
        lock = (ROOT / name).read_text("utf-8")
        pinned = set(re.findall(r"^([\w-]+)==", lock, re.MULTILINE))
        names = {re.split(r"[^\w-]", line, maxsplit=1)[0] for line in requirements}
        assert names <= pinned, name
        assert "://" not in lock
        # Each has its hashes: an installer that asks for them takes nothing else.
        parts = re.split(r"^(?=[\w-]+==)", lock, flags=re.MULTILINE)[1:]
        bare = [part for part in parts if "--hash=sha256:" not in part]
        assert bare == [], name
        assert len(parts) >= len(pinned)


def test_every_exception_from_the_linter_has_its_reason() -> None:
    bare = re.compile(r"# noqa(?!: [A-Z0-9, ]+ - \w)")
    found = [
        f"{named(path)}:{number}"
        for path in texts(".py")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if bare.search(line) and path != Path(__file__)
    ]
    assert not found


def test_all_locks_pin_the_same_versions() -> None:
    run, test, deploy = (
        set(re.findall(r"^[\w-]+==.*(?= \\$)", (ROOT / name).read_text("utf-8"), re.M))
        for name in (
            "requirements.lock",
            "requirements-test.lock",
            "requirements-deploy.lock",
        )
    )
    assert run <= test
    assert run <= deploy
    # What is tested is what is deployed.
    tested = {line.partition("==")[0] for line in test}
    assert {
        line for line in deploy - test if line.partition("==")[0] in tested
    } == set()
    # The oracles come beside the others and bring nothing that could change them.
    oracles = (ROOT / "requirements-oracles.lock").read_text("utf-8")
    assert "-r requirements-test.lock\n" in oracles
    services = (ROOT / "requirements-services.lock").read_text("utf-8")
    assert "-r requirements-oracles.lock\n" in services


class InlineCode(HTMLParser):
    """Collects what a strict content security policy would refuse to run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        data = (names.get("type") or "").endswith("json")
        if tag == "style" or (tag == "script" and "src" not in names and not data):
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            script = (value or "").lstrip().lower().startswith("javascript:")
            if name == "style" or name.startswith("on") or script:
                self.found.append(f'{name}="{value}"')


@pytest.mark.parametrize(
    ("html", "found"),
    [
        pytest.param('<script src="a.js"></script>', [], id="script-file"),
        pytest.param("<script>f()</script>", ["<script>"], id="inline-script"),
        pytest.param("<style>p {}</style>", ["<style>"], id="inline-style"),
        pytest.param('<p style="x">', ['style="x"'], id="style-attribute"),
        pytest.param('<p onclick="x">', ['onclick="x"'], id="handler"),
        pytest.param('<a href="javascript:x">', ['href="javascript:x"'], id="link"),
    ],
)
def test_inline_code_is_recognised(html: str, found: list[str]) -> None:
    parser = InlineCode()
    parser.feed(html)
    assert parser.found == found


def test_no_template_has_inline_script_or_style() -> None:
    found = {}
    for path in texts(".html"):
        # Without Jinja's own marks, which may hold quotes and angle brackets.
        html = re.sub(r"{[%#{].*?[%#}]}", "", path.read_text("utf-8"), flags=re.DOTALL)
        parser = InlineCode()
        parser.feed(html)
        if parser.found:
            found[named(path)] = parser.found
    # The one page that must stand alone; the site serves it with a policy of its own.
    assert found == {"templates/record/decision.html": ["<style>"]}


def test_no_template_trusts_any_text_but_its_own() -> None:
    """`safe` stands behind text in quotes alone, and nothing switches escaping off."""
    trusting = re.compile(r"""(?<!['"])\|\s*safe\b|\bautoescape\b""")
    found = [
        f"{named(path)}: {line.strip()[:80]}"
        for path in texts(".html")
        for line in path.read_text("utf-8").splitlines()
        if trusting.search(line)
    ]
    assert not found


def test_no_script_runs_text_or_takes_it_for_a_page() -> None:
    risky = re.compile(
        r"\b(eval|Function|createContextualFragment)\(|document\.write|"
        r"insertAdjacentHTML|(?:inner|outer)HTML\s*\+?=|srcdoc|setTimeout\(\s*[\"'`]"
    )
    found = [
        f"{named(path)}: {line.strip()}"
        for path in texts(".js")
        for line in path.read_text("utf-8").splitlines()
        if risky.search(line)
    ]
    # A part of our own page, as the server wrote and escaped it.
    assert found == ["static/js/results.js: target.innerHTML = await answer.text();"]


def test_vendored_files_are_those_that_were_reviewed() -> None:
    listed: dict[str, str] = {}
    if (VENDORED / "VENDOR.toml").exists():
        with (VENDORED / "VENDOR.toml").open("rb") as file:
            for library in tomllib.load(file)["vendored"]:
                listed |= library["sha256"]
    there = {
        path.relative_to(VENDORED).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in VENDORED.rglob("*")
        if path.is_file() and path.name != "VENDOR.toml"
    }
    assert there == listed

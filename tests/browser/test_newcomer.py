"""A newcomer's way from an empty folder to a published decision, by browser alone.

Nothing here reaches into the site: it is `logovote run` in a process of its own, mail
is what a mail server was handed, and GitHub is a stand-in that asks in the browser.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from email.message import EmailMessage
from pathlib import Path

import pypdfium2
import pytest
from openpyxl import load_workbook
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Locator, Page, expect

from tests.builders import zip_of
from tests.inbox import Inbox, free_port
from tests.letters import code_in, path_in, text_of
from tests.provider import Provider

AMIR = "amir@example.org"
PEOPLE = """email,name,group,github
ann@example.org,Ann,crew,
,Bo,crew,bo-builds
cleo@example.org,Cleo,guests,
dora@example.org,Dora,guests,
"""
LIST = "entry,file,designer,title\n" + "".join(
    f"{entry},#{entry}.png,{designer},{title}\n"
    for entry, designer, title in (
        (1, "Kaya", "Sun"),
        (2, "Kaya", "Block"),
        (3, "Lin", "Sail"),
        (4, "Lin", "Ring"),
        (5, "Mio", "Bars"),
        (6, "Mio", "Cross"),
        (7, "Mio", "Cross in green"),
    )
)
PATIENCE_SECONDS = 60


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, str]]:
    """What was handed to the mail server, and where a site reaches it."""
    inbox = Inbox()
    with inbox.served() as server:
        yield inbox, f"smtp://logo:p%40ss%3Aword%2F@127.0.0.1:{server.port}"


@pytest.fixture
def github() -> Iterator[Provider]:
    with Provider(user={"id": 583231, "login": "bo-builds"}).served() as github:
        yield github


@pytest.fixture
def started(
    tmp_path: Path, inbox: tuple[Inbox, str], github: Provider
) -> Iterator[str]:
    """Run the site on an empty folder; yields what it says when it has started."""
    folder = tmp_path / "an empty folder"
    settings = {
        "LOGOVOTE_MAIL_URL": inbox[1],
        "LOGOVOTE_MAIL_FROM": "logos@example.org",
        "LOGOVOTE_GITHUB_CLIENT_ID": "logovote",
        "LOGOVOTE_GITHUB_CLIENT_SECRET": "ours",
        "LOGOVOTE_GITHUB_URL": github.url,
        "LOGOVOTE_GITHUB_API_URL": f"{github.url}/api/v3",
    }
    command = [sys.executable, "-m", "logovote", "--data", str(folder), "run"]
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(
            [*command, "--port", str(free_port())],
            env=_without_settings(os.environ) | settings,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if line.startswith("Stop it"):
                break
        yield said
        process.terminate()
    assert process.returncode == 0, (tmp_path / "log").read_text()


def _without_settings(environ: Mapping[str, str]) -> dict[str, str]:
    return {k: v for k, v in environ.items() if not k.startswith("LOGOVOTE_")}


@pytest.fixture
def live_server(started: str) -> str:
    """Where the started site says that it is."""
    found = re.search(r"^logovote is at (\S+)$", started, re.MULTILINE)
    assert found, started
    return found[1]


def test_from_an_empty_folder_to_a_decision_by_browser_alone(
    started: str,
    inbox: tuple[Inbox, str],
    new_page: Callable[..., Page],
    chromium: Browser,
    tmp_path: Path,
) -> None:
    mails = inbox[0]
    amir = new_page()
    come_in_by_the_printed_link(amir, started)
    start_a_contest(amir)
    set_dates(amir)
    import_designs(amir, tmp_path)
    say_who_votes(amir)
    say_how_it_is_counted(amir)
    task(amir, "Shortlist round").click()
    open_the_round(amir, "shortlist")
    invite(amir, mails)

    ann = new_page("phone", color_scheme="dark")
    come_in_by_invitation(ann, mails)
    bo = new_page()
    come_in_by_github(bo)
    cleo = new_page()
    come_in_by_code(cleo, new_page("phone"), mails)
    shortlist(ann, 1, 3, touch=True)
    shortlist(bo, 1, 4)
    shortlist(cleo, 3, 4)
    tell_the_designer(ann)

    watch(amir)
    pause_and_go_on(amir, ann)
    give_more_time(amir)
    close_and_count_the_shortlist(amir)

    open_the_round(amir, "ranking")
    rank(ann, 3, 1, touch=True)
    rank(bo, 1, 3)
    rank(cleo, 3, 4)
    phone = new_page("phone")
    come_in_by_mail(phone, AMIR, mails)
    close_the_ranking_by_phone(phone)

    moderate(amir)
    decide_otherwise(amir)
    look_at_the_files(amir, chromium, tmp_path)
    stranger = new_page("phone")
    read_the_record(stranger)


# ---------- the organiser sets up


def come_in_by_the_printed_link(page: Page, said: str) -> None:
    found = re.search(r"as the organiser, once: (\S+)", said)
    assert found, said
    press_on_a_link(page, found[1])
    expect(page.get_by_role("heading", level=1)).to_have_text("Your contests")


def start_a_contest(page: Page) -> None:
    page.get_by_role("link", name="Start a contest").click()
    page.get_by_label("Title").fill("A logo for the harbour")
    page.get_by_label("Short name").fill("harbour")
    page.get_by_label("About").fill("It goes on flags and on the roof.")
    page.get_by_label("What “None of these” means").fill("Keep the anchor")
    page.get_by_role("button", name="Start the contest").click()
    # So that he can come in on his phone, too.
    page.get_by_role("link", name="Organisers").click()
    page.get_by_label("E-mail address or GitHub login").fill(AMIR)
    page.get_by_role("radio", name="Owner").check()
    page.get_by_role("button", name="Name them").click()
    told(page, "owner")


def set_dates(page: Page) -> None:
    task(page, "Dates and zone").click()
    page.get_by_label("Time zone").fill("Europe/Lisbon")
    page.get_by_label("End of the shortlist round").fill("2031-05-02T18:00")
    page.get_by_role("button", name="Save").click()
    told(page, "The dates are saved.")


def import_designs(page: Page, folder: Path) -> None:
    export = folder / "export.zip"
    files = {f"#{entry}.png": data for entry, data in designs().items()}
    export.write_bytes(zip_of({"list.csv": LIST.encode()} | files))
    task(page, "Designs").click()
    page.get_by_label("Choose a zip").set_input_files(export)
    page.get_by_role("button", name="Upload and look at it").click()
    ready = page.get_by_role("heading", name="Ready to import export.zip")
    expect(ready).to_be_visible(timeout=PATIENCE_SECONDS * 1000)
    expect(page.get_by_role("heading", name="7 new")).to_be_visible()
    page.get_by_role("button", name="Import").click()
    done = page.get_by_role("heading", name="Imported export.zip")
    expect(done).to_be_visible(timeout=PATIENCE_SECONDS * 1000)
    page.get_by_role("link", name="Look at the families").click()
    proposal = page.get_by_role("region").filter(has=page.get_by_label("Design 7, Mio"))
    proposal.get_by_role("button", name="One family of 6, 7").click()
    expect(page.get_by_role("heading", name="1 family", exact=True)).to_be_visible()


def designs() -> dict[int, bytes]:
    """Seven logos that anybody tells apart; the last is the sixth in another colour."""
    shapes: dict[int, Callable[[ImageDraw.ImageDraw], object]] = {
        1: lambda draw: draw.ellipse((60, 30, 260, 210), fill="orange"),
        2: lambda draw: draw.rectangle((20, 60, 300, 180), fill="navy"),
        3: lambda draw: draw.polygon([(160, 10), (300, 230), (90, 230)], fill="teal"),
        4: lambda draw: draw.ellipse((60, 20, 260, 220), outline="black", width=24),
        5: lambda draw: draw.polygon(
            [(40, 220), (40, 60), (160, 160), (280, 60), (280, 220)], fill="maroon"
        ),
        6: lambda draw: cross(draw, "purple"),
        7: lambda draw: cross(draw, "green"),
    }
    drawn = {}
    for entry, shape in shapes.items():
        image = Image.new("RGB", (320, 240), "white")
        shape(ImageDraw.Draw(image))
        file = io.BytesIO()
        image.save(file, "PNG")
        drawn[entry] = file.getvalue()
    return drawn


def cross(draw: ImageDraw.ImageDraw, colour: str) -> None:
    draw.line((60, 20, 260, 220), fill=colour, width=30)
    draw.line((260, 20, 60, 220), fill=colour, width=30)


def say_who_votes(page: Page) -> None:
    task(page, "Who may vote").click()
    page.get_by_label("Paste a list").fill(PEOPLE + "no address,Eve,guests,\n")
    page.get_by_role("button", name="Only show what would happen").click()
    report = page.get_by_role("region", name="Line by line")
    expect(report.get_by_role("row", name="no address")).to_contain_text("refused")
    page.get_by_label("Paste a list").fill(PEOPLE)
    page.get_by_role("button", name="Add them").click()
    told(page, "Imported: 4 new.")
    for group, share, reason in (
        ("crew", "3/5", "They live with it every day"),
        ("guests", "2/5", "They see it from the sea"),
    ):
        page.get_by_label(f"Share of {group}", exact=True).fill(share)
        page.get_by_label(f"Reason for the share of {group}").fill(reason)
    page.get_by_role("button", name="Save shares and reasons").click()
    told(page, "Shares and reasons are saved.")
    page.get_by_label("Whoever has an address at these domains").fill("harbour.example")
    page.get_by_role("button", name="Save who may join").click()
    told(page, "Who may join is saved.")


def say_how_it_is_counted(page: Page) -> None:
    task(page, "How it is counted").click()
    weights = page.get_by_role("region", name="Weights by group")
    expect(weights.get_by_role("row", name="crew")).to_contain_text("60")
    page.get_by_label("Places on the shortlist").fill("3")
    page.get_by_role("button", name="Save").click()
    told(page, "What rounds open with is saved.")


def open_the_round(page: Page, kind: str) -> None:
    page.get_by_role("button", name=f"Open the {kind} round").click()
    told(page, f"The {kind} round is open.")


def invite(page: Page, mails: Inbox) -> None:
    task(page, "Invitations").click()
    page.get_by_role("button", name="Send 3 invitations").click()
    told(page, "3 invitations are on the way.")
    for name in ("ann", "cleo", "dora"):
        letter = arrived(mails, f"{name}@example.org")
        assert "A logo for the harbour" in letter["Subject"]
        assert "18:00 WEST (17:00 UTC)" in text_of(letter)
    page.reload()
    expect(page.get_by_role("region", name="Message by message")).to_contain_text(
        "sent"
    )


# ---------- voters come in, and vote


def come_in_by_invitation(page: Page, mails: Inbox) -> None:
    press_on_a_link(page, path_in(arrived(mails, "ann@example.org"), "/i/"))
    expect(page.get_by_role("heading", level=1)).to_have_text("A logo for the harbour")


def come_in_by_github(page: Page) -> None:
    page.goto("/sign-in")
    page.get_by_role("link", name="Continue with GitHub").click()
    page.get_by_role("button", name="Authorise logovote").click()
    expect(page.get_by_role("link", name="Bo", exact=True)).to_be_visible()


def come_in_by_code(page: Page, phone: Page, mails: Inbox) -> None:
    ask_for_a_link(page, "cleo@example.org")
    letter = arrived(mails, "cleo@example.org", "/m/")
    # Her mail is on her phone, where the link only shows the code.
    phone.goto(path_in(letter, "/m/"))
    expect(phone.get_by_role("heading", level=1)).to_have_text("Your code")
    page.get_by_label("The six digits").fill(code_in(letter))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("link", name="Cleo", exact=True)).to_be_visible()


def come_in_by_mail(page: Page, address: str, mails: Inbox) -> None:
    ask_for_a_link(page, address)
    press_on_a_link(page, path_in(arrived(mails, address, "/m/"), "/m/"))


def ask_for_a_link(page: Page, address: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Your e-mail address").fill(address)
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your mail")


def shortlist(page: Page, *entries: int, touch: bool = False) -> None:
    page.goto("/c/harbour/shortlist?show=all")
    page.locator("form[data-ready]").wait_for()
    for entry in entries:
        press(page, f"Shortlist logo {entry}", touch=touch)
    expect(page.locator("[data-save-status]")).to_contain_text("Saved")
    page.reload()
    for entry in entries:
        star = page.get_by_role("button", name=f"Shortlist logo {entry}", exact=True)
        expect(star).to_have_attribute("aria-pressed", "true")


def tell_the_designer(page: Page) -> None:
    page.goto("/c/harbour/logo/3")
    page.get_by_role("link", name="Tell the designer why").tap()
    page.get_by_role("checkbox").first.check()
    page.get_by_label("A note").fill("A bolder sail, please")
    page.get_by_label("Share this note").check()
    page.get_by_role("button", name="Keep it").tap()


def rank(page: Page, *entries: int, touch: bool = False) -> None:
    page.goto("/c/harbour/ranking")
    page.locator("form[data-ready]").wait_for()
    for entry in entries:
        press(page, f"Rank logo {entry}", touch=touch)
    expect(page.locator("[data-save-status]")).to_contain_text("Saved")


def press(page: Page, name: str, *, touch: bool) -> None:
    button = page.get_by_role("button", name=name, exact=True)
    if touch:
        button.tap()
    else:
        button.click()


# ---------- the organiser while it runs


def watch(page: Page) -> None:
    page.goto("/organise/harbour/rounds/shortlist")
    turnout = page.get_by_role("region", name="Turnout by group")
    expect(turnout.get_by_role("row", name="crew")).to_contain_text("2")
    expect(turnout.get_by_role("row", name="guests")).to_contain_text("1")
    expect(page.locator("main")).to_contain_text("1 person has not voted yet")
    expect(page.get_by_role("link", name="See the result")).to_have_count(0)
    page.goto("/c/harbour/results/shortlist")
    expect(page.locator("main")).to_contain_text("There is no result yet")


def pause_and_go_on(page: Page, voter: Page) -> None:
    page.goto("/organise/harbour/rounds/shortlist")
    page.get_by_role("button", name="Pause the round").click()
    told(page, "The shortlist round is paused")
    voter.goto("/c/harbour/shortlist")
    expect(voter.locator("main")).to_contain_text("This round is paused")
    page.get_by_role("button", name="Let people vote again").click()
    told(page, "The shortlist round takes ballots again")


def give_more_time(page: Page) -> None:
    page.get_by_label("Ends on").fill("2031-05-03T18:00")
    page.get_by_role("button", name="Move the end").click()
    told(page, "The shortlist round has a new end")
    expect(page.locator(".lead")).to_contain_text("May 3, 2031")


def close_and_count_the_shortlist(page: Page) -> None:
    page.get_by_role("button", name="Close and count").click()
    expect(page.locator(".lead")).to_contain_text("1 of 4 people who may vote has not")
    page.get_by_role("link", name="Leave it open").click()
    page.get_by_role("button", name="Close only").click()
    page.get_by_role("link", name="Look it over").click()
    expect(page.locator(".lead")).to_contain_text("3 ballots are in the box")
    page.get_by_role("link", name="Back to the round").click()
    page.get_by_role("button", name="Count", exact=True).click()
    told(page, "The shortlist round is counted")
    page.get_by_role("link", name="See the result").click()
    expect(page.locator("main")).to_contain_text("only organisers see this page")
    page.go_back()
    page.get_by_role("button", name="Publish the result").click()
    told(page, "The shortlist round is published")
    page.get_by_role("link", name="On to the ranking round").click()


def close_the_ranking_by_phone(page: Page) -> None:
    page.get_by_role("link", name="My contests").tap()
    page.get_by_role("link", name="Organise A logo for the harbour").tap()
    task(page, "Ranking round").tap()
    fits(page, "Ranking round")
    page.get_by_role("button", name="Close and count").tap()
    fits(page, "Close the ranking round?")
    page.get_by_role("button", name="Close and count all the same").tap()
    told(page, "The ranking round is closed and counted")
    page.get_by_role("button", name="Publish the result").tap()
    told(page, "The ranking round is published")
    page.get_by_role("link", name="See the result").tap()
    # 3 before 1 for Ann and Cleo, who are half of the crew and all guests that voted.
    expect(page.locator(".standing").first).to_contain_text("Logo 3")
    fits(page, "Result of the ranking")


# ---------- the organiser after the count


def moderate(page: Page) -> None:
    page.goto("/organise/harbour/feedback?kind=shortlist")
    note = page.get_by_role("article", name="about logo 3")
    expect(note).to_contain_text("A bolder sail, please")
    note.get_by_role("button", name="Approve").click()
    told(page, "The note will be handed on.")


def decide_otherwise(page: Page) -> None:
    page.goto("/organise/harbour/handoff?kind=shortlist")
    expect(page.get_by_label("To the designer, to paste").first).to_be_visible()
    texts = [each.input_value() for each in page.locator("textarea[readonly]").all()]
    assert any("A bolder sail, please" in text for text in texts), texts
    page.goto("/organise/harbour/handoff")
    expect(page.get_by_label("Numbers, to paste")).to_have_value(re.compile("^#3"))
    page.get_by_label("Designs that you decide for").fill("1")
    page.get_by_role("button", name="Record the decision").click()
    expect(page.get_by_role("alert")).to_contain_text("Give the reason")
    page.get_by_label("The reason").fill("The sail is a trade mark of the club.")
    page.get_by_role("button", name="Record the decision").click()
    told(page, "The decision is recorded.")
    page.get_by_role("link", name="Preview the decision record").click()
    expect(page.locator("header")).to_contain_text("Draft.")
    page.go_back()
    page.get_by_role("button", name="Publish the decision").click()
    told(page, "The decision is public.")


def look_at_the_files(page: Page, chromium: Browser, folder: Path) -> None:
    book = load_workbook(download(page, "shortlist.xlsx", folder))
    cells = [cell.value for sheet in book for row in sheet.rows for cell in row]
    assert "Kaya" in cells
    assert "Lin" in cells
    assert any(sheet._images for sheet in book)
    with pypdfium2.PdfDocument(download(page, "contact-sheet.pdf", folder)) as pdf:
        words = "".join(each.get_textpage().get_text_range() for each in pdf)
    assert "A logo for the harbour" in words
    record = download(page, "decision.html", folder)
    open_from_disk(chromium, record)


def download(page: Page, name: str, folder: Path) -> Path:
    with page.expect_download() as found:
        page.get_by_role("link", name=name, exact=True).click()
    path = folder / name
    found.value.save_as(path)
    return path


def open_from_disk(chromium: Browser, record: Path) -> None:
    """With the network off the record is whole, and asks for nothing."""
    context = chromium.new_context(offline=True)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(record.as_uri())
    expect(page.locator("main")).to_contain_text("The decision differs")
    expect(page.locator("main")).to_contain_text("The sail is a trade mark")
    widths = page.evaluate("[...document.images].map(image => image.naturalWidth)")
    assert len(widths) >= 3
    assert min(widths) > 0
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    context.close()


def read_the_record(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="A logo for the harbour").first.tap()
    page.wait_for_url("**/c/harbour/")
    page.goto("/c/harbour/decision")
    expect(page.locator("main")).to_contain_text("The decision differs from the rank")
    expect(page.locator("header")).not_to_contain_text("Draft.")
    expect(page.locator("body")).not_to_contain_text("Ann")
    fits(page, "A logo for the harbour")


# ---------- what all of them do


def press_on_a_link(page: Page, link: str) -> None:
    """Open a link of a mail twice, as its scanner did: only the button signs in."""
    for _ in range(2):
        page.goto(link)
    page.get_by_role("button", name="Continue").click()


def task(page: Page, name: str) -> Locator:
    """Go to the task list, and find a task in it."""
    page.goto("/organise/harbour/")
    return page.locator(".tasks").get_by_role("link", name=name, exact=True)


def told(page: Page, words: str) -> None:
    expect(page.get_by_role("status").first).to_contain_text(words)


def fits(page: Page, heading: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{page.url} is {wide} px too wide"


def arrived(mails: Inbox, address: str, prefix: str = "") -> EmailMessage:
    """Wait for a mail to somebody, the newest one with such a link in it."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        found = [each for each in mails.to(address) if prefix in text_of(each)]
        if found:
            return found[-1]
        time.sleep(0.1)
    raise AssertionError(f"no mail to {address} within {PATIENCE_SECONDS} s")

"""What anybody can check: the log, its head, the bundles, the script that recounts."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    jsonify,
    render_template,
    request,
    url_for,
)

from logovote import recount
from logovote.contest import bundle, dates, events, ledger, opening, rounds
from logovote.contest.contests import contest_by_slug
from logovote.store import queries
from logovote.store.models import Contest, Kind, Phase, Role, Round
from logovote.web.context import current_person, current_standing, db, reading
from logovote.web.guards import voter_here
from logovote.web.results import is_judging

bp = Blueprint("audit", __name__)

_CODE = re.compile(r"[A-Z2-7]{16}")
_ACTORS = {"cli": "the command line", "system": "the site itself"}


@dataclass(frozen=True)
class Deed:
    """An event of the log, for people."""

    seq: int
    at: datetime
    actor: str
    text: str
    hash: str


@dataclass(frozen=True)
class Published:
    """A round that anybody can recount."""

    name: str
    file: str
    url: str
    digest: str
    head: str
    round_id: int
    save_path: str
    ballots: bool


@dataclass(frozen=True)
class Opened:
    """A round with what was fixed when it opened, and when it closed."""

    name: str
    commitment: str
    publish: str
    auditors: tuple[str, ...]
    closing_root: str | None


@bp.get("/c/<slug>/audit")
def show(slug: str) -> str:
    """Show the log and its head, the bundles, and how to recount them."""
    return _page(contest_by_slug(db(), slug))


@bp.post("/c/<slug>/audit")
def find(slug: str) -> str:
    """Look for a receipt code in the counted sets; a script does so in the browser."""
    code = re.sub(r"[\s-]", "", request.form.get("code", "")).upper()
    # Nothing is written, and nobody who saves a ballot shall wait for the search.
    with reading() as session:
        contest = contest_by_slug(session, slug)
        return _page(contest, code=code, found=_found(contest, code))


@bp.get("/c/<slug>/log.json")
def log(slug: str) -> Response:
    """Hand out the log as programs read it."""
    contest = contest_by_slug(db(), slug)
    chain = events.chain(db(), contest.id)
    head = chain[-1]["hash"] if chain else events.NO_HEAD
    return jsonify(contest=contest.slug, head=head, events=chain)


@bp.get("/c/<slug>/bundles/<kind>-<int:number>.zip")
def download(slug: str, kind: str, number: int) -> Response:
    """Hand out a published round's bundle; organisers get it once it is counted."""
    contest = contest_by_slug(db(), slug)
    round_ = next(
        (
            round_
            for round_ in queries.rounds(db(), contest.id)
            if (round_.kind.value, round_.number) == (kind, number)
        ),
        None,
    )
    if round_ is None:
        abort(404)
    if not _may_see(contest, round_):
        raise bundle.BundleError(
            f"The {rounds.NAMES[round_.kind]} is not published now. Its bundle is here "
            "when its result is."
        )
    return _attachment(
        bundle.bundle_of(db(), round_).data,
        bundle.file_name(contest, round_),
        "application/zip",
    )


@bp.get("/recount.py")
def script() -> Response:
    """Hand out the script that recounts a bundle, as one file."""
    return _attachment(
        Path(recount.__file__).read_bytes(), "recount.py", "text/x-python"
    )


def _attachment(data: bytes, name: str, type_: str) -> Response:
    response = Response(data, mimetype=type_)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _may_see(contest: Contest, round_: Round) -> bool:
    """Tell whether the visitor may see a round's result, and so its ballots."""
    if current_standing().role_in(contest.slug) is not None:
        return round_.result is not None
    return round_.phase is Phase.PUBLISHED and not is_judging(contest.id)


def _page(contest: Contest, *, code: str = "", found: str | None = None) -> str:
    person = current_person()
    chain = events.chain(db(), contest.id)
    known = {opening.name_of(r): r for r in queries.rounds(db(), contest.id)}
    return render_template(
        "audit/show.html",
        contest=contest,
        head=chain[-1]["hash"] if chain else None,
        broken_at=events.broken_at(chain),
        deeds=[_deed(event) for event in chain],
        opened=[
            _opened(event["payload"], known[event["payload"]["round"]])
            for event in chain
            if event["kind"] == "round.opened"
        ],
        published=_published(contest, chain),
        judging=is_judging(contest.id),
        voter_key=person.key if person else "",
        code=code,
        found=found,
    )


def _opened(payload: Mapping[str, Any], round_: Round) -> Opened:
    rules = payload["rules"]
    return Opened(
        name=_round_name(payload["round"]),
        commitment=payload["commitment"],
        publish=rules["publish"],
        auditors=tuple(rules["auditors"]),
        closing_root=round_.closing_root,
    )


def _published(contest: Contest, chain: list[dict[str, Any]]) -> list[Published]:
    """Describe the rounds whose bundles the visitor may have."""
    heads = {
        event["payload"]["round"]: event["hash"]
        for event in chain
        if event["kind"] == "round.counted"
    }
    digests = {
        event["payload"]["round"]: event["payload"]["sha256"][bundle.PUBLIC]
        for event in chain
        if event["kind"] == "bundle.exported"
    }
    voter = voter_here(contest)
    found = []
    for round_ in queries.rounds(db(), contest.id):
        name = opening.name_of(round_)
        if name not in digests or not _may_see(contest, round_):
            continue
        kind, number = round_.kind.value, round_.number
        saves = {Kind.SHORTLIST: "shortlist.press", Kind.RANKING: "ranking.press"}
        path = url_for(saves[round_.kind], slug=contest.slug)
        found.append(
            Published(
                name=_round_name(name),
                file=bundle.file_name(contest, round_),
                url=url_for(
                    "audit.download", slug=contest.slug, kind=kind, number=number
                ),
                digest=digests[name],
                head=heads[name],
                round_id=round_.id,
                # Under this name the voter's browser keeps what its receipt is made of.
                save_path=f"{round_.id}-{voter.id if voter else 0}:{path}",
                ballots=json.loads(round_.rules).get("publish", "ballots") == "ballots",
            )
        )
    return found


def _found(contest: Contest, code: str) -> str:
    """Say whether a receipt code is in a counted set that the visitor may see."""
    if not _CODE.fullmatch(code):
        return "A receipt code has 16 letters and digits, such as L7OVHG4JHLI7M6AG."
    searched = False
    for round_, _ in bundle.published(db(), contest.id):
        if not _may_see(contest, round_):
            continue
        data = bundle.bundle_of(db(), round_).data
        with zipfile.ZipFile(BytesIO(data)) as archive:
            if "ballots.json" not in archive.namelist():
                continue
            lines = json.loads(archive.read("ballots.json"))
        searched = True
        for line in lines:
            if ledger.receipt_code(_receipted(line)) == code:
                return _where(round_, line)
    if not searched:
        return "No round with published ballots can be searched now."
    return (
        "No counted ballot has this code. If you changed your ballot, only the last "
        "code counts. If it was the last, tell the organiser, and show your receipt."
    )


def _where(round_: Round, line: Mapping[str, Any]) -> str:
    name = _round_name(opening.name_of(round_))
    if "aside" in line:
        return (
            f"This ballot was in the box of the {name}. It was set aside before the "
            "count, as the log says, so the official result is without it."
        )
    return f"This ballot is in the counted set of the {name}."


def _receipted(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a line that its receipt is made of."""
    return {name: line[name] for name in ("t", "c", "b")}


def _round_name(name: str) -> str:
    """Write shortlist/1 as people say it."""
    kind, _, number = name.partition("/")
    return f"{kind} round" + ("" if number == "1" else f" {number}")


def _deed(event: Mapping[str, Any]) -> Deed:
    actor = event["actor"]
    return Deed(
        seq=event["seq"],
        at=datetime.fromisoformat(event["at"]),
        actor=_ACTORS.get(actor, f"organiser {actor.removeprefix('u')}"),
        text=_told(event["kind"], event["payload"]),
        hash=event["hash"],
    )


def _told(kind: str, payload: Mapping[str, Any]) -> str:
    """Say in words what was done."""
    subject, _, verb = kind.partition(".")
    if subject == "design" and verb in _DESIGNS:
        return f"Design {payload['entry']} {_DESIGNS[verb]}."
    if subject == "roll" and verb in _ROLLS:
        number = len(payload["voters"])
        return f"{number} {'person' if number == 1 else 'people'} {_ROLLS[verb]}."
    if kind in _CONTEST:
        return _CONTEST[kind](payload)
    if kind in _ROUND:
        return f"The {_round_name(payload['round'])} {_ROUND[kind](payload)}."
    return f"{kind}."


def _families_told(payload: Mapping[str, Any]) -> str:
    designs = ", ".join(map(str, payload["entries"]))
    return {
        "merge": f"Designs {designs} count as one.",
        "split": f"Each of {designs} stands alone.",
        "confirm": "All proposed families were confirmed.",
    }.get(payload["deed"], f"A change of families was taken back: {designs}.")


def _day_and_time(written: str) -> str:
    return f"{written[:10]} at {written[11:16]} UTC"


def _decided(payload: Mapping[str, Any]) -> str:
    designs = ", ".join(str(design["entry"]) for design in payload["designs"])
    told = f"design {designs}" if designs else "none of these"
    return f"{told}, which differs from the vote" if payload["differs"] else told


def _shares_told(payload: Mapping[str, Any]) -> str:
    shares = ", ".join(f"{group['id']} {group['share']}" for group in payload["groups"])
    return f"Shares of the decision: {shares}."


def _joining_told(payload: Mapping[str, Any]) -> str:
    domains = " or ".join(payload["domains"])
    ways = [f"with an address at {domains}"] if domains else []
    ways += ["by asking the organiser"] if payload["open"] else []
    if not ways:
        return "Nobody may join without an invitation any more."
    return f"People may join {' or '.join(ways)}, in the group {payload['group']}."


def _organisers_told(payload: Mapping[str, Any]) -> str:
    numbers = [(role.value, payload[f"{role.value}s"]) for role in Role]
    now = ", ".join(f"{n} {role}{'' if n == 1 else 's'}" for role, n in numbers)
    return f"An {payload['role']} was {payload['deed']}: there are now {now}."


def _settings_told(payload: Mapping[str, Any]) -> str:
    told = []
    if "title" in payload:
        told.append(f"the title is “{payload['title']}”")
    if "about" in payload:
        told.append("it says anew what the logo is for")
    if "status_quo" in payload:
        told.append(f"“none of these” means “{payload['status_quo']}”")
    if "zone" in payload:
        told.append(f"times are meant in {payload['zone'] or dates.DEFAULT_ZONE}")
    if "rights" in payload:
        rights = payload["rights"]
        who = ", ".join(rights.get("modes", ())) or "for whoever has their address"
        told.append(f"pictures are {who.replace('-', ' ')}")
        if "purge_on" in rights:
            told.append(f"they are removed on {rights['purge_on']}")
    return f"Settings were changed: {', '.join(told)}."


def _plan_told(payload: Mapping[str, Any]) -> str:
    names = {"seats": "places", "batch": "dealt at a time", "approvals": "approvals"}
    told = [
        f"{payload[name]} {word}" for name, word in names.items() if name in payload
    ]
    if "publish" in payload:
        told.append(f"recount from {payload['publish']}")
    if "until" in payload:
        told.append(f"end on {_day_and_time(payload['until'])}")
    said = ", ".join(told) or "the defaults"
    return f"The next {payload['kind']} round is to open with: {said}."


def _ballots_told(payload: Mapping[str, Any]) -> str:
    number = len(payload["ballots"])
    return f"{number} {'ballot' if number == 1 else 'ballots'}"


def _were(payload: Mapping[str, Any]) -> str:
    return "was" if len(payload["ballots"]) == 1 else "were"


_DESIGNS = {
    "imported": "was imported",
    "changed": "was replaced by a newer version",
    "withdrawn": "was withdrawn",
    "restored": "was brought back",
    "pictures-removed": "had its pictures removed; its numbers stay",
}
_ROLLS = {
    "added": "may vote now",
    "moved": "changed group or weight",
    "removed": "may not vote any more",
}
_NOTES = {
    "approve": "approved for its designer",
    "edit": "edited for its designer",
    "hide": "hidden from its designer",
    "restore": "as its voter wrote it, waiting",
}
_CONTEST: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "contest.created": lambda payload: f"“{payload['title']}” was started.",
    "contest.changed": _settings_told,
    "plan.changed": _plan_told,
    "groups.changed": _shares_told,
    "families.changed": _families_told,
    "joining.changed": _joining_told,
    "organisers.changed": _organisers_told,
    "voter.recused": lambda _: "A voter was marked as a designer.",
    "voter.admitted": lambda _: "A voter is not marked as a designer any more.",
}
_ROUND: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "round.opened": lambda payload: (
        f"was opened with {len(payload['designs'])} designs, to be counted by "
        f"{payload['rules']['method']}"
        # Logs of before rounds had an end do not say that there is none.
        + (
            f", to end on {_day_and_time(until)}"
            if (until := payload.get("until"))
            else ""
        )
    ),
    "ballots.imported": lambda payload: (
        f"took in {sum(each['ballots'] for each in payload['classes'])} ballots from "
        "a file"
    ),
    "round.closed": lambda payload: (
        f"was closed with {payload['ballots']} ballots in the box"
    ),
    "round.extended": lambda payload: f"now ends on {_day_and_time(payload['until'])}",
    "ballots.set_aside": lambda payload: (
        f"has {_ballots_told(payload)} set aside: {payload['reason']}"
    ),
    "ballots.restored": lambda payload: (
        f"has {_ballots_told(payload)} back that {_were(payload)} set aside"
    ),
    "beacon.drawn": lambda payload: (
        f"has its public draw, {payload['beacon']}: {payload['value']}"
    ),
    "round.paused": lambda payload: (
        "was paused"
        + (f" until {_day_and_time(until)}" if (until := payload.get("until")) else "")
    ),
    "round.resumed": lambda _: "took ballots again",
    "round.reopened": lambda _: "was opened again",
    "round.counted": lambda _: "was counted",
    "bundle.exported": lambda _: "has its recount bundle",
    "result.published": lambda _: "was published",
    "feedback.moderated": lambda payload: (
        f"has a shared note about design {payload['entry']} {_NOTES[payload['deed']]}"
    ),
    "decision.published": lambda payload: (
        f"has the organiser's decision: {_decided(payload)}"
    ),
    "round.sealed": lambda _: "was sealed: nothing links a voter to a ballot any more",
}

"""Who may vote: people in groups with weights, and their invitation links."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from logovote.contest import events, identities, ledger, link_requests, rounds
from logovote.errors import LogovoteError, UnreadableInputError
from logovote.ingest.manifests import decoded, places
from logovote.store import holding, queries
from logovote.store.models import (
    Ballot,
    Contest,
    Group,
    Identity,
    Organiser,
    Person,
    Phase,
    Voter,
)
from logovote.voting import weights
from logovote.voting.profiles import Group as WeightedGroup

DEFAULT_GROUP = "voters"
LARGEST_WEIGHT = 1_000_000
_LARGEST_DENOMINATOR = 1000
_HEADERS = {
    "email": "email mail emailaddress mailaddress emailadresse mailadresse courriel"
    " correo",
    # Where no other column is the e-mail address; else it is where somebody lives.
    "address": "address",
    "name": "name fullname displayname",
    "group": "group role team gruppe groupe grupo",
    "weight": "weight gewicht",
    "github": "github githublogin githubusername githubuser githubname githubhandle"
    " githubaccount login",
    # Never a bare "id": every export has one of its own.
    "github_id": "githubid githubuserid",
}
_FIELDS = {header: field for field, all_ in _HEADERS.items() for header in all_.split()}
_MEMBER = {"login": "github", "id": "github_id", "email": "email", "name": "name"}
# What Excel takes as the delimiter, and other programs write for it.
_SEPARATOR = re.compile(r'"?sep=([,;\t|])"?[,;\t| ]*\r?\n', re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")
# As mail programs copy it: Ada Lovelace <ada@example.org>.
_NAMED = re.compile(r"([^<>]*)<([^<>]*)>")
_GITHUB = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?")
_GITHUB_ID = re.compile(r"[1-9][0-9]{0,17}")
# Groups stand in tables of ballots as they are, so none may be a spreadsheet's formula.
_GROUP = re.compile(r"(?![-+@\uff0b\uff0d\uff1d\uff20])[^\x00-\x1f=]{1,60}")
_WEIGHT = re.compile(r"\d{1,9}(?:[.,]\d{1,9}|/\d{1,9})?")
_KNOWN_ELSEWHERE = (
    "they have a part in another contest, or in running one, so only whoever keeps the "
    "site may say by which other address or account they sign in"
)
_TWO_PEOPLE = (
    "the e-mail address and the GitHub login belong to two people who are known here"
)
_FROZEN = (
    "a round is open, so groups and weights are frozen; change it when the round "
    "is counted"
)
_NO_NEW_GROUP = (
    "a round is open, and it was opened without this group; add it when the round is "
    "counted"
)


_NO_SHARE_LEFT = (
    "there is no group “{}”, and the shares of those there are leave nothing to a new "
    "one; check its name, or lower their shares first"
)


class PeopleError(LogovoteError):
    """A list of people or a share cannot be used."""


@dataclass(frozen=True)
class Row:
    """One line of a people file, understood."""

    line: int
    # The one name of this person, however they sign in.
    key: str
    email: str | None
    github: str | None
    name: str
    group: str
    weight: Fraction
    # The number of their GitHub account, where the list has it: it outlives the login.
    github_id: str | None = None


@dataclass(frozen=True)
class RowReport:
    """What became of one line: new, changed, same or refused."""

    line: int
    who: str
    status: str
    reason: str | None = None


def read_people(data: bytes, group: str = "") -> list[Row | RowReport]:
    """Read a people file: CSV with `,`, `;` or tabs, headers as forgiving as a list's.

    Or JSON, as GitHub lists the members of an organisation or a team: a list of
    objects with `login` and `id`. Who has no group of their own is in `group`.

    Returns:
        A Row for each good line and a refused RowReport for each bad one, in order.

    Raises:
        UnreadableInputError: the file as a whole is no people list.
    """
    text = decoded(data)
    if text.lstrip().startswith(("[", "{")):
        return list(_members(text, group))
    text = re.sub(r"\A(?:[^\S\n]*\n)+", "", text)
    told = _SEPARATOR.match(text)
    text = text[told.end() :] if told else text
    header = text.partition("\n")[0]
    delimiter = told[1] if told else max(",;\t", key=header.count)
    lines = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        columns = places(next(lines, []), _FIELDS)
        if "address" in columns:
            columns.setdefault("email", columns.pop("address"))
        if columns.keys().isdisjoint(("email", "github")):
            raise UnreadableInputError(
                "The first line must name the columns, with at least “email” or "
                "“github”: email,name,group,weight,github"
            )
        return list(_rows(lines, columns, 3 if told else 2, group))
    except csv.Error as error:
        raise UnreadableInputError(
            f"Line {lines.line_num} cannot be read: {error}."
        ) from error


def _rows(
    lines: Iterator[list[str]], columns: Mapping[str, int], first: int, group: str
) -> Iterator[Row | RowReport]:
    """Understand the lines below the header; blank ones are skipped."""
    values = (
        {name: cells[place] for name, place in columns.items() if place < len(cells)}
        for cells in lines
    )
    return _understood(values, first, group)


def _members(text: str, group: str) -> Iterator[Row | RowReport]:
    """Understand what GitHub says of an organisation's or a team's members.

    Raises:
        UnreadableInputError: it is no such list.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableInputError(
            "The file looks like JSON but cannot be read as that."
        ) from error
    # `gh api --slurp` makes a list of pages, each a list.
    flat = [
        each for page in found for each in (page if isinstance(page, list) else [page])
    ]
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in flat):
        raise UnreadableInputError(
            "The JSON must be a list of members with “login” and “id”, as `gh api "
            "orgs/NAME/members --paginate` prints it."
        )
    values = (
        {
            # JSON can name half a letter, which no database takes.
            field: str(each[name]).encode(errors="replace").decode()
            for name, field in _MEMBER.items()
            if each.get(name) is not None
        }
        for each in flat
    )
    return _understood(values, 1, group)


def _understood(
    lines: Iterable[Mapping[str, str]], first: int, group: str
) -> Iterator[Row | RowReport]:
    """Understand people one by one; blank ones are skipped."""
    seen: dict[str, int] = {}
    for number, cells in enumerate(lines, start=first):
        values = {
            name: unicodedata.normalize("NFC", cell.strip())
            for name, cell in cells.items()
        }
        if not any(values.values()):
            continue
        values["group"] = " ".join((values.get("group") or group).split())
        try:
            row = _row(number, values, seen)
        except PeopleError as error:
            who = values.get("email") or values.get("github") or values.get("name", "")
            yield RowReport(number, who, "refused", str(error))
        else:
            numbered = [f"github id {row.github_id}"] if row.github_id else []
            names = [*_identities(row.email, row.github), *numbered]
            seen |= dict.fromkeys(names, number)
            yield row


def _identities(email: str | None, github: str | None) -> list[str]:
    """Name a person in every way known; the first is their key."""
    names = [email, github and f"github:{github}"]
    return [name for name in names if name]


def _row(line: int, values: Mapping[str, str], seen: Mapping[str, int]) -> Row:
    """Check one line's values; `seen` maps the keys of earlier lines to their number.

    Raises:
        PeopleError: the first thing wrong with it.
    """
    address, name = values.get("email", ""), values.get("name", "")
    if named := _NAMED.fullmatch(address):
        name, address = name or named[1].strip(" \"'"), named[2]
    address = link_requests.plain(address).lower().removeprefix("mailto:")
    email = address or None
    login = link_requests.plain(values.get("github", "")).removeprefix("@").lower()
    github = login or None
    if email is None and github is None:
        raise PeopleError("no e-mail address and no GitHub login")
    if email is not None and not _EMAIL.fullmatch(email):
        raise PeopleError(f"“{email}” is not an e-mail address")
    if github is not None and not _GITHUB.fullmatch(github):
        raise PeopleError(f"“{github}” is not a GitHub login")
    number = link_requests.plain(values.get("github_id", "")) or None
    if number is not None and (github is None or not _GITHUB_ID.fullmatch(number)):
        raise PeopleError(
            f"“{number[:40]}” is not the number of a GitHub account, beside its login"
        )
    names = [*_identities(email, github), *([f"github id {number}"] if number else [])]
    for identity in names:
        if identity in seen:
            raise PeopleError(f"the same person as on line {seen[identity]}")
    return Row(
        line=line,
        key=_identities(email, github)[0],
        email=email,
        github=github,
        name=name[:200],
        group=checked_group(values.get("group") or DEFAULT_GROUP),
        weight=parse_weight(values.get("weight") or "1"),
        github_id=number,
    )


def person_named(session: Session, who: str) -> Person:
    """Return who has an e-mail address or GitHub login, in whatever contest.

    Raises:
        PeopleError: nobody does.
    """
    name = who.strip().lower().removeprefix("@")
    person = session.scalar(
        select(Person)
        .where(or_(Person.key == name, Person.email == name, Person.github == name))
        .order_by(Person.id)
        .limit(1)
    )
    if person is None:
        raise PeopleError(f"Nobody here is known as “{who}”.")
    return person


def make_known(session: Session, who: str) -> Person:
    """Return who has an e-mail address or GitHub login; if new, known from now on.

    Raises:
        PeopleError: it is neither.
    """
    with contextlib.suppress(PeopleError):
        return person_named(session, who)
    login = who.strip().removeprefix("@")
    row = _row(1, {"email" if "@" in login else "github": login}, {})
    person = Person(key=row.key, email=row.email, github=row.github)
    session.add(person)
    session.flush()
    return person


def checked_group(name: str) -> str:
    """Return the one form of a group's name; refuse what no group can be called.

    The log and the bundle write letters composed: two names that differ in that alone
    would be one there.

    Raises:
        PeopleError: it is too long, or holds what separates names from weights.
    """
    name = unicodedata.normalize("NFC", name.strip())
    if not _GROUP.fullmatch(name):
        raise PeopleError(
            "the group's name is too long, holds “=”, or begins with “+”, “-” or “@”"
        )
    return name


def parse_weight(text: str) -> Fraction:
    """Read a weight such as 1, 0.5 or 2/3.

    Raises:
        PeopleError: it is none, or negative, or absurdly large or fine.
    """
    weight = _parse_number(text)
    check_weight(weight)
    return weight


def check_weight(weight: Fraction) -> None:
    """Refuse a weight that nobody means.

    Weights are added up exactly, and a sum over many different denominators would have
    thousands of digits.

    Raises:
        PeopleError: it is absurdly large, or absurdly fine.
    """
    if weight > LARGEST_WEIGHT:
        raise PeopleError(f"the weight is above {LARGEST_WEIGHT}")
    if weight.denominator > _LARGEST_DENOMINATOR:
        raise PeopleError(
            "the weight is too fine: write at most three decimals, or a fraction such "
            f"as 2/3 with at most {_LARGEST_DENOMINATOR} below the line"
        )


def _parse_number(text: str) -> Fraction:
    """Read a number >= 0 as people write it.

    Raises:
        PeopleError: it is none.
    """
    if not _WEIGHT.fullmatch(text):
        raise PeopleError(
            f"the weight “{text}” is not a number such as 1, 0.5 or 2/3 (0 or more)"
        )
    try:
        return Fraction(text.replace(",", "."))
    except ZeroDivisionError as error:
        raise PeopleError(f"the weight “{text}” divides by zero") from error


def import_people(
    session: Session,
    contest: Contest,
    rows: list[Row | RowReport],
    *,
    trusted: bool = True,
    actor: str = events.SYSTEM,
    now: datetime | None = None,
) -> list[RowReport]:
    """Add new voters and update known ones; nobody is removed.

    Who is not `trusted` with the whole site gives no new way of signing in to people
    who have a part in other contests, or in running any: it would be theirs, too.

    While a round is open people may join its groups, but there are no new groups, and
    nobody's group or weight changes.

    Raises:
        RoundError: a round is closed and waits for its count.
    """
    rounds.refuse_in_review(session, contest.id)
    groups = {group.name: group for group in queries.groups(session, contest.id)}
    there, rows = set(groups), _in_groups(rows, groups)
    people = {
        identity: person
        for person in _people(session, rows)
        for identity in (person.key, *_identities(person.email, person.github))
    }
    accounts = _accounts(session, rows)
    voters = {voter.person_id: voter for voter in queries.voters(session, contest.id)}
    frozen = queries.has_round_in(session, contest.id, Phase.OPEN, Phase.CLOSED)
    reports = []
    deeds: dict[str, list[dict[str, str]]] = {"roll.added": [], "roll.moved": []}
    left: dict[int, tuple[int, Fraction]] = {}
    for row in rows:
        if isinstance(row, RowReport):
            reports.append(row)
            continue
        known = {
            people[identity].id
            for identity in _identities(row.email, row.github)
            if identity in people
        } | accounts.get(row.github_id, set())
        group = groups.get(row.group)
        refusal = _group_refused(groups, row.group, frozen=frozen)
        refusal = _who_refused(session, contest, row, known, trusted) or refusal
        if refusal:
            reports.append(RowReport(row.line, row.key, "refused", refusal))
            continue
        if group is None:
            group = groups[row.group] = Group(contest_id=contest.id, name=row.group)
            session.add(group)
        if known:
            person = session.get_one(Person, known.pop())
        else:
            person = Person(key=row.key, name=row.name)
            session.add(person)
        session.flush()
        people |= dict.fromkeys(_identities(row.email, row.github), person)
        _join_account(session, row, person)
        voter = voters.get(person.id)
        if voter is None:
            session.add(
                Voter(
                    contest_id=contest.id,
                    person_id=person.id,
                    group_id=group.id,
                    weight=row.weight,
                    added_at=now or datetime.now(UTC),
                )
            )
            person.email = row.email or person.email
            person.github = row.github or person.github
            reports.append(RowReport(row.line, row.key, "new"))
            deeds["roll.added"].append(on_the_roll(contest, person, group, row.weight))
        else:
            before = (voter.group_id, voter.weight)
            reports.append(_update(row, group, person, voter, frozen=frozen))
            if before != (voter.group_id, voter.weight):
                old = next(g.name for g in groups.values() if g.id == before[0])
                deeds["roll.moved"].append(
                    on_the_roll(contest, person, group, row.weight)
                    | {"from_group": old, "from_weight": str(before[1])}
                )
                left.setdefault(voter.id, before)
    session.flush()
    rounds.keep_classes(session, contest.id, left)
    for kind, voters_ in ((kind, told) for kind, told in deeds.items() if told):
        payload = {"voters": voters_}
        events.record(session, contest.id, kind, payload, actor=actor, now=now)
    return _naming_groups(reports, rows, there)


def _in_groups(
    rows: Iterable[Row | RowReport], there: Iterable[str]
) -> list[Row | RowReport]:
    """Let each line name its group as it is written already, here or further up."""
    spelled = {_alike(name): name for name in there}
    exact = set(there)
    return [
        row
        if isinstance(row, RowReport) or row.group in exact
        else replace(row, group=spelled.setdefault(_alike(row.group), row.group))
        for row in rows
    ]


def _naming_groups(
    reports: Iterable[RowReport], rows: Iterable[Row | RowReport], there: set[str]
) -> list[RowReport]:
    """Say of the first line of each group that was not there that it makes it."""
    groups = {row.line: row.group for row in rows if isinstance(row, Row)}
    named = []
    for report in reports:
        group = groups.get(report.line)
        if group is None or report.status == "refused" or group in there:
            named.append(report)
            continue
        there.add(group)
        named.append(replace(report, reason=f"the first of a new group, “{group}”"))
    return named


def _alike(name: str) -> str:
    """Return a group's name as it is the same to whoever types it."""
    return unicodedata.normalize("NFKC", name).casefold()


def takes_group(session: Session, contest: Contest, name: str) -> bool:
    """Tell whether somebody can be put into a group now: no round forbids it.

    It is there, or the shares of those there are leave it some.
    """
    if queries.has_round_in(session, contest.id, Phase.CLOSED):
        return False
    groups = {group.name: group for group in queries.groups(session, contest.id)}
    frozen = queries.has_round_in(session, contest.id, Phase.OPEN)
    return _group_refused(groups, name, frozen=frozen) is None


def _group_refused(
    groups: Mapping[str, Group], name: str, *, frozen: bool
) -> str | None:
    """Say why nobody can be in a group now; None if it is there, or may be made."""
    if name in groups:
        return None
    if frozen:
        return _NO_NEW_GROUP
    given = sum(group.share or Fraction(0) for group in groups.values())
    return _NO_SHARE_LEFT.format(name) if given >= 1 else None


def _who_refused(
    session: Session,
    contest: Contest,
    row: Row,
    known: Collection[int],
    trusted: bool,  # noqa: FBT001 - as `import_people` got it
) -> str | None:
    """Say why a line cannot be about whom it names, by the ids of those it may mean."""
    if len(known) > 1:
        return _TWO_PEOPLE
    if trusted or not known:
        return None
    (person_id,) = known
    person = session.get_one(Person, person_id)
    return _KNOWN_ELSEWHERE if _adds_a_way(session, contest, row, person) else None


def _adds_a_way(session: Session, contest: Contest, row: Row, person: Person) -> bool:
    """Tell whether a line would sign in by a new way whom others know, too."""
    ways = {person.key, *_identities(person.email, person.github)}
    if ways.issuperset(_identities(row.email, row.github)) and not row.github_id:
        return False
    if person.keeper or session.scalar(
        select(Organiser.person_id).where(Organiser.person_id == person.id).limit(1)
    ):
        return True
    return bool(
        session.scalar(
            select(Voter.id)
            .where(Voter.person_id == person.id, Voter.contest_id != contest.id)
            .limit(1)
        )
    )


def on_the_roll(
    contest: Contest, person: Person, group: Group, weight: Fraction
) -> dict[str, str]:
    """Describe a voter as the public log does: by an id that only we can resolve."""
    return {
        "id": ledger.roll_id(contest.roll_salt, person.key),
        "group": group.name,
        "weight": str(weight),
    }


def _people(session: Session, rows: list[Row | RowReport]) -> Iterator[Person]:
    """Find those of `rows` who are known already, some lines a statement."""
    known = [row for row in rows if isinstance(row, Row)]
    for chunk in queries.in_batches(known):
        yield from session.scalars(
            select(Person).where(
                Person.key.in_([row.key for row in chunk])
                | Person.email.in_([row.email for row in chunk if row.email])
                | Person.github.in_([row.github for row in chunk if row.github])
            )
        )


def _accounts(
    session: Session, rows: list[Row | RowReport]
) -> dict[str | None, set[int]]:
    """Find whose the GitHub accounts of `rows` are already, some lines a statement."""
    numbers = [row.github_id for row in rows if isinstance(row, Row) and row.github_id]
    found: dict[str | None, set[int]] = {}
    for some in queries.in_batches(numbers):
        for identity in session.scalars(
            select(Identity).where(
                Identity.issuer == identities.GITHUB,
                Identity.subject.in_(some),
            )
        ):
            found[identity.subject] = {identity.person_id}
    return found


def _join_account(session: Session, row: Row, person: Person) -> None:
    """Let the GitHub account of a line sign its person in, unless one does already."""
    if row.github_id is not None and not identities.has_github(session, person):
        account = identities.Account(identities.GITHUB, row.github_id, row.github or "")
        identities.join(session, person, account)


def _update(
    row: Row, group: Group, person: Person, voter: Voter, *, frozen: bool
) -> RowReport:
    """Bring what we know of a voter up to date with their line."""
    known = (person.name, person.github)
    person.email = row.email or person.email
    person.github = row.github or person.github
    person.name = row.name or person.name
    renamed = known != (person.name, person.github)
    if (voter.group_id, voter.weight) == (group.id, row.weight):
        return RowReport(row.line, row.key, "changed" if renamed else "same")
    if frozen:
        return RowReport(row.line, row.key, "refused", _FROZEN)
    voter.group_id, voter.weight = group.id, row.weight
    return RowReport(row.line, row.key, "changed")


def set_shares(
    session: Session,
    contest: Contest,
    shares: Mapping[str, Fraction | None],
    reasons: Mapping[str, str],
    *,
    actor: str = events.SYSTEM,
    now: datetime | None = None,
) -> None:
    """Set target shares and their stated reasons.

    A share of None is an equal part of what the others leave.

    Raises:
        PeopleError: a group is unknown, or a round is running.
        InvalidProfileError: the shares leave nothing to a group, or to any.
    """
    # Nobody opens a round, and so freezes the shares, before this is done.
    holding.hold_contest(session, contest.id)
    if queries.has_round_in(session, contest.id, Phase.OPEN, Phase.CLOSED):
        raise PeopleError(
            "Shares and reasons are frozen while a round runs. Change them when it is "
            "counted."
        )
    groups = {group.name: group for group in queries.groups(session, contest.id)}
    for name in [*shares, *reasons]:
        if name not in groups:
            known = ", ".join(groups) or "none yet; import people first"
            raise PeopleError(f"There is no group “{name}” (groups: {known}).")
    for name, share in shares.items():
        groups[name].share = share
    for name, reason in reasons.items():
        groups[name].reason = reason
    if any(session.is_modified(group) for group in groups.values()):
        _record_groups(session, contest, actor=actor, now=now)


def remove_group(
    session: Session,
    contest: Contest,
    name: str,
    *,
    actor: str = events.SYSTEM,
    now: datetime | None = None,
) -> None:
    """Remove a group that nobody is in, such as one that was mistyped.

    Raises:
        PeopleError: there is no such group, people or counted ballots are in it, or a
            round is running.
        InvalidProfileError: the shares of the others leave nothing to one, or to any.
    """
    holding.hold_contest(session, contest.id)
    if queries.has_round_in(session, contest.id, Phase.OPEN, Phase.CLOSED):
        raise PeopleError("Groups are frozen while a round runs.")
    groups = {group.name: group for group in queries.groups(session, contest.id)}
    if name not in groups:
        raise PeopleError(f"There is no group “{name[:60]}” any more.")
    of = groups[name].id
    if session.scalar(select(Voter.id).where(Voter.group_id == of).limit(1)):
        raise PeopleError(
            f"There are people in “{name}”. Move them to another group first."
        )
    if session.scalar(select(Ballot.id).where(Ballot.group_id == of).limit(1)):
        raise PeopleError(
            f"Ballots of an earlier round counted in “{name}”, so it stays until that "
            "round is sealed."
        )
    session.execute(delete(Group).where(Group.id == of))
    _record_groups(session, contest, actor=actor, now=now)


def _record_groups(
    session: Session, contest: Contest, *, actor: str, now: datetime | None
) -> None:
    rounds.group_rules(session, contest)  # refuses shares that cannot be
    told = [
        {"id": group.name, "share": str(share), "reason": group.reason}
        for group, share in target_shares(session, contest)
    ]
    payload = {"groups": told}
    events.record(session, contest.id, "groups.changed", payload, actor=actor, now=now)


def target_shares(session: Session, contest: Contest) -> list[tuple[Group, Fraction]]:
    """Return each group and its part of the whole, as fixed by the organiser.

    Or as it stands, where that leaves nothing to a group: no round opens with it.
    """
    groups = queries.groups(session, contest.id)
    shares = weights.target_shares(
        tuple(WeightedGroup(group.name, group.share) for group in groups)
    )
    return [(group, shares[group.name]) for group in groups]


def parse_share(text: str) -> Fraction:
    """Read a share such as 2/5, 0.4 or 40%.

    Raises:
        PeopleError: it is none.
    """
    text = text.strip()
    percent = text.endswith("%")
    try:
        share = _parse_number(text.rstrip("% "))
    except PeopleError as error:
        raise PeopleError(f"“{text}” is no share such as 2/5, 0.4 or 40%.") from error
    return share / 100 if percent else share

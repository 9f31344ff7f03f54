"""Profiles written as ballot files, in the kinds that are read.

JSON holds everything. The others hold ballots: what they cannot say about them is
refused in words, and settings that they have no place for are named, so that nobody
counts a file that says something else. Whatever is written has been read again and says
the same.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import PurePath
from typing import Any

from logovote.errors import LogovoteError
from logovote.voting.ballots import Approval, Ballot, Ranking
from logovote.voting.formats.draft import MalformedFileError
from logovote.voting.formats.reading import read_profile
from logovote.voting.profiles import ALL, Group, Profile, Vote

_RESERVED = ">=;,#/*^|<"
"""What the Condorcet Election Format uses itself, and may stand in no name."""


class CannotHoldError(LogovoteError):
    """A kind of file has no place for what a profile says."""


def write_profile(profile: Profile, name: str) -> str:
    """Return a profile as the text of a ballot file.

    Ballots that are not counted are written to JSON only; the other kinds merge equal
    ballots, in a stable order.

    Args:
        profile: what to write.
        name: the file's name; its suffix tells the kind.

    Raises:
        CannotHoldError: this kind of file cannot hold the profile; it says what.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix not in _WRITERS:
        raise CannotHoldError(
            f"Name the file as one of these kinds: {', '.join(_WRITERS)}."
        )
    if suffix != ".json":
        _check(profile, suffix)
    text = _WRITERS[suffix](profile)
    try:
        again = read_profile(text.encode(), name, unranked=profile.unranked)
    except (MalformedFileError, UnicodeEncodeError):
        again = None
    if again is None or _said(again) != _said(profile):
        raise CannotHoldError(
            f"A name of a candidate or group cannot stand in a {suffix} file; "
            "write .json."
        )
    return text


def left_out(profile: Profile, name: str) -> list[str]:
    """Name the settings that a kind of file has no place for, as people would say.

    None of them changes a ballot. Who counts the file has to give them again.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix == ".json":
        return []
    lost = []
    if profile.unranked == "no_opinion" and suffix != ".cvotes":
        lost.append("what is left out is not compared (--unranked no_opinion)")
    if profile.key:
        lost.append("the seed of the tie order")
    if profile.families:
        lost.append("the families")
    if profile.status_quo is not None:
        lost.append(f"that {profile.status_quo!r} is the status quo")
    shares = [
        f"--share {group.id}={group.share}"
        for group in profile.groups
        if group.share is not None
    ]
    if shares and len(profile.groups) > 1:
        lost.append(f"the groups' shares ({' '.join(shares)})")
    return lost


def _check(profile: Profile, suffix: str) -> None:
    """Refuse what would change the meaning of ballots in any kind but JSON."""
    kinds = {type(vote.ballot) for vote in _votes(profile)}
    if len(kinds) > 1:
        raise CannotHoldError(
            f"A {suffix} file holds rankings or approvals, not both; write .json."
        )
    approvals = kinds == {Approval}
    if approvals and suffix not in (".csv", ".tsv", ".cat"):
        raise CannotHoldError(
            f"A {suffix} file holds rankings; write approvals as .json, .csv or .cat."
        )
    if kinds == {Ranking} and suffix == ".cat":
        raise CannotHoldError("A .cat file holds approvals; write rankings as .toi.")
    if approvals and (profile.families or profile.status_quo is not None):
        raise CannotHoldError(
            f"A {suffix} file cannot say which designs are variants or the status quo; "
            "write .json."
        )
    if profile.exposure is not None or any(
        vote.seen is not None for vote in _votes(profile)
    ):
        raise CannotHoldError(
            f"A {suffix} file cannot say what voters were shown; write .json."
        )
    plain = all(group == Group(group.id, share=group.share) for group in profile.groups)
    if not plain or (profile.mode == "per_voter" and profile.groups):
        raise CannotHoldError(
            f"A {suffix} file cannot say how groups weigh; write .json."
        )
    groups = {vote.group for vote in _votes(profile)}
    if suffix in (".csv", ".tsv"):
        if groups and groups != {group.id for group in profile.all_groups}:
            raise CannotHoldError(
                f"A {suffix} file cannot name groups that nobody voted in; write .json."
            )
    elif len(groups) > 1:
        raise CannotHoldError(
            f"A {suffix} file has no place for groups of voters; write .json or .csv."
        )


def _votes(profile: Profile) -> Iterator[Vote]:
    """Yield the counted ballots, those of matrices too."""
    yield from profile.counted
    for id_, matrix in profile.matrices.items():
        yield from matrix.counted.votes(profile.candidates, id_)


def _piles(profile: Profile) -> list[tuple[str, Ballot, Fraction, int]]:
    """Return group, ballot, own weight and count of the merged ballots, in order."""
    piles: Counter[tuple[str, Ballot, Fraction]] = Counter()
    for vote in _votes(profile):
        piles[vote.group, vote.ballot, vote.weight] += vote.count
    return [(*pile, count) for pile, count in piles.items()]


def _said(profile: Profile) -> object:
    """Return what a file of any kind must say: who stands, and what weighs what."""
    said: dict[tuple[str, Ballot], Fraction] = {}
    alone = len({vote.group for vote in _votes(profile)}) == 1
    for group, ballot, weight, count in _piles(profile):
        key = "" if alone else group, ballot
        said[key] = said.get(key, Fraction(0)) + count * weight
    return profile.candidates, said


def _json(profile: Profile) -> str:
    """Write everything that a profile says; one ballot a line."""
    if isinstance(profile.seed, bytes):
        raise CannotHoldError("A file holds a seed of text, not of bytes.")
    head: dict[str, Any] = {"candidates": list(profile.candidates)}
    if profile.unranked != "last":
        head["unranked"] = profile.unranked
    if profile.seed:
        head["seed"] = profile.seed
    if profile.mode is not None:
        head["mode"] = profile.mode
    for key in ("families", "recency"):
        if given := getattr(profile, key):
            head[key] = dict(given)
    if profile.exposure is not None:
        head["exposure"] = {
            group: {family: _number(weight) for family, weight in weights.items()}
            for group, weights in profile.exposure.items()
        }
    if profile.groups:
        head["groups"] = {group.id: _group(group) for group in profile.groups}
    if profile.status_quo is not None:
        head["status_quo"] = profile.status_quo
    votes = list(profile.votes)
    for id_, matrix in profile.matrices.items():
        votes += matrix.votes(profile.candidates, id_)
    ballots = ",\n".join(json.dumps(_ballot(vote)) for vote in votes)
    opened = json.dumps(head)[:-1]
    return f'{opened},\n"ballots": [\n{ballots}\n]}}\n'


def _group(group: Group) -> dict[str, Any]:
    given = {
        "share": group.share,
        "weight": group.weight,
        "eligible": group.eligible,
        "cap": group.cap,
        "quorum": group.quorum,
    }
    return {key: _number(value) for key, value in given.items() if value is not None}


def _ballot(vote: Vote) -> dict[str, Any]:
    written: dict[str, Any] = {}
    if vote.count != 1:
        written["count"] = vote.count
    if vote.group != ALL:
        written["group"] = vote.group
    if vote.weight != 1:
        written["weight"] = _number(vote.weight)
    if isinstance(vote.ballot, Approval):
        written["approvals"] = sorted(vote.ballot.approved)
    else:
        written["ranking"] = [list(tier) for tier in vote.ballot.tiers]
    if vote.seen is not None:
        written["seen"] = sorted(vote.seen)
    return written


def _number(value: Fraction | int) -> int | str:
    return int(value) if value == int(value) else str(value)


def _table(profile: Profile, delimiter: str) -> str:
    """Write a column per candidate, holding places or marks."""
    file = io.StringIO()
    table = csv.writer(file, delimiter=delimiter, lineterminator="\n")
    piles = _piles(profile)
    grouped = any(group != ALL for group, *_ in piles)
    weighted = any(weight != 1 for _, _, weight, _ in piles)
    rankings = [ballot for _, ballot, *_ in piles if isinstance(ballot, Ranking)]
    # A table of nothing but 1 would mean approvals; there, places begin with 2.
    best = 2 if all(len(ballot.tiers) == 1 for ballot in rankings) else 1
    first = ["count", *["group"] * grouped, *["weight"] * weighted]
    table.writerow([*first, *profile.candidates])
    for group, ballot, weight, count in piles:
        if isinstance(ballot, Approval):
            cells = dict.fromkeys(ballot.approved, "x")
        else:
            cells = {
                id_: str(place)
                for place, tier in enumerate(ballot.tiers, start=best)
                for id_ in tier
            }
        row = [str(count), *[group] * grouped, *[str(weight)] * weighted]
        table.writerow([*row, *(cells.get(id_, "") for id_ in profile.candidates)])
    return file.getvalue()


def _cef(profile: Profile) -> str:
    piles = _piles(profile)
    for name in profile.candidates:
        if not name.strip() or any(mark in name for mark in _RESERVED):
            raise CannotHoldError(
                "A .cvotes file cannot hold a candidate called "
                f"{name!r}; it keeps {' '.join(_RESERVED)} for itself. Write .json."
            )
    if any(weight.denominator > 1 for _, _, weight, _ in piles):
        raise CannotHoldError(
            "A .cvotes file cannot hold fractions of a vote; write .json or .csv."
        )
    weighted = any(weight != 1 for _, _, weight, _ in piles)
    implicit = "true" if profile.unranked == "last" else "false"
    lines = [
        f"#/Candidates: {' ; '.join(profile.candidates)}",
        f"#/Implicit Ranking: {implicit}",
        f"#/Weight Allowed: {str(weighted).lower()}",
        "",
    ]
    for _, ballot, weight, count in piles:
        line = " > ".join(" = ".join(tier) for tier in _tiers(ballot))
        line += f" ^{weight}" if weight != 1 else ""
        lines.append(line + (f" * {count}" if count != 1 else ""))
    return "\n".join([*lines, ""])


def _preflib(profile: Profile, suffix: str) -> str:
    piles = _piles(profile)
    if any(weight != 1 for _, _, weight, _ in piles):
        raise CannotHoldError(
            f"A {suffix} file counts every voter alike; write weights as .json or .csv."
        )
    number = {id_: str(n) for n, id_ in enumerate(profile.candidates, start=1)}
    orders: list[tuple[int, Sequence[Sequence[str]]]] = []
    for _, ballot, _, count in piles:
        if isinstance(ballot, Approval):
            rest = [id_ for id_ in profile.candidates if id_ not in ballot.approved]
            orders.append((count, [sorted(ballot.approved), rest]))
            continue
        tiers = _tiers(ballot)
        if suffix in (".soc", ".soi") and any(len(tier) > 1 for tier in tiers):
            raise CannotHoldError(f"A {suffix} file holds no ties; write .toi.")
        ranked = sum(map(len, tiers))
        if suffix in (".soc", ".toc") and ranked < len(number):
            raise CannotHoldError(
                f"A {suffix} file holds rankings of all candidates; write .toi."
            )
        orders.append((count, tiers))
    orders.sort(key=lambda order: -order[0])
    unique = "PREFERENCES" if suffix == ".cat" else "ORDERS"
    lines = [
        f"# DATA TYPE: {suffix[1:]}",
        f"# NUMBER ALTERNATIVES: {len(number)}",
        f"# NUMBER VOTERS: {sum(count for count, _ in orders)}",
        f"# NUMBER UNIQUE {unique}: {len(orders)}",
    ]
    if suffix == ".cat":
        lines += [
            "# NUMBER CATEGORIES: 2",
            "# CATEGORY NAME 1: Approved",
            "# CATEGORY NAME 2: Not approved",
        ]
    lines += [f"# ALTERNATIVE NAME {n}: {id_}" for id_, n in number.items()]
    for count, tiers in orders:
        named = [[number[id_] for id_ in tier] for tier in tiers]
        written = (t[0] if len(t) == 1 else "{" + ",".join(t) + "}" for t in named)
        lines.append(f"{count}: {','.join(written)}")
    return "\n".join([*lines, ""])


def _blt(profile: Profile) -> str:
    number = {id_: str(n) for n, id_ in enumerate(profile.candidates, start=1)}
    lines = [f"{len(number)} 1"]
    for _, ballot, weight, count in _piles(profile):
        if (times := _in_decimals(weight * count)) is None:
            raise CannotHoldError(
                f"A .blt file holds decimals, and {weight} is none; write .json or "
                ".csv."
            )
        tiers = ("=".join(number[id_] for id_ in tier) for tier in _tiers(ballot))
        lines.append(" ".join([times, *tiers, "0"]))
    lines.append("0")
    for id_ in profile.candidates:
        escaped = id_.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'"{escaped}"')
    return "\n".join([*lines, '"Ballots"', ""])


def _in_decimals(value: Fraction) -> str | None:
    """Write a fraction as a finite decimal; None where there is none."""
    digits = 0
    while (value * 10**digits).denominator > 1:
        digits += 1
        if digits > 30:
            return None
    scaled = str(int(value * 10**digits)).rjust(digits + 1, "0")
    return f"{scaled[:-digits]}.{scaled[-digits:]}" if digits else scaled


def _tiers(ballot: Ballot) -> Sequence[Sequence[str]]:
    return ballot.tiers if isinstance(ballot, Ranking) else ()


_WRITERS: Mapping[str, Callable[[Profile], str]] = {
    ".json": _json,
    ".csv": lambda profile: _table(profile, ","),
    ".tsv": lambda profile: _table(profile, "\t"),
    ".cvotes": _cef,
    ".soc": lambda profile: _preflib(profile, ".soc"),
    ".soi": lambda profile: _preflib(profile, ".soi"),
    ".toc": lambda profile: _preflib(profile, ".toc"),
    ".toi": lambda profile: _preflib(profile, ".toi"),
    ".cat": lambda profile: _preflib(profile, ".cat"),
    ".blt": _blt,
}

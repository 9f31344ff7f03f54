"""The profile file of logovote: one JSON object, documented in docs/ballot-files.md."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from typing import Any

from logovote.errors import LogovoteError
from logovote.voting.ballots import Approval, Ranking
from logovote.voting.formats.draft import (
    Draft,
    MalformedFileError,
    check_known,
    number,
)
from logovote.voting.profiles import ALL, Group, Vote

_ONE = Fraction(1)
_MOST_BITS = 3322  # a thousand digits, as in other kinds of files; sums can be written


class _Decimal(str):
    """A JSON number with a point or an exponent, kept as written to stay exact."""

    __slots__ = ()


def read_native(text: str) -> Draft:
    """Read the native form.

    Raises:
        MalformedFileError: it is no JSON, or says what a profile cannot be.
    """
    document = _object(_parse(text), "the file")
    del text
    for key in ("candidates", "ballots"):
        if key not in document:
            raise MalformedFileError(f"the file: {key!r} is missing.")
    candidates = _strings(document["candidates"], "candidates")
    if twice := {name for name, times in Counter(candidates).items() if times > 1}:
        raise MalformedFileError(f"candidates: {min(twice)!r} is there twice.")
    draft = Draft(candidates=candidates)
    draft.seed = _string(document.get("seed", ""), "seed")
    draft.families = {
        candidate: _string(family, f"families, {candidate!r}")
        for candidate, family in _object(
            document.get("families", {}), "families"
        ).items()
    }
    check_known(draft.families, candidates, "families")
    draft.recency = {
        candidate: _integer(when, f"recency, {candidate!r}")
        for candidate, when in _object(document.get("recency", {}), "recency").items()
    }
    if document.get("status_quo") is not None:
        draft.status_quo = _string(document["status_quo"], "status_quo")
        check_known([draft.status_quo], candidates, "status_quo")
    draft.unranked = document.get("unranked", "last")
    if draft.unranked not in ("last", "no_opinion"):
        raise MalformedFileError('unranked: it must be "last" or "no_opinion".')
    draft.mode = document.get("mode")
    if draft.mode not in (None, "fixed_share", "per_voter"):
        raise MalformedFileError('mode: it must be "fixed_share" or "per_voter".')
    if groups := _object(document.get("groups", {}), "groups"):
        cap = document.get("cap")
        draft.groups = [_group(id_, spec, cap) for id_, spec in groups.items()]
    names = _Names(
        groups=frozenset({ALL, *(group.id for group in draft.groups or ())}),
        candidates=frozenset(candidates),
        approvable=frozenset({*candidates, *draft.families.values()}),
    )
    if document.get("exposure") is not None:
        draft.exposure = _exposure(document["exposure"], names)
    ballots = _list(document["ballots"], "ballots")
    for position, spec in enumerate(ballots, start=1):
        draft.votes.append(_vote(spec, draft, names, f"ballot {position}"))
        ballots[position - 1] = None  # in a large file, both would not fit
    return draft


def _parse(text: str) -> Any:
    try:
        return json.loads(
            text,
            parse_float=_Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_Objects(),
        )
    except json.JSONDecodeError as error:
        raise MalformedFileError(
            f"line {error.lineno}, column {error.colno}: this is not JSON; {error.msg}."
        ) from error
    except RecursionError as error:
        raise MalformedFileError("the file: it is nested too deeply.") from error
    except ValueError as error:
        raise MalformedFileError("the file: a number in it is too long.") from error


def _refuse_constant(name: str) -> None:
    raise MalformedFileError(f"the file: {name} is not a number to count with.")


class _Objects:
    """Makes the objects of a JSON document, and keeps rankings small.

    A place on a ranking, such as ["a"], is one tuple however many ballots have it.
    """

    def __init__(self) -> None:
        self._tiers: dict[tuple[str, ...], tuple[str, ...]] = {}

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise MalformedFileError(
                f"the file: {twice!r} is there twice in one object."
            )
        tiers = found.get("ranking")
        if isinstance(tiers, list):
            found["ranking"] = [self._shared(tier) for tier in tiers]
        return found

    def _shared(self, tier: Any) -> Any:
        # A number kept as written is text as well, but none that names a candidate.
        if isinstance(tier, list) and all(type(name) is str for name in tier):
            names = tuple(tier)
            return self._tiers.setdefault(names, names)
        return tier


def _group(id_: str, spec: Any, cap: Any) -> Group:
    place = f"group {id_!r}"
    given = {"cap": cap} | _object(spec, place)

    def read(key: str, kind: Callable[[Any, str], Any]) -> Any:
        value = given.get(key)
        return None if value is None else kind(value, f"{place}, {key}")

    try:
        return Group(
            id_,
            share=read("share", _fraction),
            weight=read("weight", _fraction),
            eligible=read("eligible", _integer),
            cap=read("cap", _fraction),
            quorum=read("quorum", _integer),
        )
    except MalformedFileError:
        raise
    except LogovoteError as error:
        raise MalformedFileError(str(error)) from error


@dataclass(frozen=True, slots=True)
class _Names:
    """What a ballot may name."""

    groups: frozenset[str]
    candidates: frozenset[str]
    approvable: frozenset[str]


def _exposure(value: Any, names: _Names) -> dict[str, dict[str, Fraction]]:
    """Read, per group, the weight of the voters who saw each family."""
    exposure: dict[str, dict[str, Fraction]] = {}
    for group, weights in _object(value, "exposure").items():
        place = f"exposure, {group!r}"
        if group not in names.groups:
            raise MalformedFileError(f"{place}: there is no such group.")
        check_known(_object(weights, place), names.approvable, place)
        exposure[group] = {
            family: _fraction(weight, f"{place}, {family!r}")
            for family, weight in weights.items()
        }
        if any(weight < 0 for weight in exposure[group].values()):
            raise MalformedFileError(f"{place}: a weight must not be below 0.")
    return exposure


def _vote(spec: Any, draft: Draft, names: _Names, place: str) -> Vote:
    given = _object(spec, place)
    group = _string(given.get("group", ALL), f"{place}, group")
    if draft.groups is not None and group not in names.groups:
        raise MalformedFileError(f"{place}: there is no group {group!r}.")
    try:
        return Vote(
            ballot=_ballot(given, draft, names, place),
            count=_integer(given.get("count", 1), f"{place}, count"),
            group=group,
            weight=_weight(given.get("weight", 1), f"{place}, weight"),
            seen=_seen(given.get("seen"), names, f"{place}, seen"),
        )
    except MalformedFileError:
        raise
    except LogovoteError as error:
        raise MalformedFileError(f"{place}: {error}") from error


def _ballot(
    given: dict[str, Any], draft: Draft, names: _Names, place: str
) -> Approval | Ranking:
    kinds = [key for key in ("ranking", "approvals") if given.get(key) is not None]
    if len(kinds) != 1:
        raise MalformedFileError(
            f'{place}: it needs either a "ranking" or "approvals".'
        )
    if kinds == ["ranking"]:
        tiers = [
            tier if isinstance(tier, tuple) else _tier(tier, f"{place}, ranking")
            for tier in _list(given["ranking"], f"{place}, ranking")
        ]
        if not names.candidates.issuperset(chain.from_iterable(tiers)):
            check_known(chain.from_iterable(tiers), names.candidates, place)
        return draft.ranking(tiers, place)
    approved = _strings(given["approvals"], f"{place}, approvals")
    check_known(approved, names.approvable, place)
    if len(set(approved)) < len(approved):
        raise MalformedFileError(f"{place}: it approves a candidate more than once.")
    return Approval(frozenset(approved))


def _tier(value: Any, place: str) -> list[str]:
    """Read one place; a candidate that stands alone may be without its list."""
    return [_string(value, place)] if isinstance(value, str) else _strings(value, place)


def _seen(value: Any, names: _Names, place: str) -> frozenset[str] | None:
    if value is None:
        return None
    seen = _strings(value, place)
    check_known(seen, names.approvable, place)
    return frozenset(seen)


def _object(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedFileError(f"{place}: an object, {{...}}, should be here.")
    return value


def _list(value: Any, place: str) -> list[Any]:
    if not isinstance(value, list):
        raise MalformedFileError(f"{place}: a list, [...], should be here.")
    return value


def _string(value: Any, place: str) -> str:
    if not isinstance(value, str) or isinstance(value, _Decimal):
        raise MalformedFileError(f'{place}: text in "quotes" should be here.')
    return value


def _strings(value: Any, place: str) -> list[str]:
    return [_string(item, place) for item in _list(value, place)]


def _integer(value: Any, place: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise MalformedFileError(f"{place}: a whole number should be here.")
    if value.bit_length() > _MOST_BITS:
        raise MalformedFileError(f"{place}: the number is too long.")
    return value


def _weight(value: Any, place: str) -> Fraction:
    weight = _fraction(value, place)
    return _ONE if weight == 1 else weight  # one object for nearly all ballots


def _fraction(value: Any, place: str) -> Fraction:
    if isinstance(value, str):
        return number(value, place)
    return Fraction(_integer(value, place))

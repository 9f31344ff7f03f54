"""The profile file of logovote: one JSON object, documented in docs/ballot-files.md."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from logovote.errors import LogovoteError
from logovote.voting.ballots import Approval, Ranking
from logovote.voting.formats.draft import (
    Draft,
    MalformedFileError,
    check_known,
    number,
    ranking,
)
from logovote.voting.profiles import ALL, Group, Vote


class _Decimal(str):
    """A JSON number with a point or an exponent, kept as written to stay exact."""

    __slots__ = ()


def read_native(text: str) -> Draft:
    """Read the native form.

    Raises:
        MalformedFileError: it is no JSON, or says what a profile cannot be.
    """
    document = _object(_parse(text), "the file")
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
    for position, spec in enumerate(_list(document["ballots"], "ballots"), start=1):
        draft.votes.append(_vote(spec, draft, f"ballot {position}"))
    return draft


def _parse(text: str) -> Any:
    try:
        return json.loads(
            text,
            parse_float=_Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique,
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


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise MalformedFileError(f"the file: {twice!r} is there twice in one object.")
    return found


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


def _vote(spec: Any, draft: Draft, place: str) -> Vote:
    given = _object(spec, place)
    group = _string(given.get("group", ALL), f"{place}, group")
    declared = {g.id for g in draft.groups or ()}
    if draft.groups is not None and group not in declared | {ALL}:
        raise MalformedFileError(f"{place}: there is no group {group!r}.")
    try:
        return Vote(
            ballot=_ballot(given, draft, place),
            count=_integer(given.get("count", 1), f"{place}, count"),
            group=group,
            weight=_fraction(given.get("weight", 1), f"{place}, weight"),
            seen=_seen(given.get("seen"), draft, f"{place}, seen"),
        )
    except MalformedFileError:
        raise
    except LogovoteError as error:
        raise MalformedFileError(f"{place}: {error}") from error


def _ballot(given: dict[str, Any], draft: Draft, place: str) -> Approval | Ranking:
    kinds = [key for key in ("ranking", "approvals") if given.get(key) is not None]
    if len(kinds) != 1:
        raise MalformedFileError(
            f'{place}: it needs either a "ranking" or "approvals".'
        )
    if kinds == ["ranking"]:
        tiers = _list(given["ranking"], f"{place}, ranking")
        # A candidate that stands alone may be written without its list.
        named = [
            [tier] if isinstance(tier, str) else _strings(tier, f"{place}, ranking")
            for tier in tiers
        ]
        return ranking(named, place, draft.candidates)
    approved = _strings(given["approvals"], f"{place}, approvals")
    check_known(approved, {*draft.candidates, *draft.families.values()}, place)
    if len(set(approved)) < len(approved):
        raise MalformedFileError(f"{place}: it approves a candidate more than once.")
    return Approval(frozenset(approved))


def _seen(value: Any, draft: Draft, place: str) -> frozenset[str] | None:
    if value is None:
        return None
    seen = _strings(value, place)
    check_known(seen, {*draft.candidates, *draft.families.values()}, place)
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
    return value


def _fraction(value: Any, place: str) -> Fraction:
    if isinstance(value, str):
        return number(value, place)
    return Fraction(_integer(value, place))

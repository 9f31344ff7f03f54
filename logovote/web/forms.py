"""From what a browser sends to what a deed takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

from werkzeug.routing import IntegerConverter, ValidationError

from logovote.contest import duels
from logovote.contest.casting import NONE, InvalidBallotError, Items

_MOST_DIGITS = 9
# In words people write; ids, numbers, dates and tokens have none of it.
_IN_WORDS = re.compile(r"[^\w.,:;=@/+~-]|[^\x00-\x7f]", re.ASCII)


class Number(IntegerConverter):
    """A number in an address; one that no database could hold leads nowhere."""

    def to_python(self, value: str) -> int:
        """Refuse what is too long."""
        if len(value) > _MOST_DIGITS:
            raise ValidationError
        return int(value)


def parse_number(text: str) -> int | None:
    """Read a whole number of a form; None for anything else, or one too long."""
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else None


def written(form: Mapping[str, str]) -> list[str]:
    """Return what somebody wrote into a form, to give it back where it is not taken."""
    return [text for text in form.values() if _IN_WORDS.search(text.strip())]


@dataclass(frozen=True)
class SaveRequest:
    """One save of a whole ballot, as a script asks for it."""

    base_rev: int
    save_id: str
    items: object
    nonce: str | None
    voter: str | None


def parse_save(body: object) -> SaveRequest:
    """Read the JSON of a save.

    Raises:
        InvalidBallotError: it is not of the form {base_rev, save_id, items}.
    """
    if not isinstance(body, dict):
        raise InvalidBallotError("The ballot must be sent as a JSON object.")
    base_rev, save_id = body.get("base_rev"), body.get("save_id")
    nonce = body.get("nonce")
    # A bool is an int to Python, and neither is a revision.
    if not isinstance(base_rev, int) or isinstance(base_rev, bool):
        raise InvalidBallotError("base_rev must be a whole number.")
    if not isinstance(save_id, str):
        raise InvalidBallotError("save_id must be text.")
    if not isinstance(nonce, str | None):
        raise InvalidBallotError("nonce must be text.")
    voter = body.get("voter")
    if not isinstance(voter, str | None):
        raise InvalidBallotError("voter must be text.")
    return SaveRequest(base_rev, save_id, body.get("items"), nonce, voter)


@dataclass(frozen=True)
class SeenRequest:
    """Families that a script saw in view."""

    families: list[str]
    voter: str | None


def parse_seen(body: object) -> SeenRequest:
    """Read the JSON of logged impressions.

    Raises:
        InvalidBallotError: it is not of the form {families: [id, …]}.
    """
    if not isinstance(body, dict):
        raise InvalidBallotError("What was seen must be sent as a JSON object.")
    families, voter = body.get("families"), body.get("voter")
    if not isinstance(families, list) or not all(isinstance(f, str) for f in families):
        raise InvalidBallotError("families must be a list of ids.")
    if not isinstance(voter, str | None):
        raise InvalidBallotError("voter must be text.")
    return SeenRequest(families, voter)


@dataclass(frozen=True)
class MarkRequest:
    """What a script notes about a family; None leaves it as it is."""

    not_for_me: bool | None
    note: str | None
    voter: str | None


def parse_mark(body: object) -> MarkRequest:
    """Read the JSON of a mark.

    Raises:
        InvalidBallotError: it is not of the form {not_for_me, note}.
    """
    if not isinstance(body, dict):
        raise InvalidBallotError("The mark must be sent as a JSON object.")
    not_for_me, note, voter = (
        body.get(name) for name in ("not_for_me", "note", "voter")
    )
    if not isinstance(not_for_me, bool | None):
        raise InvalidBallotError("not_for_me must be true or false.")
    if not isinstance(note, str | None):
        raise InvalidBallotError("note must be text.")
    if note is not None:
        # JSON can name half a letter, which no database takes.
        note = note.encode(errors="replace").decode()
    if not isinstance(voter, str | None):
        raise InvalidBallotError("voter must be text.")
    return MarkRequest(not_for_me, note, voter)


@dataclass(frozen=True)
class PressedMark:
    """What one button without script notes about a family."""

    family: str
    not_for_me: bool | None
    note: str | None


def parse_pressed_mark(form: Mapping[str, str]) -> PressedMark:
    """Read the button `aside`, `keep` or `annotate`, and the field `note`, if any.

    Raises:
        InvalidBallotError: none of them was pressed.
    """
    # Whichever button is pressed, what was typed beside it is kept.
    note = form.get("note")
    for name, not_for_me in {"aside": True, "keep": False, "annotate": None}.items():
        if name in form:
            return PressedMark(form[name], not_for_me, note)
    raise InvalidBallotError("Press one of the buttons of a logo.")


def parse_shown(form: Mapping[str, str]) -> list[str]:
    """Return the families that a page without script showed, by its hidden field."""
    return [family for family in form.get("shown", "").split(",") if family]


def new_save_id() -> str:
    """Name a save for a browser that runs no script."""
    return str(uuid4())


def parse_base_rev(form: Mapping[str, str], rev: int) -> int:
    """Return the revision of a ballot that a pressed button builds on.

    Most buttons change one thing of the ballot as it is now, whatever their page
    showed. Typed places and the outcome of duels set all of it, so they build on what
    their page showed.

    Args:
        form: the posted form, with `do` and `rev`.
        rev: the ballot's revision now.
    """
    if form.get("do") not in {"places", "order"}:
        return rev
    return parse_number(form.get("rev", "")) or 0


def approved_with(
    items: Items, form: Mapping[str, str], family: frozenset[str]
) -> Items:
    """Return approvals after the one button that was pressed in the gallery.

    Args:
        items: the ballot so far.
        form: the posted form, with `approve`, `withdraw` or `none`.
        family: the family id and all variants of what was pressed; withdrawing the
            card takes every one of them back.
    """
    approved = [id_ for id_ in items if id_ != NONE]
    if (id_ := form.get("approve")) is not None:
        return sorted({*approved, id_})
    if (id_ := form.get("withdraw")) is not None:
        gone = family if id_ in family and id_.startswith("f") else {id_}
        return [kept for kept in approved if kept not in gone]
    if "none" in form:
        return [NONE] if form["none"] == "1" else []
    raise InvalidBallotError("Press one of the buttons of a logo.")


def ranked_with(items: Items, form: Mapping[str, str]) -> Items:
    """Return a ranking after the one button that was pressed in it.

    Args:
        items: the tiers so far, best first.
        form: the posted form, with `do` = "places", "order" or "VERB:ID", and fields
            `place-ID` or `order`.

    Raises:
        InvalidBallotError: the button is unknown, or a place is no number.
    """
    verb, _, id_ = form.get("do", "").partition(":")
    if verb == "places":
        return _by_places(items, form)
    if verb == "order":
        return _reordered(items, form.get("order", ""))
    tiers = [list(tier) for tier in items]
    position = next((n for n, tier in enumerate(tiers) if id_ in tier), None)
    if verb == "rank":
        return tiers if position is not None else [*tiers, [id_]]
    if position is None:
        raise InvalidBallotError("That logo is not in your ranking.")
    if verb == "tie":
        return _joined(tiers, position)
    alone = [[other for other in tier if other != id_] for tier in tiers]
    # Where the others of its tier stay, one step down is just below them.
    stays = bool(alone[position])
    places = {
        "out": None,
        "top": 0,
        "up": position if stays else max(position - 1, 0),
        "down": position + 1 if stays else position + 2,
        "untie": position + 1,
    }
    if verb not in places:
        raise InvalidBallotError("Press one of the buttons of a logo.")
    if (place := places[verb]) is not None:
        alone.insert(place, [id_])
    return [tier for tier in alone if tier]


def _joined(tiers: list[list[str]], position: int) -> Items:
    """Give the tier at `position` the place of the one above it."""
    if position == 0:
        return tiers
    above = sorted([*tiers[position - 1], *tiers[position]])
    return [*tiers[: position - 1], above, *tiers[position + 1 :]]


def _reordered(items: Items, order: str) -> Items:
    """Put what duels brought in order first; whatever else was ranked stays below."""
    first = [sorted(tier) for tier in duels.read_order(order)]
    named = {id_ for tier in first for id_ in tier}
    rest = [[id_ for id_ in tier if id_ not in named] for tier in items]
    return [*first, *(tier for tier in rest if tier)]


def _by_places(items: Items, form: Mapping[str, str]) -> Items:
    """Order by the numbers typed; equal numbers share a place, blank is not ranked.

    A typed number that differs from the place shown wins over the one that stood
    there: typing 2 into the fifth row moves it to second place, before the one that
    was second, and typing 5 into the first row moves it behind the one that was fifth.
    """
    shown: dict[str, int] = {}
    for tier in items:
        shown.update(dict.fromkeys(tier, len(shown) + 1))
    keys: dict[tuple[int, int], list[str]] = {}
    for name, value in form.items():
        id_ = name.removeprefix("place-")
        if id_ == name or not value.strip():
            continue
        if not value.strip().isdecimal() or len(value) > 4:
            raise InvalidBallotError("A place is a number such as 1, 2 or 3.")
        place = int(value)
        stood = shown.get(id_, place + 1)
        step = (place > stood) - (place < stood)
        keys.setdefault((place, step), []).append(id_)
    return [sorted(keys[key]) for key in sorted(keys)]

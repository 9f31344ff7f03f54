"""Dataclasses as JSON and back, by their types alone; exact numbers as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from fractions import Fraction
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

Record = TypeVar("Record")
_DIGITS = 4  # of what is estimated: the fifth would be noise


def dump(value: Any) -> Any:
    """Return what JSON can hold of a dataclass."""
    if is_dataclass(value):
        return {field.name: dump(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: dump(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [dump(item) for item in value]
    if isinstance(value, Fraction):
        return str(value)
    return round(value, _DIGITS) if isinstance(value, float) else value


def load(kind: type[Record], value: Any) -> Record:
    """Return the dataclass of which `dump` wrote the value."""
    return cast(Record, _load(kind, value))


def _load(kind: Any, value: Any) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        if value is None:
            return None
        (kind,) = (argument for argument in arguments if argument is not NoneType)
        return _load(kind, value)
    if origin in (list, tuple):
        return origin(_load(arguments[0], item) for item in value)
    if origin is not None and issubclass(origin, Mapping):
        return {key: _load(arguments[1], item) for key, item in value.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        return kind(**{n: _load(type_, value[n]) for n, type_ in _hints(kind).items()})
    return Fraction(value) if kind is Fraction else value


@lru_cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)

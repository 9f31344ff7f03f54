"""The declarative base and the column types that keep values exact."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import DateTime, Dialect, MetaData, String
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator


class Base(DeclarativeBase):
    """All tables; constraints get predictable names, for migrations to find."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Moment(TypeDecorator[datetime]):
    """A point in time, always UTC and always aware; SQLite would forget the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        """Refuse naive times, store the rest as UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs its zone")
        return value.astimezone(UTC)

    def process_result_value(
        self, value: Any | None, dialect: Dialect
    ) -> datetime | None:
        """Give back aware UTC times on every database."""
        if not isinstance(value, datetime):
            return None
        return (
            value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        )


class Exact(TypeDecorator[Fraction]):
    """A rational number kept as text such as 2/5: no float ever touches a weight."""

    impl = String(60)
    cache_ok = True

    def process_bind_param(
        self, value: Fraction | None, dialect: Dialect
    ) -> str | None:
        """Write the fraction in lowest terms."""
        return None if value is None else str(Fraction(value))

    def process_result_value(
        self, value: str | None, dialect: Dialect
    ) -> Fraction | None:
        """Read it back."""
        return None if value is None else Fraction(value)

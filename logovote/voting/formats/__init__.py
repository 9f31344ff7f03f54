"""Ballot files of several kinds, read into a profile and written from one."""

from __future__ import annotations

from logovote.voting.formats.draft import MalformedFileError
from logovote.voting.formats.reading import SUFFIXES, read_profile
from logovote.voting.formats.writing import CannotHoldError, left_out, write_profile

__all__ = [
    "SUFFIXES",
    "CannotHoldError",
    "MalformedFileError",
    "left_out",
    "read_profile",
    "write_profile",
]

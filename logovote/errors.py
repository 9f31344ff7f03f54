"""The one family of refusals: every message may be read by a voter."""

from __future__ import annotations


class LogovoteError(Exception):
    """A refusal worded for people: what is wrong and what to do about it.

    Attributes:
        may_pass: whether the same deed may be done later, without anybody's doing here.
    """

    may_pass = False


class UnreadableInputError(LogovoteError):
    """A file or folder that was given cannot be used at all (exit status 2)."""

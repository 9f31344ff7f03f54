"""The deeds of a contest, each through its real store."""

from __future__ import annotations

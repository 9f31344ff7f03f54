"""The terminal, by what scripts and people get from it."""

from __future__ import annotations

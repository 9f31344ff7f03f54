"""Tests of logovote; the tree mirrors the rooms."""

from __future__ import annotations

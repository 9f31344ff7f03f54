"""Hostile bytes in; facts and clean pictures out, decoded only inside a fence."""

from __future__ import annotations

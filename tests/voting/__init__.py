"""The counting room, against the literature and against its own laws."""

from __future__ import annotations

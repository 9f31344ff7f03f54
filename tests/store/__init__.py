"""The remembering room: sessions that lose nothing, values that stay exact."""

from __future__ import annotations

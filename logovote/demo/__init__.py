"""A made-up logo contest: drawn here, used by the demo, the tests and the README."""

from __future__ import annotations

from logovote.demo.export import Drawn, draw_contest

__all__ = ["Drawn", "draw_contest"]

"""Marks: each a small function that draws one idea around the origin, 100 units wide.

A mark paints in roles (main, second, third, ink, ground); a scheme gives the colours.
"""

from __future__ import annotations

from logovote.demo.marks import creatures, geometry, letters, nature, objects, patterns
from logovote.demo.marks.register import MARKS, Mark

__all__ = ["MARKS", "Mark", "creatures", "geometry", "letters", "nature", "objects"]
__all__ += ["patterns"]

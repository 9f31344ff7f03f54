"""From ballots to places, exactly: pure functions over integers and fractions."""

from __future__ import annotations

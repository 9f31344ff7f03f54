"""HTTP in, HTML out."""

from __future__ import annotations

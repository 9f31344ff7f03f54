"""What may happen in a contest, and when: one module per deed."""

from __future__ import annotations

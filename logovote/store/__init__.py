"""What we remember: tables and files."""

from __future__ import annotations

"""The pages, through a client, by what the visitor or the store sees."""

from __future__ import annotations

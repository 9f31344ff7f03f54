"""Reads a contest's export: files in, entries and problems out.

No database and no pixels: what a file shows is for others to find out. The door is
`logovote.ingest.reading.read_entries`.
"""

from __future__ import annotations

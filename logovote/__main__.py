"""Start logovote; in a fresh clone, `python3 -m logovote` sets itself up first.

This file and `logovote/__init__.py` must parse on every Python 3 still about, so that
an old one says what is needed instead of showing a syntax error. That is why both do
without `from __future__ import annotations`, which Python 3.6 does not know.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - read by the very Pythons it turns away
    sys.exit(
        "logovote needs Python 3.11 or newer, and {} is Python {}.{}.\n"
        "Install a newer one and name it in the command, for example:\n"
        "    python3.12 -m logovote".format(sys.executable, *sys.version_info[:2])
    )

from logovote import bootstrap


def main() -> None:
    """Make sure the packages are there, then obey the command line."""
    bootstrap.ensure(sys.argv[1:])
    from logovote.cli import cli  # noqa: PLC0415 - needs what ensure() just provided

    cli(prog_name="logovote")


if __name__ == "__main__":
    main()

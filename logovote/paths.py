"""Where templates/, static/, migrations/ and docs/ are, in a checkout or in a wheel.

Of docs/ a wheel has only what programs read.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _find(name: str) -> Path:
    """Return the directory `name`: shipped inside the package, or beside it."""
    for candidate in (_PACKAGE / "_bundle" / name, _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"logovote is installed without its {name}/ directory")


TEMPLATES, STATIC, MIGRATIONS = map(_find, ("templates", "static", "migrations"))
OPENAPI = _find("docs") / "openapi.json"

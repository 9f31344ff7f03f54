"""Settings: every LOGOVOTE_* value, typed, read and checked once at start."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from logovote.errors import LogovoteError

DEFAULT_DATA = Path("instance")
DEFAULT_PORT = 8000
_SHORTEST_SECRET = 32
_MAIL = re.compile(r"[^\s@:/]+@[^\s@:/]+")
_CONTACT = re.compile(r"(https://|mailto:|tel:)\S+")
# What may stand in a content security policy, too: no space, no semicolon.
_ADDRESS = re.compile(r"https?://[\w.-]+(:\d+)?(/[\w./~-]*)?")


_SHARED = ("LOGOVOTE_DATABASE_URL", "LOGOVOTE_STORAGE_URL", "LOGOVOTE_JOBS_URL")
THROUGH_APP, SIGNED = "app", "signed"


class SettingsError(LogovoteError):
    """A LOGOVOTE_* value or the data folder cannot be used."""


@dataclass(frozen=True)
class Settings:
    """What one site runs with.

    Attributes:
        data: the folder that holds everything the site keeps.
        secret_key: signs cookies and invitation links; at least 32 characters.
        database_url: an SQLAlchemy URL; the default is a file in `data`.
        storage_url: the bucket that pictures and uploads lie in; "" for `data`.
        pictures: how browsers get pictures that lie in a bucket: "app", through us;
            "signed", by addresses that work for an hour; else the address below which
            the bucket's derivatives are public.
        jobs_url: the PostgreSQL database that holds the queue of long deeds for
            `logovote worker`; "" for a queue in `data` and a worker in `run`.
        base_url: how the site is reached from outside, without a final slash.
        trusted_proxies: how many reverse proxies set X-Forwarded-* before us.
        max_upload_bytes: the largest request body that is read.
        security_contact: where to tell of a weakness of the site, as a URI, or "".
    """

    data: Path
    secret_key: str
    database_url: str
    storage_url: str = ""
    pictures: str = THROUGH_APP
    jobs_url: str = ""
    base_url: str = f"http://127.0.0.1:{DEFAULT_PORT}"
    trusted_proxies: int = 0
    max_upload_bytes: int = 2 * 1024**3
    security_contact: str = ""

    @property
    def files_folder(self) -> Path:
        """Where originals, derivatives and uploads lie."""
        return self.data / "files"

    @property
    def jobs_file(self) -> Path:
        """The queue of long deeds, apart from the main database on purpose."""
        return self.data / "jobs.sqlite"

    @property
    def is_https(self) -> bool:
        """Whether cookies may be marked Secure."""
        return self.base_url.startswith("https://")


def is_local(base_url: str) -> bool:
    """Tell whether an address works on this machine only."""
    return urlsplit(base_url).hostname in {"127.0.0.1", "localhost", "::1"}


def load(data: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings from `environ`, making the data folder and a secret if needed.

    Raises:
        SettingsError: a value is unusable; the message names it.
    """
    folder = (data or Path(environ.get("LOGOVOTE_DATA", DEFAULT_DATA))).absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"The data folder {folder} cannot be made ({error.strerror}). "
            "Choose another with --data."
        ) from error
    return Settings(
        data=folder,
        secret_key=_secret_key(folder, environ),
        database_url=environ.get(
            "LOGOVOTE_DATABASE_URL", f"sqlite:///{folder / 'logovote.sqlite'}"
        ),
        storage_url=environ.get("LOGOVOTE_STORAGE_URL", ""),
        pictures=_pictures(environ),
        jobs_url=_jobs_url(environ.get("LOGOVOTE_JOBS_URL", "")),
        base_url=_base_url(environ.get("LOGOVOTE_BASE_URL", Settings.base_url)),
        trusted_proxies=_whole_number(environ, "LOGOVOTE_TRUSTED_PROXIES", 0),
        max_upload_bytes=_whole_number(
            environ, "LOGOVOTE_MAX_UPLOAD_BYTES", Settings.max_upload_bytes
        ),
        security_contact=_contact(environ.get("LOGOVOTE_SECURITY_CONTACT", "")),
    )


def _secret_key(folder: Path, environ: Mapping[str, str]) -> str:
    """Return the configured secret, or the one kept in the data folder."""
    key = environ.get("LOGOVOTE_SECRET_KEY")
    if key is None:
        shared = [
            name for name in _SHARED if environ.get(name, "sqlite")[:6] != "sqlite"
        ]
        if shared:
            raise SettingsError(
                f"{shared[0]} says that several machines may serve this site, so they "
                "need one secret key. Set LOGOVOTE_SECRET_KEY on all of them, to what "
                'this prints: python3 -c "import secrets; '
                'print(secrets.token_urlsafe(48))"'
            )
        key = _kept_secret(folder / "secret_key")
    if len(key) < _SHORTEST_SECRET:
        raise SettingsError(
            f"The secret key is too short ({len(key)} characters). "
            f"Set LOGOVOTE_SECRET_KEY to at least {_SHORTEST_SECRET} random characters."
        )
    return key


def _kept_secret(path: Path) -> str:
    """Read the secret file, or make it so that only its owner can read it."""
    try:
        if not path.exists():
            _write_once(path, secrets.token_urlsafe(48))
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise SettingsError(
            f"The data folder {path.parent} cannot be used ({error.strerror}). "
            "Choose another with --data."
        ) from error


def _write_once(path: Path, text: str) -> None:
    """Make a file that only its owner can read, unless there is one.

    It appears whole or not at all: of several processes that start at once, the
    secret of one stands, and all of them read it.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()


def _base_url(value: str) -> str:
    """Check LOGOVOTE_BASE_URL and drop a final slash."""
    try:
        parts = urlsplit(value)
    except ValueError:  # such as a bracket that is never closed
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise SettingsError(
            f"LOGOVOTE_BASE_URL is {value!r}; it must look like https://vote.example.org"
        )
    return value.rstrip("/")


def _contact(value: str) -> str:
    """Check LOGOVOTE_SECURITY_CONTACT; a plain address of mail will do."""
    if _MAIL.fullmatch(value):
        return f"mailto:{value}"
    if value and not _CONTACT.fullmatch(value):
        raise SettingsError(
            f"LOGOVOTE_SECURITY_CONTACT is {value!r}; it must be an e-mail address, or "
            "look like https://example.org/security"
        )
    return value


def _pictures(environ: Mapping[str, str]) -> str:
    """Check LOGOVOTE_PICTURES."""
    value = environ.get("LOGOVOTE_PICTURES", THROUGH_APP).rstrip("/")
    if value == THROUGH_APP:
        return value
    if not environ.get("LOGOVOTE_STORAGE_URL"):
        raise SettingsError(
            f"LOGOVOTE_PICTURES is {value!r}, but the pictures lie in the data folder. "
            "Leave it out, or set LOGOVOTE_STORAGE_URL."
        )
    if value != SIGNED and not _ADDRESS.fullmatch(value):
        raise SettingsError(
            f"LOGOVOTE_PICTURES is {value!r}; it must be app, signed, or an address "
            "like https://pictures.example.org/derivatives"
        )
    return value


def _jobs_url(value: str) -> str:
    """Check LOGOVOTE_JOBS_URL, without repeating it: it may hold a password."""
    value = value.replace("postgresql+psycopg://", "postgresql://", 1)
    if value and not value.startswith(("postgresql://", "postgres://")):
        raise SettingsError(
            "LOGOVOTE_JOBS_URL must look like postgresql://user:password@host/name; "
            "without it the queue lies in the data folder."
        )
    return value


def _whole_number(environ: Mapping[str, str], name: str, default: int) -> int:
    """Read a number >= 0."""
    value = environ.get(name, str(default))
    if not value.isdecimal():
        raise SettingsError(f"{name} is {value!r}; it must be a whole number.")
    return int(value)

"""Settings: every LOGOVOTE_* value, typed, read and checked once at start."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from logovote.errors import LogovoteError

DEFAULT_DATA = Path("instance")
DEFAULT_PORT = 8000
_SHORTEST_SECRET = 32
_FEWEST_CHARACTERS = 8
_KNOWN_WORDS = (
    "changeme",
    "changethis",
    "replaceme",
    "yoursecret",
    "mysecret",
    "secretkey",
    "supersecret",
    "notsosecret",
    "insecure",
    "placeholder",
    "password",
)
_PROVIDER_SETTINGS = (
    "github_client_id",
    "github_client_secret",
    "github_url",
    "github_api_url",
    "openid_client_id",
    "openid_client_secret",
    "openid_issuer",
    "openid_name",
)
_MAKE_ONE = (
    "This makes one: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
)
_MAIL = re.compile(r"[^\s@:/]+@[^\s@:/]+")
_CONTACT = re.compile(r"(https://|mailto:|tel:)\S+")
# What may stand in a content security policy, too: no space, no semicolon.
_ADDRESS = re.compile(r"https?://[\w.-]+(:\d+)?(/[\w./~-]*)?")


_SHARED = ("LOGOVOTE_DATABASE_URL", "LOGOVOTE_STORAGE_URL", "LOGOVOTE_JOBS_URL")
THROUGH_APP, SIGNED = "app", "signed"
TEXT_LOG, JSON_LOG = "text", "json"
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]*")

NAMES = frozenset(
    {
        "LOGOVOTE_BASE_URL",
        "LOGOVOTE_DATA",
        "LOGOVOTE_DATABASE_URL",
        "LOGOVOTE_JOBS_URL",
        "LOGOVOTE_LOG",
        "LOGOVOTE_MAIL_FROM",
        "LOGOVOTE_MAIL_URL",
        "LOGOVOTE_MAX_UPLOAD_BYTES",
        "LOGOVOTE_METRICS_TOKEN",
        "LOGOVOTE_PICTURES",
        "LOGOVOTE_REQUEST_ID_HEADER",
        "LOGOVOTE_SECRET_KEY",
        "LOGOVOTE_SECRET_KEY_FILE",
        "LOGOVOTE_SECURITY_CONTACT",
        "LOGOVOTE_STORAGE_URL",
        "LOGOVOTE_TRUSTED_PROXIES",
        *(f"LOGOVOTE_{name.upper()}" for name in _PROVIDER_SETTINGS),
    }
)
"""Every setting there is; docs/settings.md has the table."""


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
        mail_url: where mails are handed over, see `mail.server_of`.
        mail_from: the address they come from; "" makes one of `base_url`.
        github_client_id, github_client_secret: this site's registration at GitHub; ""
            is none. `github_url` and `github_api_url` are for an own GitHub server.
        openid_client_id, openid_client_secret, openid_issuer, openid_name: the same at
            an OpenID provider, and what its button says.
        security_contact: where to tell of a weakness of the site, as a URI, or "".
        log: "text" for people, "json" for programs, with a line for each request.
        request_id_header: where a proxy names each request; "" if none does.
        metrics_token: what whoever reads /metrics shows; "" if nobody may.
    """

    data: Path
    secret_key: str = field(repr=False)
    database_url: str
    storage_url: str = ""
    pictures: str = THROUGH_APP
    jobs_url: str = ""
    base_url: str = f"http://127.0.0.1:{DEFAULT_PORT}"
    trusted_proxies: int = 0
    max_upload_bytes: int = 2 * 1024**3
    mail_url: str = field(default="log:", repr=False)
    mail_from: str = ""
    github_client_id: str = ""
    github_client_secret: str = field(default="", repr=False)
    github_url: str = "https://github.com"
    github_api_url: str = "https://api.github.com"
    openid_client_id: str = ""
    openid_client_secret: str = field(default="", repr=False)
    openid_issuer: str = ""
    openid_name: str = "OpenID"
    security_contact: str = ""
    log: str = TEXT_LOG
    request_id_header: str = ""
    metrics_token: str = field(default="", repr=False)

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
        # For its owner alone: it holds who voted what.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"The data folder {folder} cannot be made ({error.strerror}). "
            "Choose another with --data."
        ) from error
    database_url = environ.get(
        "LOGOVOTE_DATABASE_URL", f"sqlite:///{folder / 'logovote.sqlite'}"
    )
    base_url = _base_url(environ.get("LOGOVOTE_BASE_URL", Settings.base_url))
    _refuse_public_debugging(base_url, environ)
    # gunicorn's own name for it.
    processes = _whole_number(environ, "WEB_CONCURRENCY", 1)
    shared = any(environ.get(name, "sqlite")[:6] != "sqlite" for name in _SHARED)
    alone = not shared and processes <= 1
    return Settings(
        data=folder,
        secret_key=_secret_key(folder, environ, alone=alone),
        database_url=database_url,
        storage_url=environ.get("LOGOVOTE_STORAGE_URL", ""),
        pictures=_pictures(environ),
        jobs_url=_jobs_url(environ.get("LOGOVOTE_JOBS_URL", "")),
        base_url=base_url,
        trusted_proxies=_whole_number(environ, "LOGOVOTE_TRUSTED_PROXIES", 0),
        max_upload_bytes=_whole_number(
            environ, "LOGOVOTE_MAX_UPLOAD_BYTES", Settings.max_upload_bytes
        ),
        mail_url=environ.get("LOGOVOTE_MAIL_URL", Settings.mail_url),
        mail_from=environ.get("LOGOVOTE_MAIL_FROM", ""),
        **_providers(environ),
        security_contact=_contact(environ.get("LOGOVOTE_SECURITY_CONTACT", "")),
        log=log_form(environ),
        request_id_header=_request_id_header(environ),
        metrics_token=_metrics_token(environ.get("LOGOVOTE_METRICS_TOKEN", "")),
    )


def unknown(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Name what looks like a setting and is none, such as one that is mistyped."""
    ours = {name for name in environ if name.startswith("LOGOVOTE_")}
    return sorted(ours - NAMES)


def _secret_key(folder: Path, environ: Mapping[str, str], *, alone: bool) -> str:
    """Return the configured secret, or the one kept in the data folder.

    Only a site that is `alone` on its data makes one for itself: of several machines
    each would make its own, and none would know the others' visitors.
    """
    key = environ.get("LOGOVOTE_SECRET_KEY")
    if key is None and (named := environ.get("LOGOVOTE_SECRET_KEY_FILE")):
        key = _read_secret(Path(named), "LOGOVOTE_SECRET_KEY_FILE")
    if key is None and not alone:
        raise SettingsError(
            "LOGOVOTE_SECRET_KEY is missing. With PostgreSQL, a bucket or several "
            f"processes they all need the same one. {_MAKE_ONE}"
        )
    if key is None:
        key = _kept_secret(folder / "secret_key")
    if len(key) < _SHORTEST_SECRET:
        raise SettingsError(
            f"The secret key is too short ({len(key)} characters). "
            f"Set LOGOVOTE_SECRET_KEY to at least {_SHORTEST_SECRET} random "
            f"characters. {_MAKE_ONE}"
        )
    if _is_known(key):
        raise SettingsError(
            "The secret key is one that anybody can guess, so anybody could sign in "
            f"as anybody. {_MAKE_ONE}"
        )
    return key


def _metrics_token(token: str) -> str:
    """Check LOGOVOTE_METRICS_TOKEN."""
    if token and (len(token) < _SHORTEST_SECRET or _is_known(token)):
        raise SettingsError(
            "LOGOVOTE_METRICS_TOKEN can be guessed: it needs at least "
            f"{_SHORTEST_SECRET} random characters. {_MAKE_ONE}"
        )
    return token


def log_form(environ: Mapping[str, str]) -> str:
    """Check LOGOVOTE_LOG."""
    value = environ.get("LOGOVOTE_LOG", TEXT_LOG)
    if value not in {TEXT_LOG, JSON_LOG}:
        raise SettingsError(f"LOGOVOTE_LOG is {value!r}; it must be text or json.")
    return value


def _request_id_header(environ: Mapping[str, str]) -> str:
    """Check LOGOVOTE_REQUEST_ID_HEADER: anybody may send one, so a proxy must."""
    value = environ.get("LOGOVOTE_REQUEST_ID_HEADER", "")
    if value and not _HEADER.fullmatch(value):
        raise SettingsError(
            f"LOGOVOTE_REQUEST_ID_HEADER is {value!r}; it must be the name of a "
            "header, such as X-Request-ID."
        )
    if value and environ.get("LOGOVOTE_TRUSTED_PROXIES", "0") == "0":
        raise SettingsError(
            "LOGOVOTE_REQUEST_ID_HEADER is set, but LOGOVOTE_TRUSTED_PROXIES is 0: "
            "without a proxy that sets the header, strangers would write it."
        )
    return value


def _is_known(key: str) -> bool:
    """Tell whether a secret was copied from an example, or typed without thinking."""
    text = re.sub(r"[^a-z0-9]", "", key.lower())
    return (
        any(word in text for word in _KNOWN_WORDS)
        # The same few characters over and over: a repetition is found in itself.
        or key in (key + key)[1:-1]
        or len(set(key)) < _FEWEST_CHARACTERS
        or text in "01234567890123456789" * 8
        or text in "abcdefghijklmnopqrstuvwxyz0123456789" * 8
    )


def _kept_secret(path: Path) -> str:
    """Read the secret file, or make it so that only its owner can read it."""
    try:
        if not path.exists():
            _write_once(path, secrets.token_urlsafe(48))
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(
            f"The data folder {path.parent} cannot be used ({error.strerror}). "
            "Choose another with --data."
        ) from error


def _read_secret(path: Path, name: str) -> str:
    """Read a secret that somebody else put into a file."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name} names {path}, which cannot be read.") from error


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


def _providers(environ: Mapping[str, str]) -> dict[str, str]:
    """Read where visitors may sign in with another account."""
    found = {
        name: value.strip().rstrip("/")
        for name in _PROVIDER_SETTINGS
        if (value := environ.get(f"LOGOVOTE_{name.upper()}"))
    }
    if "github_url" in found:  # GitHub's own servers for companies
        found.setdefault("github_api_url", f"{found['github_url']}/api/v3")
    wanted = {
        "github_client_id": ("github_client_secret",),
        "openid_client_id": ("openid_client_secret", "openid_issuer"),
    }
    for first, others in wanted.items():
        for other in others:
            if (first in found) != (other in found):
                missing = other if first in found else first
                raise SettingsError(
                    f"LOGOVOTE_{missing.upper()} is missing: a provider to sign in "
                    "with needs all of its settings. See docs/sign-in.md."
                )
    for name in ("github_url", "github_api_url", "openid_issuer"):
        url = found.get(name, "https://")
        if not url.startswith("https://") and not is_local(url):
            raise SettingsError(
                f"LOGOVOTE_{name.upper()} must begin with https://: what it says of "
                "visitors is believed."
            )
    return found


def _refuse_public_debugging(base_url: str, environ: Mapping[str, str]) -> None:
    """Refuse Flask's debugger, which runs what its visitors type, where others come."""
    debugging = environ.get("FLASK_DEBUG", "0").lower() not in {"", "0", "false", "no"}
    if debugging and not is_local(base_url):
        raise SettingsError(
            f"FLASK_DEBUG is set, and {base_url} is not this machine alone: whoever "
            "comes could run code here. Unset FLASK_DEBUG."
        )


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

"""Files in a bucket of an S3-compatible store, for sites of several machines."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Self, cast
from urllib.parse import parse_qs, urlsplit

from logovote.errors import LogovoteError
from logovote.store.media import (
    MediaUnavailableError,
    MediaWriteError,
    MissingMediaError,
    digest_of,
)
from logovote.store.uploads import SentFile, UploadError, Uploads

if TYPE_CHECKING:
    from obstore.store import S3Store

_KNOWN = {"endpoint", "region", "virtual_hosted"}
_RETRY: dict[str, Any] = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}
_CLIENT: dict[str, Any] = {
    "allow_http": True,  # the endpoint says which
    "timeout": "60 seconds",
    "connect_timeout": "5 seconds",
}
_NAMES = "names.json"
_EXAMPLE = "s3://bucket/prefix?endpoint=https://s3.example.org"


class StorageUrlError(LogovoteError):
    """LOGOVOTE_STORAGE_URL cannot be used."""


@dataclass(frozen=True)
class Bucket:
    """A place in a bucket, and how to reach it.

    The credentials are those of the environment, as S3 programs have them:
    AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, or what the machine itself is granted.
    """

    name: str
    prefix: str
    endpoint: str | None
    region: str
    virtual_hosted: bool

    @classmethod
    def at(cls, url: str) -> Self:
        """Read an address such as s3://bucket/prefix?endpoint=https://s3.example.org.

        Raises:
            StorageUrlError: it is none.
        """
        try:
            parts = urlsplit(url)
            asked = parse_qs(parts.query, strict_parsing=bool(parts.query))
            endpoint = asked.get("endpoint", [""])[0]
            reachable = not endpoint or urlsplit(endpoint).scheme in {"http", "https"}
        except ValueError:
            parts, asked, endpoint, reachable = urlsplit(""), {}, "", False
        if (
            parts.scheme != "s3"
            or not parts.netloc
            or "@" in parts.netloc
            or asked.keys() - _KNOWN
            or not reachable
        ):
            raise StorageUrlError(
                f"LOGOVOTE_STORAGE_URL must look like {_EXAMPLE}, with region=… and "
                "virtual_hosted=1 where the store wants them. The keys go into "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
            )
        return cls(
            name=parts.netloc,
            prefix=parts.path.strip("/"),
            endpoint=endpoint.rstrip("/") or None,
            region=asked.get("region", [os.environ.get("AWS_REGION", "us-east-1")])[0],
            # A store of one's own rarely has a host name per bucket.
            virtual_hosted=asked.get("virtual_hosted", ["0" if endpoint else "1"])[0]
            == "1",
        )

    @property
    def origin(self) -> str:
        """Where a browser is sent for a signed address."""
        if self.endpoint is None:
            return f"https://{self.name}.s3.{self.region}.amazonaws.com"
        if not self.virtual_hosted:
            return self.endpoint
        parts = urlsplit(self.endpoint)
        return f"{parts.scheme}://{self.name}.{parts.netloc}"

    def folder(self, name: str) -> S3Store:
        """Open what lies below a name.

        Raises:
            StorageUrlError: the extra is not installed.
        """
        try:
            from obstore.store import S3Store  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise StorageUrlError(
                "LOGOVOTE_STORAGE_URL needs a package that is not installed here: "
                "pip install 'logovote[s3]'"
            ) from error
        options: dict[str, Any] = {
            "region": self.region,
            "virtual_hosted_style_request": self.virtual_hosted,
            "client_options": _CLIENT,
            "retry_config": _RETRY,
        }
        if self.endpoint is not None:
            options["endpoint"] = self.origin if self.virtual_hosted else self.endpoint
        return S3Store(
            self.name,
            prefix="/".join(filter(None, (self.prefix, name))),
            **options,
        )


class BucketMedia:
    """Write-once objects named by the digest of their bytes, as `MediaStore` has them.

    `headers` is what the store is to answer a browser that fetches one directly.
    """

    def __init__(self, folder: S3Store, headers: Mapping[str, str]) -> None:
        self._folder = folder
        self._headers = dict(headers)

    def put(self, data: bytes) -> str:
        """Keep `data` and return its digest; the same bytes are kept once.

        Raises:
            MediaWriteError: the store does not take it.
        """
        digest = digest_of(data)
        try:
            if not self._holds(digest):
                # An object appears whole or not at all.
                self._folder.put(_key(digest), data, attributes=self._headers)
        except _failures() as error:
            raise MediaWriteError(
                f"A picture could not be written to the file store ({gist(error)}), so "
                "the import stopped. See that the store can be reached and written, "
                "then start it again; what was imported so far is kept."
            ) from error
        return digest

    def forget(self, digest: str) -> None:
        """Delete the object under `digest`, if there is one."""
        try:
            self._folder.delete(_key(digest))
        except FileNotFoundError:
            return

    def tidy(self, _before: datetime) -> None:
        """Do nothing: a store keeps no half objects."""

    def has(self, digest: str) -> bool:
        """Tell whether there is an object under `digest`."""
        try:
            return self._holds(digest)
        except _failures() as error:
            raise _unavailable(error) from error

    def _holds(self, digest: str) -> bool:
        try:
            self._folder.head(_key(digest))
        except FileNotFoundError:
            return False
        return True

    def missing(self, digests: Collection[str]) -> set[str]:
        """Return those of `digests` not kept, by one request per thousand kept."""
        return set(digests) - set(self.digests()) if digests else set()

    def digests(self) -> Iterator[str]:
        """Yield what is kept, in no order."""
        try:
            for page in self._folder.list():
                for found in page:
                    yield str(found["path"]).replace("/", "")
        except _failures() as error:
            raise _unavailable(error) from error

    def get(self, digest: str) -> bytes:
        """Return the bytes kept under `digest`.

        Raises:
            MissingMediaError: there are none.
            MediaUnavailableError: the store does not answer.
        """
        try:
            return bytes(self._folder.get(_key(digest)).bytes())
        except FileNotFoundError as error:
            raise MissingMediaError(
                f"The picture {digest[:12]}… is missing from the file store. "
                "Restore it from a backup, or import the designs again."
            ) from error
        except _failures() as error:
            raise _unavailable(error) from error

    def address(self, digest: str, lasting: timedelta) -> str:
        """Return where anybody may fetch an object for a while. Asks nobody."""
        import obstore  # noqa: PLC0415 - an extra

        return str(obstore.sign(self._folder, "GET", _key(digest), lasting))


class BucketUploads:
    """Uploads as objects, so that any worker may read what any web process took in."""

    def __init__(self, folder: S3Store) -> None:
        self._folder = folder

    def keep(self, files: Sequence[SentFile]) -> str:
        """Write what was sent below a key of its own, as `Uploads.keep` does.

        Raises:
            UploadError: the store or this machine's disk takes no more.
        """
        with tempfile.TemporaryDirectory(prefix="logovote-upload-") as folder:
            key = Uploads(Path(folder)).keep(files)
            root = _root(key)
            paths = [path for path in Path(folder).rglob("*") if path.is_file()]
            # Not as keys: a stranger's name may be longer than any store takes.
            names = [path.relative_to(folder).as_posix() for path in paths]
            try:
                for number, path in enumerate(paths):
                    self._folder.put(f"{root}/{number}", path)
                self._folder.put(f"{root}/{_NAMES}", json.dumps(names).encode())
            except _failures() as error:
                with suppress(MediaUnavailableError):
                    self.forget(key)
                raise UploadError(
                    f"The upload could not be kept ({gist(error)}). See that the file "
                    "store can be reached and written, then send it again; nothing was "
                    "changed."
                ) from error
        return key

    @contextmanager
    def opened(self, key: str) -> Iterator[Path]:
        """Lend an upload as a file or folder on this machine."""
        with tempfile.TemporaryDirectory(prefix="logovote-upload-") as name:
            folder, root = Path(name), _root(key)
            try:
                names = bytes(self._folder.get(f"{root}/{_NAMES}").bytes())
                for number, kept in enumerate(json.loads(names)):
                    path = folder / kept
                    path.parent.mkdir(parents=True, exist_ok=True)
                    with path.open("wb") as file:
                        for chunk in self._folder.get(f"{root}/{number}"):
                            file.write(chunk)
            except _failures() as error:
                raise _unavailable(error) from error
            yield folder / key

    def forget(self, key: str) -> None:
        """Delete an upload."""
        try:
            for page in self._folder.list(_root(key)):
                for found in page:
                    self._folder.delete(str(found["path"]))
        except _failures() as error:
            raise _unavailable(error) from error

    def tidy(self, keys: Collection[str], before: datetime) -> None:
        """Delete what no key names: a process died while it came in."""
        known = {_root(key) for key in keys}
        try:
            for page in self._folder.list():
                for found in page:
                    root = str(found["path"]).split("/", 1)[0]
                    if root not in known and found["last_modified"] < before:
                        self._folder.delete(str(found["path"]))
        except _failures() as error:
            raise _unavailable(error) from error


def _key(digest: str) -> str:
    return f"{digest[:2]}/{digest[2:]}"


def _root(key: str) -> str:
    return PurePosixPath(key).parts[0]


def _failures() -> tuple[type[Exception], ...]:
    """Return what obstore raises."""
    from obstore.exceptions import BaseError  # noqa: PLC0415 - an extra

    return (cast("type[Exception]", BaseError), OSError)


def _unavailable(error: Exception) -> MediaUnavailableError:
    return MediaUnavailableError(
        f"The file store does not answer as it should ({gist(error)})."
    )


def gist(error: Exception) -> str:
    """Return the first sentence of what a store's client tells."""
    return " ".join(str(error).split())[:200]

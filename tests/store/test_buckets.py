"""Files in a bucket, on a store that speaks the S3 protocol."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from logovote.store.buckets import Bucket, BucketMedia, BucketUploads, StorageUrlError
from logovote.store.media import (
    MediaUnavailableError,
    MediaWriteError,
    MissingMediaError,
)
from logovote.store.store import Store
from logovote.store.uploads import UploadError
from tests import services

HOUR = timedelta(hours=1)


@pytest.fixture
def storage_url(s3: services.S3) -> str:
    return s3.bucket()


@pytest.fixture
def store(storage_url: str, tmp_path: Path) -> Iterator[Store]:
    store = Store.open(f"sqlite:///{tmp_path / 'db.sqlite'}", tmp_path, storage_url)
    yield store
    store.database.dispose()


@pytest.fixture
def media(store: Store) -> BucketMedia:
    assert isinstance(store.derivatives, BucketMedia)
    return store.derivatives


class Sent:
    """A file as a browser sends it."""

    def __init__(self, name: str, data: bytes) -> None:
        self.filename: str | None = name
        self._data = data

    def save(self, dst: Path) -> None:
        dst.write_bytes(self._data)


def test_what_is_put_in_comes_out_under_its_sha256(media: BucketMedia) -> None:
    digest = media.put(b"a logo")

    assert digest == hashlib.sha256(b"a logo").hexdigest()
    assert media.get(digest) == b"a logo"
    assert media.has(digest)
    assert list(media.digests()) == [digest]
    assert media.missing({digest, "00" * 32}) == {"00" * 32}


def test_many_writers_of_one_file_leave_it_whole_and_alone(media: BucketMedia) -> None:
    data = b"x" * 200_000
    with ThreadPoolExecutor(4) as pool:
        digests = set(pool.map(lambda _: media.put(data), range(8)))

    assert list(media.digests()) == list(digests)
    assert media.get(digests.pop()) == data


def test_a_file_that_is_forgotten_is_gone_and_may_come_again(
    media: BucketMedia,
) -> None:
    digest = media.put(b"a logo")
    media.forget(digest)
    media.forget(digest)

    assert not media.has(digest)
    with pytest.raises(MissingMediaError, match="Restore it from a backup"):
        media.get(digest)
    assert media.put(b"a logo") == digest


def test_a_browser_gets_a_derivative_by_a_signed_address_only(
    media: BucketMedia,
) -> None:
    address = media.address(media.put(b"a webp"), HOUR)

    answer = services.fetch(address)
    assert answer.body == b"a webp"
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert services.fetch(address.split("?")[0]).status == 403


def test_an_original_would_come_as_an_attachment(store: Store) -> None:
    assert isinstance(store.originals, BucketMedia)
    address = store.originals.address(store.originals.put(b"<svg/>"), HOUR)

    headers = services.fetch(address).headers
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"] == "attachment"


def test_originals_and_derivatives_are_kept_apart(store: Store) -> None:
    digest = store.originals.put(b"a logo")

    assert not store.derivatives.has(digest)


LONG = "/".join(["é" * 90] * 12) + "/same.png"


def test_an_upload_comes_back_as_it_was_sent(store: Store) -> None:
    sent = [
        Sent("a b/#36 ü.png", b"one"),
        Sent("../../etc/passwd", b"two"),
        Sent(LONG, b"3"),
        Sent(LONG, b"4"),
    ]
    key = store.uploads.keep(sent)

    with store.uploads.opened(key) as folder:
        files = {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*.*")}
        assert sorted(
            path.read_bytes() for path in folder.rglob("*") if path.is_file()
        ) == [b"3", b"4", b"one", b"two"]
        assert files[Path("a b/#36 ü.png")] == b"one"
    assert not folder.exists()


def test_a_single_file_is_its_own_key(store: Store) -> None:
    key = store.uploads.keep([Sent("export.zip", b"PK")])

    with store.uploads.opened(key) as path:
        assert (path.name, path.read_bytes()) == ("export.zip", b"PK")


def test_only_uploads_that_somebody_knows_are_kept_for_long(store: Store) -> None:
    known, lost = (store.uploads.keep([Sent("export.zip", b"PK")]) for _ in range(2))
    store.uploads.tidy([], datetime.now(UTC) - HOUR)
    with store.uploads.opened(lost):
        pass

    store.uploads.tidy([known], datetime.now(UTC) + HOUR)

    with store.uploads.opened(known) as path:
        assert path.read_bytes() == b"PK"
    with pytest.raises(MediaUnavailableError), store.uploads.opened(lost):
        pass
    store.uploads.forget(known)
    with pytest.raises(MediaUnavailableError), store.uploads.opened(known):
        pass


def test_a_store_that_is_gone_is_said_in_words(
    s3: services.S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("logovote.store.buckets._RETRY", {"max_retries": 0})
    url = f"s3://bucket?endpoint=http://127.0.0.1:{services.free_port()}"
    folder = Bucket.at(url).folder("originals")
    media = BucketMedia(folder, {})

    with pytest.raises(MediaWriteError, match="could not be written to the file store"):
        media.put(b"a logo")
    with pytest.raises(MediaUnavailableError, match="does not answer"):
        media.get("ab" * 32)
    with pytest.raises(UploadError, match="nothing was changed"):
        BucketUploads(folder).keep([Sent("a.png", b"x")])


def test_a_bucket_that_is_not_there_takes_nothing(s3: services.S3) -> None:
    url = f"s3://no-such-bucket?endpoint={s3.endpoint}"

    with pytest.raises(MediaWriteError, match="the import stopped"):
        BucketMedia(Bucket.at(url).folder("originals"), {}).put(b"a logo")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "garbage",
        "s3:///prefix",
        "https://bucket.example.org",
        "s3://key:secret@bucket",
        "s3://bucket?endpoint=ftp://host",
        "s3://bucket?endpoit=https://host",
        "s3://[bucket",
    ],
)
def test_an_address_of_no_bucket_is_refused_without_telling_it(url: str) -> None:
    with pytest.raises(StorageUrlError, match="must look like s3:") as refused:
        Bucket.at(url)

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("s3://b/p?region=eu-central-1", "https://b.s3.eu-central-1.amazonaws.com"),
        ("s3://b?endpoint=http://minio:9000/", "http://minio:9000"),
        ("s3://b?endpoint=https://s3.x.org&virtual_hosted=1", "https://b.s3.x.org"),
    ],
)
def test_the_origin_is_where_a_browser_would_go(url: str, origin: str) -> None:
    assert Bucket.at(url).origin == origin

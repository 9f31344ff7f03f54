from __future__ import annotations

import stat
from pathlib import Path

import pytest

from logovote import settings as settings_
from logovote.settings import Settings, SettingsError
from tests.builders import processes


def load(folder: Path, **environ: str) -> Settings:
    values = {f"LOGOVOTE_{name}": value for name, value in environ.items()}
    return settings_.load(folder, values)


def key_of(folder: Path) -> str:
    return settings_.load(folder, {}).secret_key


def test_everything_lives_below_one_folder_that_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "instance"

    settings = load(folder)

    assert settings.data == folder
    assert settings.database_url == f"sqlite:///{folder}/logovote.sqlite"
    assert folder in settings.files_folder.parents
    assert folder in settings.jobs_file.parents


def test_the_folder_may_come_from_the_environment_and_the_argument_wins(
    tmp_path: Path,
) -> None:
    environ = {"LOGOVOTE_DATA": str(tmp_path / "environ")}

    assert settings_.load(None, environ).data == tmp_path / "environ"
    assert settings_.load(tmp_path / "given", environ).data == tmp_path / "given"


def test_a_secret_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    key = key_of(tmp_path)

    assert len(key) >= 32
    assert key_of(tmp_path) == key
    mode = (tmp_path / "secret_key").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_two_sites_have_two_secrets(tmp_path: Path) -> None:
    assert key_of(tmp_path / "one") != key_of(tmp_path / "two")


def test_processes_that_start_at_once_share_one_secret(tmp_path: Path) -> None:
    with processes(4) as pool:
        folders = [tmp_path / str(number) for number in range(8)]
        for folder in folders:
            keys = set(pool.map(key_of, [folder] * 4))
            assert len(keys) == 1


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("SECRET_KEY", "short", "at least 32 random characters"),
        ("SECRET_KEY", "", "at least 32 random characters"),
        ("BASE_URL", "vote.example.org", "must look like https://"),
        ("BASE_URL", "ftp://x.org", "must look like https://"),
        ("BASE_URL", "", "must look like https://"),
        ("BASE_URL", "http://[::1", "must look like https://"),
        ("TRUSTED_PROXIES", "yes", "LOGOVOTE_TRUSTED_PROXIES"),
        ("TRUSTED_PROXIES", "-1", "LOGOVOTE_TRUSTED_PROXIES"),
        ("MAX_UPLOAD_BYTES", "2 GB", "LOGOVOTE_MAX_UPLOAD_BYTES"),
        ("SECURITY_CONTACT", "the organiser", "must be an e-mail address"),
        ("SECURITY_CONTACT", "http://example.org/", "must be an e-mail address"),
        ("SECURITY_CONTACT", "mailto:a@b.org\nExpires: never", "must be an e-mail"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(
    tmp_path: Path, name: str, value: str, message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        load(tmp_path, **{name: value})


def test_a_data_folder_that_cannot_be_made_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(SettingsError, match="Choose another with --data"):
        load(tmp_path / "file" / "instance")


def test_an_address_is_kept_without_its_final_slash(tmp_path: Path) -> None:
    settings = load(tmp_path, BASE_URL="https://vote.example.org/")

    assert settings.base_url == "https://vote.example.org"
    assert settings.is_https
    assert not load(tmp_path).is_https


@pytest.mark.parametrize(
    ("value", "contact"),
    [
        ("safety@example.org", "mailto:safety@example.org"),
        ("mailto:safety@example.org", "mailto:safety@example.org"),
        ("https://example.org/security", "https://example.org/security"),
        ("", ""),
    ],
)
def test_whom_to_tell_of_weaknesses_is_kept_as_a_uri(
    tmp_path: Path, value: str, contact: str
) -> None:
    assert load(tmp_path, SECURITY_CONTACT=value).security_contact == contact


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOGOVOTE_DATABASE_URL", "postgresql://me:secret@host/name"),
        ("LOGOVOTE_STORAGE_URL", "s3://bucket"),
        ("LOGOVOTE_JOBS_URL", "postgresql://me:secret@host/name"),
    ],
)
def test_a_site_of_several_machines_needs_one_secret_key(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(SettingsError, match="Set LOGOVOTE_SECRET_KEY on all") as error:
        settings_.load(tmp_path, {name: value})

    assert "me:secret" not in str(error.value)
    assert not (tmp_path / "secret_key").exists()
    assert settings_.load(tmp_path, {name: value, "LOGOVOTE_SECRET_KEY": "k" * 40})


@pytest.mark.parametrize(
    "value",
    [
        "https://host/x;script-src *",
        "https://host/x y",
        "ftp://host",
        "sigend",
        "https://",
        "https://user@host",
    ],
)
def test_pictures_come_from_an_address_that_a_policy_can_name(
    tmp_path: Path, value: str
) -> None:
    environ = {
        "LOGOVOTE_STORAGE_URL": "s3://bucket",
        "LOGOVOTE_SECRET_KEY": "k" * 40,
        "LOGOVOTE_PICTURES": value,
    }
    with pytest.raises(SettingsError, match="LOGOVOTE_PICTURES is"):
        settings_.load(tmp_path, environ)


def test_pictures_of_a_folder_come_through_the_app_only(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="set LOGOVOTE_STORAGE_URL"):
        settings_.load(tmp_path, {"LOGOVOTE_PICTURES": "signed"})


def test_the_queue_of_jobs_is_a_postgresql_database(tmp_path: Path) -> None:
    environ = {"LOGOVOTE_JOBS_URL": "redis://me:secret@host"}
    with pytest.raises(SettingsError, match="must look like postgresql:") as error:
        settings_.load(tmp_path, environ | {"LOGOVOTE_SECRET_KEY": "k" * 40})

    assert "secret@" not in str(error.value)

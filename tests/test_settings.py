from __future__ import annotations

import stat
from pathlib import Path

import pytest

from logovote import settings as settings_
from logovote.settings import Settings, SettingsError
from tests.builders import SECRET, processes


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


GOOD = "Vx3q-7RkT_aZ9bL2mN8cP4dE6fG1hJ5s"


@pytest.mark.parametrize(
    "secret",
    [
        "a" * 64,
        "change-me-change-me-change-me-please",
        "CHANGE_ME_TO_A_RANDOM_STRING_OF_32_CHARACTERS",
        "django-insecure-7f$k2@x9q!m4v&b8n#c1z5p",
        "your-secret-key-goes-here-1234567890",
        "0123456789" * 4,
        "abcdefghijklmnopqrstuvwxyz0123456789",
        "correct" * 8,
        "x1y2" * 12,
        "passwordpassword1234passwordpassword",
    ],
)
def test_a_secret_that_anybody_could_guess_is_refused(
    tmp_path: Path, secret: str
) -> None:
    with pytest.raises(SettingsError, match="anybody can guess") as error:
        load(tmp_path, SECRET_KEY=secret)

    assert "secrets.token_urlsafe" in str(error.value)
    assert secret not in str(error.value)


def test_a_good_secret_is_taken_from_the_environment_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{GOOD}\n")

    assert load(tmp_path, SECRET_KEY=GOOD).secret_key == GOOD
    assert load(tmp_path, SECRET_KEY_FILE=str(file)).secret_key == GOOD
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path, SECRET_KEY_FILE=str(tmp_path / "none"))


@pytest.mark.parametrize(
    "environ",
    [
        {"LOGOVOTE_DATABASE_URL": "postgresql+psycopg://db/logovote"},
        {"WEB_CONCURRENCY": "2"},
    ],
)
def test_several_that_serve_one_site_must_be_given_one_secret(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    with pytest.raises(SettingsError, match="LOGOVOTE_SECRET_KEY is missing"):
        settings_.load(tmp_path, environ)

    assert not (tmp_path / "secret_key").exists()
    given = environ | {"LOGOVOTE_SECRET_KEY": GOOD}
    assert settings_.load(tmp_path, given).secret_key == GOOD


def test_the_debugger_is_refused_where_others_come(tmp_path: Path) -> None:
    public = {"LOGOVOTE_BASE_URL": "https://vote.example.org"}

    with pytest.raises(SettingsError, match="Unset FLASK_DEBUG"):
        settings_.load(tmp_path, public | {"FLASK_DEBUG": "1"})

    assert settings_.load(tmp_path, public | {"FLASK_DEBUG": "0"})
    assert settings_.load(tmp_path, {"FLASK_DEBUG": "1"})


def test_no_secret_stands_where_settings_are_shown(tmp_path: Path) -> None:
    settings = load(tmp_path, SECRET_KEY=GOOD, MAIL_URL="smtp://a:tell-nobody@mx.test")

    assert GOOD not in repr(settings)
    assert "tell-nobody" not in repr(settings)


GITHUB = {"GITHUB_CLIENT_ID": "us", "GITHUB_CLIENT_SECRET": "ours"}
OPENID = {
    "OPENID_CLIENT_ID": "us",
    "OPENID_CLIENT_SECRET": "ours",
    "OPENID_ISSUER": "https://login.example.org/",
}


def test_providers_to_sign_in_with_are_read(tmp_path: Path) -> None:
    settings = load(tmp_path, **GITHUB, **OPENID)

    assert settings.github_api_url == "https://api.github.com"
    assert settings.openid_issuer == "https://login.example.org"
    own = load(tmp_path, **GITHUB, GITHUB_URL="https://git.example.org/")
    assert own.github_api_url == "https://git.example.org/api/v3"
    assert "ours" not in repr(settings)


@pytest.mark.parametrize("left_out", [*GITHUB, *OPENID])
def test_a_provider_needs_all_of_its_settings(tmp_path: Path, left_out: str) -> None:
    both = GITHUB if left_out in GITHUB else OPENID
    some = {name: value for name, value in both.items() if name != left_out}

    with pytest.raises(SettingsError, match=f"LOGOVOTE_{left_out} is missing"):
        load(tmp_path, **some)


@pytest.mark.parametrize(
    "value",
    [
        GITHUB | {"GITHUB_URL": "http://git.example.org"},
        OPENID | {"OPENID_ISSUER": "http://login.example.org"},
    ],
)
def test_a_provider_is_believed_over_https_only(
    tmp_path: Path, value: dict[str, str]
) -> None:
    with pytest.raises(SettingsError, match="must begin with https://"):
        load(tmp_path, **value)


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
    with pytest.raises(SettingsError, match="LOGOVOTE_SECRET_KEY is missing") as error:
        settings_.load(tmp_path, {name: value})

    assert "me:secret" not in str(error.value)
    assert not (tmp_path / "secret_key").exists()
    assert settings_.load(tmp_path, {name: value, "LOGOVOTE_SECRET_KEY": SECRET})


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
        "LOGOVOTE_SECRET_KEY": SECRET,
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
        settings_.load(tmp_path, environ | {"LOGOVOTE_SECRET_KEY": SECRET})

    assert "secret@" not in str(error.value)

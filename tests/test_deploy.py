"""What docs/deploy/ shows is what the program knows and the tools take."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from configparser import RawConfigParser
from pathlib import Path, PurePath
from typing import Any

import pytest
import yaml

from logovote import checks, settings
from logovote.cli import cli
from tests.test_house import ROOT, named
from tests.web.test_sealed_totals import commands

DEPLOY = ROOT / "docs" / "deploy"
UNITS = sorted(DEPLOY.glob("logovote*.service"))
OTHERS = {  # of these lines and templates the name goes on
    "LOGOVOTE_",
    "LOGOVOTE_REQUIRE_",
}
NAME = re.compile(r"\bLOGOVOTE_[A-Z_]*")
SYSTEMD, CADDY, NGINX, OPENSSL = map(
    shutil.which, ("systemd-analyze", "caddy", "nginx", "openssl")
)
SANDBOX = "# It sees its own folder and the network"


def mentioning() -> Iterator[Path]:
    """Every text that tells people of settings."""
    yield from (ROOT / name for name in ("README.md", "CONTRIBUTING.md"))
    yield from (path for path in (ROOT / "docs").rglob("*") if path.is_file())
    yield from (ROOT / "logovote").rglob("*.py")


def test_every_setting_that_is_mentioned_is_one() -> None:
    found = {
        (named(path), name)
        for path in mentioning()
        if path.suffix not in {".png", ".jpg", ".webp", ".svg"}
        for name in NAME.findall(path.read_text("utf-8"))
        if name not in settings.NAMES | checks.OWN | OTHERS
    }

    assert found == set()


def test_every_setting_has_its_place_on_one_page() -> None:
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    rows = re.findall(r"^\| `(LOGOVOTE_\w+)` \|", page, re.MULTILINE)

    assert sorted(rows) == sorted(settings.NAMES)


def test_no_setting_is_read_that_is_not_named() -> None:
    source = (ROOT / "logovote" / "settings.py").read_text("utf-8")
    read = set(re.findall(r'environ(?:\.get\(|\[)\s*"(LOGOVOTE_\w+)"', source))
    read |= set(re.findall(r'_whole_number\(\s*environ, "(LOGOVOTE_\w+)"', source))

    assert len(read) > 12
    assert read <= settings.NAMES


def test_what_looks_like_a_setting_and_is_none_is_told() -> None:
    environ = {"LOGOVOTE_MAIL_URI": "x", "LOGOVOTE_DATA": "y", "PATH": "z"}

    assert settings.unknown(environ) == ["LOGOVOTE_MAIL_URI"]


def test_every_number_of_the_metrics_is_explained() -> None:
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    source = (ROOT / "logovote" / "web" / "metrics.py").read_text("utf-8")
    made = set(re.findall(r'client\.\w+\(\s*"(logovote_\w+)"', source))
    made |= {f"logovote_{name}" for name in re.findall(r'gauge\(\s*"(\w+)"', source)}
    rows = re.findall(r"^\| `(logovote_\w+?)(?:_total)?` \|", page, re.MULTILINE)

    assert len(made) == 10
    assert sorted(rows) == sorted(made)


# ---------- systemd


def unit(path: Path) -> RawConfigParser:
    found = RawConfigParser(strict=False)
    found.optionxform = str  # type: ignore[assignment,method-assign] # names have capitals
    found.read_string(path.read_text("utf-8"))
    return found


def sandbox(path: Path) -> set[str]:
    """The lines that shut a service in."""
    text = path.read_text("utf-8").partition(SANDBOX)[2].partition("\n[")[0]
    return {line for line in text.splitlines() if "=" in line}


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_every_service_is_shut_in_alike(path: Path) -> None:
    lines = {
        line.replace(" logovote-backups", "") if line.startswith("State") else line
        for line in sandbox(path)
    }

    assert lines == sandbox(DEPLOY / "logovote.service")
    assert {"NoNewPrivileges=yes", "ProtectSystem=strict", "UMask=0077"} <= lines
    service = unit(path)["Service"]
    assert (service["User"], service["Group"]) == ("logovote", "logovote")
    assert service["EnvironmentFile"] == "/etc/logovote/logovote.env"


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_every_service_starts_a_command_that_there_is(path: Path) -> None:
    line = unit(path)["Service"]["ExecStart"]
    if "gunicorn" in line:
        assert "--config python:logovote.gunicorn" in line
        return
    (name,) = re.findall(r"/bin/logovote (\w+)", line)
    assert name in set(commands(cli))


def test_a_service_is_given_the_time_that_its_requests_have() -> None:
    from logovote import gunicorn  # noqa: PLC0415 - an extra

    service = unit(DEPLOY / "logovote-web.service")["Service"]
    assert int(service["TimeoutStopSec"]) > gunicorn.graceful_timeout
    assert service["Type"] == "notify"
    assert service["ExecReload"] == "/bin/sh -c 'kill -HUP $MAINPID'"


def test_a_command_by_hand_has_the_user_and_the_folder_that_services_have() -> None:
    page = (DEPLOY / "README.md").read_text("utf-8").replace("\\\n", " ")
    (line,) = re.findall(r"^ +systemd-run (.+)$", page, re.MULTILINE)
    given = dict(re.findall(r"-p (\w+)=(\S+)", line))
    service = unit(DEPLOY / "logovote-web.service")["Service"]

    # The folder is made by whoever comes first; nobody but root could make it there.
    wanted = (
        "User",
        "EnvironmentFile",
        "StateDirectory",
        "StateDirectoryMode",
        "UMask",
    )
    assert given == {name: service[name] for name in wanted}
    (name,) = re.findall(r"/bin/logovote ([\w ]+)$", line)
    assert name in set(commands(cli))
    settings_ = (DEPLOY / "logovote.env").read_text("utf-8")
    assert f"LOGOVOTE_DATA=/var/lib/{given['StateDirectory']}\n" in settings_


@pytest.mark.skipif(SYSTEMD is None, reason="there is no systemd-analyze here")
def test_systemd_understands_every_unit(tmp_path: Path) -> None:
    for path in DEPLOY.glob("logovote*.*"):
        if path.suffix in {".service", ".socket", ".timer"}:
            # Programs and folders of a machine that is not this one.
            text = path.read_text("utf-8").replace("/opt/logovote/bin/", "/bin/true ")
            (tmp_path / path.name).write_text(text)
    done = subprocess.run(
        [SYSTEMD or "", "verify", *map(str, sorted(tmp_path.iterdir()))],
        check=False,
        capture_output=True,
        text=True,
    )

    told = [line for line in done.stderr.splitlines() if "logovote" in line]
    assert told == []


def test_the_example_of_settings_can_be_loaded(tmp_path: Path) -> None:
    example = (DEPLOY / "logovote.env").read_text("utf-8")
    lines = dict(re.findall(r"^(\w+)=(.*)$", example, re.MULTILINE))
    found = settings.load(tmp_path, lines)

    assert found.is_https
    # Nor may what is only shown be wrong.
    shown = dict(re.findall(r"^#(LOGOVOTE_\w+)=(.+)$", example, re.MULTILINE))
    secret = {"LOGOVOTE_SECRET_KEY": "Vx3q-7RkT_aZ9bL2mN8cP4dE6fG1hJ5s"}
    assert settings.load(tmp_path, lines | shown | secret).jobs_url
    assert settings.unknown(lines | shown) == []


# ---------- containers


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def ours(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        name: service
        for name, service in compose["services"].items()
        if service["image"] == "logovote"
    }


def interpolated(value: str, given: dict[str, str]) -> str:
    """Fill in what is named as Compose does: `:?` insists, `:-` falls back."""

    def fill(found: re.Match[str]) -> str:
        name, kind, rest = found.groups()
        return given[name] if kind == ":?" else given.get(name) or rest

    return re.sub(r"\$\{(\w+)(:[?-])([^}]*)\}", fill, value)


def shown_env() -> dict[str, str]:
    """Read the .env that the head of the file asks for; all its secrets alike."""
    head = (DEPLOY / "compose.yaml").read_text("utf-8").partition("\nname:")[0]
    secret = "5f1c6f0e8a9b47d2b3e4c5d6a7f8091b2c3d4e5f"
    lines = re.findall(r"^# {5}(\w+)=(\S+)$", head, re.MULTILINE)
    return {name: value.replace("…", secret) for name, value in lines}


def test_the_containers_run_what_there_is_with_settings_that_load(
    compose: dict[str, Any], tmp_path: Path
) -> None:
    services = ours(compose)
    assert set(services) == {"app1", "app2", "worker", "upgrade"}
    for service in services.values():
        environ = {
            name: interpolated(value, shown_env())
            for name, value in service["environment"].items()
        }
        assert "$" not in "".join(environ.values())
        assert settings.load(tmp_path / "data", environ).is_https
        assert settings.unknown(environ) == []
    assert services["worker"]["command"] == ["logovote", "worker"]
    assert services["upgrade"]["command"] == ["logovote", "db", "upgrade"]
    assert {"worker", "db upgrade"} <= set(commands(cli))


def test_compose_asks_for_what_its_head_says(compose: dict[str, Any]) -> None:
    used = re.findall(r"\$\{(\w+)(:\?)?", yaml.safe_dump(compose))
    # Docker takes the environment before .env, and shells have a HOST of their own.
    assert {name for name, needed in used if needed} == set(shown_env())
    assert {"HOST", "USER", "HOSTNAME"}.isdisjoint(name for name, _ in used)


def test_compose_starts_each_when_what_it_needs_is_there(
    compose: dict[str, Any],
) -> None:
    services = compose["services"]
    for service in services.values():
        needed = service.get("depends_on", {})
        for name, how in needed.items() if isinstance(needed, dict) else ():
            if how["condition"] == "service_healthy":
                assert "test" in services[name]["healthcheck"]
            else:  # what starts again is never done
                assert how["condition"] == "service_completed_successfully"
                assert services[name]["restart"] == "no"
    # PostgreSQL's socket answers while its image still makes the database.
    assert "-h" in services["database"]["healthcheck"]["test"]


def test_compose_builds_one_image_once_and_mounts_what_it_can_read(
    compose: dict[str, Any],
) -> None:
    (built,) = (
        each["build"] for each in compose["services"].values() if "build" in each
    )
    context = (DEPLOY / built["context"]).resolve()
    assert context == ROOT
    assert context / built["dockerfile"] == DEPLOY / "Containerfile"
    # A secret's file keeps its owner and its mode: for our user it would be shut.
    assert "secrets" not in compose
    assert not any("secrets" in service for service in compose["services"].values())
    mounts = [
        mount.partition(":")[0]
        for service in compose["services"].values()
        for mount in service.get("volumes", [])
    ]
    assert [mount for mount in mounts if mount.startswith(".")] == ["./Caddyfile"]


def test_the_containers_hold_no_privilege_and_one_port_is_open(
    compose: dict[str, Any],
) -> None:
    for service in ours(compose).values():
        assert service["read_only"]
        # A file in it keeps visitors from one of them, not from all.
        assert service["tmpfs"] == ["/data:uid=10001,mode=0700"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["stop_grace_period"] == "40s"
    services = compose["services"]
    assert [name for name in services if "ports" in services[name]] == ["proxy"]
    mounted = {
        mount.partition(":")[0]
        for service in services.values()
        for mount in service.get("volumes", [])
        if not mount.startswith((".", "/"))
    }
    assert mounted == set(compose["volumes"])
    needed = {
        name for service in services.values() for name in service.get("depends_on", {})
    }
    assert needed <= set(services)
    upstreams = services["proxy"]["environment"]["UPSTREAMS"].split()
    assert {name.partition(":")[0] for name in upstreams} <= set(services)


def test_the_image_takes_what_there_is_and_runs_as_nobody() -> None:
    text = (DEPLOY / "Containerfile").read_text("utf-8").replace("\\\n", " ")
    for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE):
        for name in line.split()[:-1]:
            assert (ROOT / name).exists(), name
    steps = [line.split(maxsplit=1) for line in text.splitlines() if line[:1].isupper()]
    assert steps[-1][0] == "CMD"
    assert "python:logovote.gunicorn" in steps[-1][1]
    last = max(index for index, step in enumerate(steps) if step[0] == "FROM")
    assert ["USER", "10001"] in steps[last:]
    assert any(step[0] == "HEALTHCHECK" for step in steps)
    assert "--require-hashes -r requirements-deploy.lock" in text


def test_the_image_is_built_from_all_that_the_wheel_is_packed_from() -> None:
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    copied = set()
    for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE):
        *sources, place = line.split()
        for source in sources:
            is_file = (ROOT / source).is_file()
            target = PurePath(place, PurePath(source).name if is_file else "")
            assert target == PurePath(source)
            copied.add(source)
    packing = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wheel = packing["tool"]["hatch"]["build"]["targets"]["wheel"]
    project = packing["project"]
    packed = {"pyproject.toml", project["readme"], *project["license-files"]}

    assert packed | {*wheel["packages"], *wheel["force-include"]} <= copied


# ---------- proxies


def test_proxies_keep_private_what_is_and_take_what_the_site_takes() -> None:
    # To Caddy "GB" is a thousand to the third, to nginx "g" is 1024 to the third.
    for name, body in (
        ("Caddyfile", r"max_size (\d+)GiB"),
        ("nginx.conf", r"_size (\d+)g;"),
    ):
        text = (DEPLOY / name).read_text("utf-8")
        assert "/metrics" in text
        assert "/readyz" in text
        sizes = [int(size) * 1024**3 for size in re.findall(body, text)]
        assert sizes == [settings.Settings.max_upload_bytes]
        assert "X-Request-ID" in text
        # What the log leaves out of itself, they leave out, too.
        assert "(i|o|m|mail/stop)" in text.replace("(?:", "(")
        assert "Strict-Transport-Security" not in text


@pytest.mark.skipif(CADDY is None, reason="there is no caddy here")
def test_caddy_takes_its_file() -> None:
    command = [CADDY or "", "validate", "--adapter", "caddyfile"]
    command += ["--config", str(DEPLOY / "Caddyfile")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(
    None in (NGINX, OPENSSL), reason="there is no nginx, or no openssl, here"
)
def test_nginx_takes_its_file(tmp_path: Path) -> None:
    made = [
        OPENSSL or "",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
    ]
    made += ["-subj", "/CN=vote.example.org", "-keyout", str(tmp_path / "privkey.pem")]
    made += ["-out", str(tmp_path / "fullchain.pem")]
    subprocess.run(made, check=True, capture_output=True)
    site = (DEPLOY / "nginx.conf").read_text("utf-8")
    for folder in ("/etc/letsencrypt/live/vote.example.org", "/var/log/nginx"):
        site = site.replace(folder, str(tmp_path))
    (tmp_path / "site.conf").write_text(site)
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}\n"
        f"http {{ client_body_temp_path {tmp_path}/b; proxy_temp_path {tmp_path}/p;\n"
        f"fastcgi_temp_path {tmp_path}/f; uwsgi_temp_path {tmp_path}/u;\n"
        f"scgi_temp_path {tmp_path}/s; include {tmp_path}/site.conf; }}\n"
    )
    done = subprocess.run(
        [NGINX or "", "-t", "-c", str(tmp_path / "nginx.conf")],
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr


def test_every_file_is_spoken_of() -> None:
    pages = "".join(
        (ROOT / "docs" / name).read_text("utf-8")
        for name in ("deploy/README.md", "deploy/compose.yaml")
    )
    for path in DEPLOY.iterdir():
        assert path.name in pages or path.suffix in pages, path.name

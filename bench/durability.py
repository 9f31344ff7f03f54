"""Is a save on the disk before it is acknowledged? Watch, and cut the power.

    python -m bench.durability [--saves 50] [--cuts 5] [--engine sqlite]

First strace watches the server; then the power is cut, so many times, while everybody
saves: the data is on a file system in a file of its own (loop-mounted, for which one
must be root), and of that file nothing but what had reached it is kept. On SQLite both
are repeated with `synchronous=NORMAL`, to show that this is able to see it. Exits 1 if
a save was acknowledged too early or lost, or the second case was not seen.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from logovote.store import migrate
from logovote.store.session import Database
from tests import services
from tests.saving import history, scenarios
from tests.saving.server import (
    AS_SHIPPED,
    NOT_DURABLE,
    Server,
    invitation_paths,
    open_store,
    serving,
    stage,
)
from tests.saving.voters import signed_in

_DISK_BYTES = 512 * 1024**2
_VOTERS = 20
_SECONDS = 1.5
_ROOT = 0


def main() -> None:
    """Do both, and say what was seen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--saves", type=int, default=50)
    parser.add_argument("--cuts", type=int, default=5)
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], default="sqlite")
    arguments = parser.parse_args()
    wrong = False
    programs = {"as shipped": AS_SHIPPED}
    if arguments.engine == "sqlite":
        programs["with synchronous=NORMAL"] = NOT_DURABLE
        for name, program in programs.items():
            wrong |= _watched(name, program, arguments.saves)
    if os.getuid() != _ROOT:
        print("The power was not cut: only root may mount what is needed for that.")
        programs = {}
    for name, program in programs.items():
        wrong |= _cut(name, program, arguments.engine, arguments.cuts)
    sys.exit(1 if wrong else 0)


def _watched(name: str, program: str, saves: int) -> bool:
    """Watch one voter's saves, and tell whether that went otherwise than expected."""
    with tempfile.TemporaryDirectory() as folder:
        data, trace = Path(folder, "data"), Path(folder, "trace")
        store = stage(data, 1)
        before = (*scenarios.TRACED, str(trace))
        with serving(data, program=program, before=before) as server:
            scenarios.one_after_the_other(server, store, saves)
        store.database.dispose()
        seen, early = scenarios.acknowledged_too_early(trace)
    print(f"{name}: of {seen} saves {early} acknowledged before they were on disk")
    return (seen, early) != (saves, 0 if program == AS_SHIPPED else saves)


class Disk:
    """A file system in a file, whose machine may lose its power."""

    def __init__(self, folder: Path) -> None:
        self.mounted = folder / "mounted"
        self._file = folder / "disk"
        self.mounted.mkdir()
        with self._file.open("wb") as file:
            file.truncate(_DISK_BYTES)
        _run("mkfs.ext4", "-q", str(self._file))

    def mount(self) -> None:
        """Make it readable, after whatever its journal has to say."""
        _run("mount", "-o", "loop", str(self._file), str(self.mounted))

    def unmount(self) -> None:
        """Take it away, with all that was written to it."""
        _run("umount", str(self.mounted))

    @contextlib.contextmanager
    def losing_power(self) -> Iterator[None]:
        """Keep what has reached it now; whoever wrote to it must be gone by the end."""
        kept = self._file.with_name("kept")
        _run("cp", "--sparse=always", str(self._file), str(kept))
        yield
        self.unmount()
        kept.replace(self._file)
        self.mount()


def _run(*command: str) -> None:
    subprocess.run(command, check=True)  # noqa: S603 - our own words


def _cut(name: str, program: str, engine: str, cuts: int) -> bool:
    """Cut the power; tell whether that went otherwise than expected."""
    acknowledged = 0
    lost: list[str] = []
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        disk = Disk(Path(folder))
        disk.mount()
        try:
            with _database_on(disk, engine) as (url, cluster):
                data = disk.mounted / "data"
                stage(data, _VOTERS, url).database.dispose()
                os.sync()
                server = Server(
                    data,
                    program=program,
                    settings={"LOGOVOTE_DATABASE_URL": url} if url else {},
                )
                for _ in range(cuts):
                    seen, wrong = _voted(disk, server, url, cluster)
                    acknowledged += seen
                    lost += wrong
        finally:
            disk.unmount()
    print(*lost[:3] if program == AS_SHIPPED else (), sep="\n", end="")
    print(
        f"{name}: power cut {cuts} times, of {acknowledged} acknowledged saves "
        f"{len(lost)} lost"
    )
    return bool(lost) != (program == NOT_DURABLE)


@contextlib.contextmanager
def _database_on(
    disk: Disk, engine: str
) -> Iterator[tuple[str | None, services.Cluster | None]]:
    if engine == "sqlite":
        yield None, None
        return
    home = disk.mounted / "postgresql"
    home.mkdir()
    with services.cluster(home=home) as cluster:
        url = cluster.url.render_as_string()
        with contextlib.closing(Database(url)) as database:
            migrate.upgrade(database)
        yield url, cluster


def _voted(
    disk: Disk, server: Server, url: str | None, cluster: services.Cluster | None
) -> tuple[int, list[str]]:
    """Let everybody save until the power is cut; say what was acknowledged and lost."""
    server.start()
    store = open_store(server.data, url)
    browsers = signed_in(server.url, invitation_paths(store))
    store.database.dispose()
    with scenarios.voting(browsers) as seen:
        time.sleep(_SECONDS)
        os.kill(server.pid, signal.SIGSTOP)
        if cluster is not None:
            cluster.pause()
        with disk.losing_power():
            server.kill(everything=True)
            if cluster is not None:
                cluster.kill()
    for browser in browsers:
        browser.close()
    if cluster is not None:
        cluster.start()
    store = open_store(server.data, url)
    try:
        wrong = history.kept_wrongly(store, seen.saves)
    finally:
        store.database.dispose()
    return len(seen.acknowledged), [line for line in wrong if line.startswith("lost")]


if __name__ == "__main__":
    main()

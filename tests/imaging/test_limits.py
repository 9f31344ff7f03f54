from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import logovote

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="walls of Linux")


def outcome(code: str) -> str:
    """What a fresh process prints, with the limits imported."""
    done = subprocess.run(
        [sys.executable, "-c", f"import socket\n{IMPORT}\n{code}"],
        cwd=Path(logovote.__file__).parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or done.stderr.strip().rpartition("\n")[2] or "killed"


IMPORT = "from logovote.imaging import limits"
LANDLOCK = "import ctypes; print(ctypes.CDLL(None).syscall(444, None, 0, 1))"


def test_a_rationed_process_opens_no_file() -> None:
    tried = outcome("limits.ration(0); open('/etc/passwd'); print('opened')")
    assert "Too many open files" in tried


def test_a_rationed_process_gets_no_endless_memory() -> None:
    assert outcome("limits.ration(9); bytes(2 * 10**9)") == "MemoryError"
    assert outcome("limits.ration(9); bytes(12 * 10**8)") == "MemoryError"
    assert outcome("limits.ration(9); bytes(8 * 10**8); print('got it')") == "got it"


def test_what_a_process_inherits_is_not_counted() -> None:
    held = "used = limits.data_gauge(); limits.seclude(); held = bytes(3 * 10**8)"
    got = (
        f"{held}; limits.ration(9, used()); bytes(8 * 10**8); print(used() > 3 * 10**8)"
    )
    assert outcome(got) == "True"
    assert outcome(f"{held}; limits.ration(9); bytes(8 * 10**8)") == "MemoryError"


def test_every_child_is_counted_from_what_it_inherits_itself() -> None:
    """What the process above it took since it started is no loss to a child."""
    grown = outcome(
        "import io, resource, sys; from logovote.imaging import wire, zygote\n"
        "held, fork = [], zygote._in_a_child\n"
        "def grow(*given):\n"
        "    held.append(bytes(10**8))\n"
        "    return fork(*given)\n"
        "limit = 'str(resource.getrlimit(resource.RLIMIT_DATA)[0]).encode()'\n"
        "zygote._answer = lambda _original: eval(limit)\n"
        "zygote._in_a_child = grow\n"
        "asked, answered = io.BytesIO(), io.BytesIO()\n"
        "for _ in range(3): wire.send(asked, b'GIF89a')\n"
        "asked.seek(0)\n"
        "zygote.serve(asked, answered, 2)\n"
        "answered.seek(0)\n"
        "wire.receive(answered, 9)\n"
        "first, _, third = (int(wire.receive(answered, 99)) for _ in range(3))\n"
        "print(third - first >= 2 * 10**8)"
    )
    assert grown == "True"


def test_a_process_gives_back_what_it_freed() -> None:
    freed = (
        "used = limits.data_gauge(); before = used()\n"
        "for size in (24, 25, 12, 25): bytes(size * 10**6)\n"
        "del size; after = used(); limits.trim()\n"
        "print(after - before > 20 * 10**6, used() - before < 5 * 10**6)"
    )
    assert outcome(freed) == "True True"


def test_a_rationed_process_writes_no_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    outcome(f"limits.ration(9); open({str(path)!r}, 'wb', 0).write(b'x')")
    assert path.read_bytes() == b""


def test_a_secluded_process_reads_no_file_and_can_still_fork() -> None:
    if int(outcome(LANDLOCK)) < 1:
        pytest.skip("this kernel has no Landlock")
    tried = outcome("limits.seclude(); open('/etc/passwd'); print('opened')")
    assert "Permission denied" in tried
    fork = "import os; limits.seclude(); c = os.fork(); os.waitpid(c, 0) if c else 0"
    assert "forked" in outcome(f"{fork}; print('forked')")


def test_a_secluded_process_connects_nowhere() -> None:
    listening = (
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "address = server.getsockname()\n"
        "{}socket.create_connection(address, 2); print('connected')"
    )
    assert outcome(listening.format("")) == "connected"
    if int(outcome(LANDLOCK)) < 4:
        pytest.skip("this kernel may allow no wall against the network")
    assert "connected" not in outcome(listening.format("limits.seclude(); "))


def test_a_secluded_process_still_reads_fonts() -> None:
    fonts = sorted(Path("/usr/share/fonts").rglob("*.ttf"))
    if not fonts:
        pytest.skip("this machine has no fonts where we look")
    read = f"limits.seclude(); open({str(fonts[0])!r}, 'rb').read(); print('read')"
    assert outcome(read) == "read"


@pytest.mark.parametrize(
    ("decoding", "answer"),
    [
        ("str(resource.getrlimit(resource.RLIMIT_AS)[0]).encode()", "1500000000"),
        ("str(resource.getrlimit(resource.RLIMIT_CPU)[0]).encode()", "8"),
        ("str(resource.getrlimit(resource.RLIMIT_NOFILE)[0]).encode()", "0"),
        ("os.abort()", "its decoder gave up"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "its decoder gave up"),
        ("bytes(10**10)", "too much memory"),
        ("os.kill(os.getpid(), signal.SIGXCPU)", "too much work"),
    ],
)
def test_every_child_is_rationed_and_may_die(decoding: str, answer: str) -> None:
    code = (
        "import os, resource, signal; from logovote.imaging import zygote\n"
        f"zygote._answer = lambda _original: {decoding}\n"
        "print(zygote._in_a_child(b'GIF89a', 2).decode())"
    )
    assert answer in outcome(code)

"""The site on a free port, served as people will be served: by waitress, in threads."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import waitress
from flask import Flask
from waitress import wasyncore


@contextlib.contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve `app` until the block ends; yields its address, without a final slash."""
    server = waitress.create_server(
        app, host="127.0.0.1", port=0, threads=8, asyncore_use_poll=True
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        # Its loop ends when nothing is left to listen to; another thread must not
        # close what the loop waits for, so the loop is asked to.
        # Woken by somebody else meanwhile, it has done so before this wakes it.
        with contextlib.suppress(OSError):
            server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map))
        thread.join()
        server.task_dispatcher.shutdown()

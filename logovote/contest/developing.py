"""The pictures of one import, decoded by as many workers as there are.

Each picture is claimed by one worker while it decodes it, and what comes of it is in
the store for all of them: derivatives, or why it was refused. What a worker that died
had claimed is free again. The import itself (contest.intake) then finds all done.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ThreadPoolExecutor

from sqlalchemy import select
from sqlalchemy.orm import Session

from logovote.contest import intake
from logovote.contest.matching import Claim
from logovote.imaging.picture import SPECS, SPECS_VERSION, UnreadableImageError
from logovote.imaging.worker import Fence
from logovote.ingest.members import UnreadableFileError
from logovote.ingest.reading import Reading
from logovote.store import holding
from logovote.store.models import Picture, RefusedPicture
from logovote.store.store import Store

_CLAIM = 562615
_LANES = 2
_PATIENCE_SECONDS = 0.2


def develop(
    store: Store,
    job_id: int,
    contest_id: int,
    reading: Reading,
    fence: Fence,
    *,
    until_done: bool,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    stopping: threading.Event | None = None,
) -> int:
    """Decode what of an import nobody has decoded; return how many it was.

    Args:
        store: where the pictures go.
        job_id: the import.
        contest_id: whose it is.
        reading: the opened export.
        fence: where pictures are decoded.
        until_done: also wait for what others have claimed, and take up what they drop;
            otherwise return when nothing is left to claim.
        progress: called with pictures done, by anybody, and pictures in all.
        stopping: set when this process is to stop; it then claims no more.
    """
    fresh = intake.fresh_pictures(store, contest_id, reading)
    stopping = stopping or threading.Event()
    with (
        ThreadPoolExecutor(_LANES) as pool,
        ThreadPoolExecutor(_LANES * len(SPECS)) as disk,
    ):
        share = _Share(store, job_id, reading, fence, disk)
        left = share.left(fresh)
        while left and not stopping.is_set():
            progress(len(fresh) - len(left), len(fresh))
            before = share.developed
            # Few at a time, for others decode, too, and this asks what they have done.
            batch = share.free(left.values(), 4 * _LANES)
            list(pool.map(share.take, batch))
            if share.developed == before:
                if not until_done and not batch:
                    break
                time.sleep(_PATIENCE_SECONDS)
            left = share.left(left)
    return share.developed


def refusals(session: Session, job_id: int) -> dict[str, str]:
    """Return what was refused of an import, by digest, and why."""
    rows = session.execute(
        select(RefusedPicture.digest, RefusedPicture.reason).where(
            RefusedPicture.job_id == job_id
        )
    )
    return {row.digest: row.reason for row in rows}


class _Share:
    """What one worker does of an import."""

    def __init__(
        self,
        store: Store,
        job_id: int,
        reading: Reading,
        fence: Fence,
        disk: Executor,
    ) -> None:
        self._store = store
        self._job_id = job_id
        self._reading = reading
        self._fence = fence
        self._disk = disk
        self._one_reader = threading.Lock()
        self.developed = 0

    def left(self, claims: dict[str, Claim]) -> dict[str, Claim]:
        """Return those that nobody has done, in their order."""
        with self._store.database.read() as session:
            done = set(
                session.scalars(
                    select(Picture.digest).where(
                        Picture.digest.in_(claims), Picture.specs == SPECS_VERSION
                    )
                )
            )
            done |= refusals(session, self._job_id).keys()
        return {digest: claim for digest, claim in claims.items() if digest not in done}

    def free(self, claims: Iterable[Claim], most: int) -> list[Claim]:
        """Return the first few that nobody has claimed, as it seems."""
        is_claimed = self._store.database.is_claimed
        found = []
        for claim in claims:
            if not is_claimed(_CLAIM, holding.key_of(claim.digest)):
                found.append(claim)
                if len(found) == most:
                    break
        return found

    def take(self, claim: Claim) -> None:
        """Decode one picture, unless somebody else does or did."""
        name = holding.key_of(claim.digest)
        with self._store.database.claim(_CLAIM, name) as mine:
            if not mine or not self.left({claim.digest: claim}):
                return
            try:
                with self._one_reader:
                    original = self._reading.read(claim.entry)
                picture = self._fence.develop(original)
            except (UnreadableImageError, UnreadableFileError, OSError) as error:
                self._refuse(claim.digest, str(error))
            else:
                intake.keep_picture(self._store, claim, picture, self._disk)
            self.developed += 1

    def _refuse(self, digest: str, reason: str) -> None:
        with self._store.database.write() as session:
            session.merge(
                RefusedPicture(job_id=self._job_id, digest=digest, reason=reason)
            )
            session.commit()

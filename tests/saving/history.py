"""Judges what voters were told against what is kept, and against each other.

The second, in the manner of Jepsen: a ballot is one register with compare-and-set.
"""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from logovote.contest.contests import contest_by_slug
from logovote.contest.ledger import canon
from logovote.store import models, queries
from logovote.store.models import Ballot
from logovote.store.store import Store
from tests.saving.voters import Save


def kept_wrongly(store: Store, saves: Iterable[Save]) -> list[str]:
    """Name every acknowledged save that is not kept as acknowledged, and the like."""
    wrong = []
    with store.database.read() as session:
        ballots = _ballots(session)
        rows: dict[int, dict[str, models.Save]] = defaultdict(dict)
        for row in session.scalars(select(models.Save)):
            rows[row.ballot_id][row.save_id] = row
    last: dict[int, Save] = {}
    for save in saves:
        if not save.kept:
            continue
        ballot = ballots.get(save.voter)
        found = rows[ballot.id].get(save.save_id) if ballot else None
        if found is None:
            wrong.append(f"lost: {save}")
        elif (found.rev, found.code) != save.receipt[:2]:
            wrong.append(f"kept otherwise: {save}")
        if save.voter not in last or last[save.voter].receipt < save.receipt:
            last[save.voter] = save
    for ballot in ballots.values():
        revs = sorted(row.rev for row in rows[ballot.id].values())
        if revs != list(range(1, ballot.rev + 1)):
            wrong.append(f"revisions of ballot {ballot.id}: {revs}, at {ballot.rev}")
    for voter, save in last.items():
        if (ballot := ballots.get(voter)) is None:
            continue  # lost, which is said already
        if ballot.rev == save.receipt[0] and ballot.choice != canon(save.items):
            wrong.append(f"says something else: {ballot.choice}, {save}")
    return wrong


def kept(store: Store) -> int:
    """Count the saves that are kept, acknowledged or not."""
    with store.database.read() as session:
        return len(session.scalars(select(models.Save.id)).all())


def _ballots(session: Session) -> dict[int, Ballot]:
    """Return everybody's ballot by the voter's place in the list."""
    acme = contest_by_slug(session, "acme")
    places = {
        voter.id: place for place, voter in enumerate(queries.voters(session, acme.id))
    }
    return {
        places[ballot.voter_id]: ballot
        for ballot in session.scalars(select(Ballot))
        if ballot.voter_id is not None
    }


def not_linear(saves: Iterable[Save]) -> list[str]:
    """Name whatever no single register with compare-and-set could have answered.

    Each acknowledged save makes the revision after its base, each revision is made
    once and none is left out, what ended before another began came before it, and a
    conflict shows the register as some acknowledged save left it. For histories in
    which every answer arrived.
    """
    wrong = []
    by_voter = defaultdict(list)
    for save in saves:
        by_voter[save.voter].append(save)
    for voter, history in by_voter.items():
        made: dict[int, Save] = {}
        for save in history:
            if not save.kept:
                continue
            rev = save.body["rev"]
            if rev != save.base_rev + 1:
                wrong.append(f"voter {voter}: {rev} was built on {save.base_rev}")
            if rev in made:
                wrong.append(f"voter {voter}: {rev} was made twice, one is lost")
            made[rev] = save
        if sorted(made) != list(range(1, len(made) + 1)):
            wrong.append(f"voter {voter}: revisions {sorted(made)}")
        ordered = [made[rev] for rev in sorted(made)]
        wrong += [
            f"voter {voter}: {second.body['rev']} was answered before its forerunner"
            for first, second in itertools.pairwise(ordered)
            if second.ended < first.began
        ]
        wrong += [
            problem
            for save in history
            if save.body.get("error") == "conflict"
            for problem in _shown_wrongly(save, made)
        ]
    return wrong


def _shown_wrongly(save: Save, made: dict[int, Save]) -> list[str]:
    """Judge what a conflict showed as the ballot that stands."""
    rev, items = save.body["current"]["rev"], save.body["current"]["items"]
    if rev == save.base_rev:
        return [f"voter {save.voter}: a conflict with the revision it was built on"]
    if rev not in made or made[rev].items != items:
        return [f"voter {save.voter}: a conflict shows {json.dumps([rev, items])}"]
    if made[rev].began > save.ended:
        return [f"voter {save.voter}: a conflict with what was yet to come, {rev}"]
    if any(r > rev and other.ended < save.began for r, other in made.items()):
        return [f"voter {save.voter}: a conflict shows {rev}, which was over"]
    return []

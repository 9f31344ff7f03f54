"""Which mail goes to whom, when, and how each fared.

A message is a row before it is anything else. What it says is written when it is sent,
from what is true then; where that has come to an end, the message is dropped.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, case, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session, joinedload

from logovote.contest import dates, invitations, link_requests, recusals
from logovote.errors import LogovoteError
from logovote.store import queries
from logovote.store.models import (
    FIRST_GENERATION,
    Ballot,
    Contest,
    JoinRequest,
    LinkRequest,
    Message,
    MessageState,
    Organiser,
    Person,
    Phase,
    Question,
    Role,
    Round,
    Voter,
)
from logovote.store.session import insert_into

SIGN_IN, INVITATION, RECEIPT = "sign-in", "invitation", "receipt"
REMINDER, CLOSING, RESULTS = "reminder", "closing", "results"
ANSWER = "answer"
WAITING = "waiting"
SWITCHES = (REMINDER, CLOSING, RESULTS, WAITING)
"""The kinds that go out by themselves, where they are switched on."""

USUAL = (WAITING,)
"""Those of a new contest: what its organisers are told themselves."""

_FIRST = (SIGN_IN, RECEIPT)
"""Somebody waits for these, so they leave before the others."""

_TROUBLE = frozenset({MessageState.FAILED, MessageState.GIVEN_UP})
_WAITS = tuple(
    timedelta(minutes=minutes) for minutes in (1, 5, 30, 2 * 60, 8 * 60, 24 * 60)
)
# Longer than any server takes to answer: then whoever had it is taken for dead.
_LEASE = timedelta(minutes=5)
_LOOK_AGAIN = timedelta(minutes=10)
_LAST_DAY = timedelta(days=1)
_LONG_ENOUGH_FOR_LAST = timedelta(days=2)
_LONG_ENOUGH_FOR_MIDDLE = timedelta(days=4)
# Two reminders of one round are at least so far apart, whoever asks for them.
_APART = timedelta(hours=12)
_NO_BALLOTS = "No round takes ballots now, so there is nobody to remind."


class NoticeError(LogovoteError):
    """That mail cannot be asked for now; the message says why."""


@dataclass(frozen=True)
class Invited:
    """What became of a wish to invite everybody."""

    queued: int
    before: int
    failed: int
    without_address: int
    unwanted: int


# ---------- what goes out by itself


def switched_on(contest: Contest) -> list[str]:
    """Return the kinds that go out by themselves."""
    return [kind for kind in SWITCHES if kind in json.loads(contest.notices)]


def switch(contest: Contest, kinds: Collection[str]) -> None:
    """Let exactly these kinds go out by themselves.

    Raises:
        NoticeError: one of them is none.
    """
    for kind in kinds:
        if kind not in SWITCHES:
            raise NoticeError(
                f"“{kind}” cannot be switched; {', '.join(SWITCHES)} can."
            )
    contest.notices = json.dumps([kind for kind in SWITCHES if kind in kinds])


def announce(session: Session, round_: Round, kind: str, now: datetime) -> None:
    """Queue what everybody concerned is told, now that a round moved on.

    A reminder goes to those who have not voted, the closing to those who have, the
    results to all.
    """
    contest = session.get_one(Contest, round_.contest_id)
    if kind not in switched_on(contest):
        return
    if kind == REMINDER:
        _remind(session, round_, "start", now)
        return
    voters = _reachable(session, round_.contest_id)
    if kind == CLOSING:
        voted = _voted(session, round_)
        voters = [voter for voter in voters if voter.id in voted]
    # A round that is opened again is closed again, and then the receipts are others.
    moment = round_.closed_at if kind == CLOSING else None
    occasion = f"{kind}:{round_.id}" + (f":{moment:%Y%m%d%H%M%S}" if moment else "")
    _queue_all(session, voters, kind, occasion, now, round_=round_)


def remind(session: Session, now: datetime) -> None:
    """Queue the reminders that are due in the middle and on the last day.

    However late it is asked, only the last of those that are due goes out.
    """
    for round_ in session.scalars(
        select(Round)
        .join(Contest, Contest.id == Round.contest_id)
        .where(
            Round.phase == Phase.OPEN,
            Round.closes_at.is_not(None),
            Contest.notices.contains(f'"{REMINDER}"'),
        )
    ).all():
        moment = due_reminder(round_, now)
        if moment is not None and not _reminded_since(session, round_, now - _APART):
            _remind(session, round_, moment, now)


def remind_now(
    session: Session, contest: Contest, now: datetime, *, dry_run: bool = False
) -> int:
    """Queue a reminder to all who have not voted in the round that runs.

    Returns:
        To how many.

    Raises:
        NoticeError: no round takes ballots, or people were reminded a while ago.
    """
    round_ = running(session, contest)
    if round_ is None:
        raise NoticeError(_NO_BALLOTS)
    voters = whom_to_remind(session, contest, round_, now)
    if not dry_run:
        occasion = f"{REMINDER}:{round_.id}:asked:{now:%Y%m%d%H%M%S}"
        _queue_all(session, voters, REMINDER, occasion, now, round_=round_)
    return len(voters)


def running(session: Session, contest: Contest) -> Round | None:
    """Return the round that is open, if one is. One statement."""
    return session.scalar(
        select(Round).where(Round.contest_id == contest.id, Round.phase == Phase.OPEN)
    )


def whom_to_remind(
    session: Session, contest: Contest, round_: Round, now: datetime
) -> list[Voter]:
    """List whom a reminder of an open round would go to.

    Raises:
        NoticeError: it takes no ballots, or people were reminded a while ago.
    """
    if not round_.is_voting(now):
        raise NoticeError(_NO_BALLOTS)
    last = _reminded_since(session, round_, now - _APART)
    if last is not None:
        raise NoticeError(
            f"Reminders left on {dates.told(last, contest.zone)}. The next can leave "
            f"from {dates.told(last + _APART, contest.zone)} on."
        )
    return _without_a_vote(session, round_)


def _reminded_since(
    session: Session, round_: Round, moment: datetime
) -> datetime | None:
    """Return when people were last reminded of a round, if it was after a moment."""
    return session.scalar(
        select(func.max(Message.created_at)).where(
            Message.round_id == round_.id,
            Message.kind == REMINDER,
            Message.created_at > moment,
        )
    )


def next_reminder(round_: Round, now: datetime) -> datetime | None:
    """Return when an open round's next reminder goes out by itself, if one does."""
    if round_.phase is not Phase.OPEN:
        return None
    return next((moment for moment in _moments(round_).values() if moment > now), None)


def due_reminder(round_: Round, now: datetime) -> str | None:
    """Name the reminder of an open round that is due: the middle's, or the last day's.

    A round that is extended has another last day.
    """
    if not round_.is_voting(now):
        return None
    begun = [name for name, moment in _moments(round_).items() if moment <= now]
    return begun[-1] if begun else None


def _moments(round_: Round) -> dict[str, datetime]:
    """Name a round's reminders and when each is due, the first first."""
    if round_.closes_at is None:
        return {}
    length = round_.closes_at - round_.opened_at
    moments = {}
    if length >= _LONG_ENOUGH_FOR_MIDDLE:
        moments["middle"] = round_.opened_at + length / 2
    if length >= _LONG_ENOUGH_FOR_LAST:
        moments[f"last:{round_.closes_at:%Y%m%d%H%M}"] = round_.closes_at - _LAST_DAY
    return moments


def _without_a_vote(session: Session, round_: Round) -> list[Voter]:
    """List who can be reached and has not voted, and whose vote would count."""
    voted = _voted(session, round_)
    own = recusals.own_of_all(session, round_)
    return [
        voter
        for voter in _reachable(session, round_.contest_id)
        if voter.id not in voted
        and voter.weight > 0
        and (voter.id not in own or own[voter.id].counts)
    ]


def _remind(session: Session, round_: Round, moment: str, now: datetime) -> None:
    voters = _without_a_vote(session, round_)
    occasion = f"{REMINDER}:{round_.id}:{moment}"
    _queue_all(session, voters, REMINDER, occasion, now, round_=round_)


def _voted(session: Session, round_: Round) -> set[int | None]:
    """Return who has a ballot that says something. One statement."""
    return set(
        session.scalars(
            select(Ballot.voter_id).where(
                Ballot.round_id == round_.id, Ballot.choice != "[]"
            )
        )
    )


def _has_voted(session: Session, round_: Round, voter: Voter) -> bool:
    """Tell whether a voter has a ballot that says something. One statement."""
    ballot = exists().where(
        Ballot.round_id == round_.id,
        Ballot.voter_id == voter.id,
        Ballot.choice != "[]",
    )
    return bool(session.scalar(select(ballot)))


def _reachable(session: Session, contest_id: int) -> list[Voter]:
    return [
        voter
        for voter in queries.voters(session, contest_id)
        if voter.person.email and not voter.no_mail
    ]


# ---------- what organisers are told


@dataclass(frozen=True)
class Waiting:
    """What a contest's organisers have to do, by number."""

    questions: int
    wishes: int
    rounds: int

    def __bool__(self) -> bool:
        """Tell whether anything waits."""
        return bool(self.questions or self.wishes or self.rounds)

    @property
    def told(self) -> list[str]:
        """Say it, a line each; in no words of those who wait."""
        return [
            f"{number} {one if number == 1 else many}"
            for number, one, many in (
                (self.questions, "question of a voter", "questions of voters"),
                (self.wishes, "person asks to join", "people ask to join"),
                (self.rounds, "round that is closed and not counted", "rounds"),
            )
            if number
        ]


def waiting(session: Session, contest_id: int) -> Waiting:
    """Count what waits for the organisers of a contest. One statement."""
    row = session.execute(
        select(
            select(func.count(Question.id))
            .where(Question.contest_id == contest_id, Question.answered_at.is_(None))
            .scalar_subquery(),
            select(func.count(JoinRequest.person_id))
            .where(
                JoinRequest.contest_id == contest_id, JoinRequest.declined.is_(False)
            )
            .scalar_subquery(),
            select(func.count(Round.id))
            .where(Round.contest_id == contest_id, Round.phase == Phase.CLOSED)
            .scalar_subquery(),
        )
    ).one()
    return Waiting(*row)


def tell_organisers(session: Session, contest: Contest, now: datetime) -> None:
    """Queue for whoever runs a contest that something waits: with the next full hour.

    However much comes until then, it is one mail, and says what waits when it leaves.
    """
    if WAITING not in switched_on(contest):
        return
    hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    told = [
        {
            "kind": WAITING,
            "occasion": f"{WAITING}:{contest.id}:{hour:%Y%m%d%H}",
            "person_id": person.id,
            "contest_id": contest.id,
            "state": MessageState.QUEUED,
            "tries": 0,
            "reason": "",
            "created_at": now,
            "next_at": hour,
        }
        for person in _who_runs(session, contest.id)
    ]
    if told:
        # Two voters may ask at once, and neither shall be refused for that.
        insert = insert_into(session, Message).values(told)
        session.execute(
            insert.on_conflict_do_nothing(index_elements=["person_id", "occasion"])
        )


def _who_runs(session: Session, contest_id: int) -> Sequence[Person]:
    """List who runs a contest and can be reached by mail; observers do not."""
    return session.scalars(
        select(Person)
        .join(Organiser, Organiser.person_id == Person.id)
        .where(
            Organiser.contest_id == contest_id,
            Organiser.role != Role.OBSERVER,
            Person.email.is_not(None),
        )
        .order_by(Person.id)
    ).all()


# ---------- what is asked for


def invite(
    session: Session, contest: Contest, now: datetime, *, dry_run: bool = False
) -> Invited:
    """Queue an invitation to everybody who was sent none yet.

    One that failed is not sent again by this: that is what `send_again` is for.
    """
    voters = queries.voters(session, contest.id)
    occasion = f"{INVITATION}:{contest.id}"
    known = {
        message.person_id: message
        for message in session.scalars(
            select(Message).where(Message.occasion == occasion)
        )
    }
    wanted = [v for v in voters if v.person.email and not v.no_mail]
    new = [voter for voter in wanted if voter.person_id not in known]
    sent = [known[v.person_id] for v in wanted if v.person_id in known]
    # They wanted none when it was to leave, and want it now.
    dropped = [message for message in sent if message.state is MessageState.DROPPED]
    failed = sum(message.state in _TROUBLE for message in sent)
    if not dry_run:
        _queue_all(session, new, INVITATION, occasion, now)
        for message in dropped:
            _requeue(message, now)
    return Invited(
        queued=len(new) + len(dropped),
        before=len(sent) - len(dropped) - failed,
        failed=failed,
        without_address=sum(not voter.person.email for voter in voters),
        unwanted=sum(bool(v.person.email) and v.no_mail for v in voters),
    )


def invite_one(session: Session, voter: Voter, now: datetime) -> None:
    """Queue the invitation of somebody who has just been let in."""
    if voter.person.email and not voter.no_mail:
        occasion = f"{INVITATION}:{voter.contest_id}"
        _queue_all(session, [voter], INVITATION, occasion, now)


def queue_receipt(
    session: Session, round_: Round, voter: Voter, rev: int, now: datetime
) -> None:
    """Queue a receipt of a voter's ballot as it is, for themselves.

    Raises:
        NoticeError: there is no address to send it to.
    """
    if not voter.person.email:
        raise NoticeError("No e-mail address of yours is known here.")
    occasion = f"{RECEIPT}:{round_.id}:{rev}"
    known = session.scalar(
        select(Message).where(
            Message.person_id == voter.person_id, Message.occasion == occasion
        )
    )
    if known is not None:
        _requeue(known, now)
    else:
        _queue_all(session, [voter], RECEIPT, occasion, now, round_=round_)


def queue_answer(
    session: Session, voter: Voter, question: Question, now: datetime
) -> bool:
    """Queue the answer to a question for its asker; tell whether it is to be sent.

    One that is changed is another answer, and is sent once more.
    """
    if not voter.person.email or voter.no_mail:
        return False
    _queue_all(session, [voter], ANSWER, _occasion_of(question), now)
    return True


def _occasion_of(question: Question) -> str:
    return f"{ANSWER}:{question.id}:{question.answered_at:%Y%m%d%H%M%S%f}"


def answered(session: Session, message: Message) -> Question | None:
    """Return the question whose answer a message brings, if it still stands."""
    question = session.get(Question, int(message.occasion.split(":")[1]))
    if question is None or _occasion_of(question) != message.occasion:
        return None
    return question


def queue_sign_in(session: Session, request: LinkRequest, now: datetime) -> None:
    """Queue the answer to a request for a link, if the address is somebody's."""
    person = link_requests.addressee(session, request)
    occasion = f"{SIGN_IN}:{request.id}"
    if person is None or person.id in _addressed(session, occasion):
        return
    session.add(
        Message(
            kind=SIGN_IN,
            occasion=occasion,
            person_id=person.id,
            request_id=request.id,
            state=MessageState.QUEUED,
            created_at=now,
            next_at=now,
        )
    )
    session.flush()


def _queue_all(
    session: Session,
    voters: Iterable[Voter],
    kind: str,
    occasion: str,
    now: datetime,
    *,
    round_: Round | None = None,
) -> None:
    """Queue one message for each, but never two of one occasion."""
    known = _addressed(session, occasion)
    session.add_all(
        Message(
            kind=kind,
            occasion=occasion,
            person_id=voter.person_id,
            contest_id=voter.contest_id,
            round_id=None if round_ is None else round_.id,
            state=MessageState.QUEUED,
            created_at=now,
            next_at=now,
        )
        for voter in voters
        if voter.person_id not in known
    )
    session.flush()


def _addressed(session: Session, occasion: str) -> set[int]:
    return set(
        session.scalars(select(Message.person_id).where(Message.occasion == occasion))
    )


# ---------- the queue


def claim(session: Session, now: datetime) -> Message | None:
    """Take the next message that is due, so that nobody else sends it meanwhile.

    Whoever takes it and dies leaves it to others after a while: a mail may then come
    twice, but none is lost. Loads what `why_not` and its words want.
    """
    due = (
        select(Message.id)
        .where(
            Message.state.in_([MessageState.QUEUED, MessageState.FAILED]),
            Message.next_at <= now,
        )
        .order_by(case((Message.kind.in_(_FIRST), 0), else_=1), Message.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    id_ = session.scalar(due)
    if id_ is None:
        return None
    session.execute(
        update(Message)
        .where(Message.id == id_)
        .values(next_at=now + _LEASE, tries=Message.tries + 1)
    )
    return session.scalars(
        select(Message)
        .where(Message.id == id_)
        .options(
            joinedload(Message.person),
            joinedload(Message.contest),
            joinedload(Message.round_),
            joinedload(Message.request),
        )
        .execution_options(populate_existing=True)
    ).one()


def put_off(message: Message, now: datetime) -> bool:
    """Let a reminder wait while its round is paused; tell whether it does."""
    round_ = message.round_
    if message.kind != REMINDER or round_ is None or not round_.is_paused(now):
        return False
    message.next_at = round_.paused_until or now + _LOOK_AGAIN
    message.tries -= 1
    return True


def voter_of(session: Session, message: Message) -> Voter | None:
    """Return whom a message is for, as a voter of its contest."""
    if message.contest_id is None:
        return None
    return queries.voter_of(session, message.contest_id, message.person_id)


def why_not(session: Session, message: Message, now: datetime) -> str:
    """Say why a message is not needed any more; "" if it is."""
    if message.kind in {SIGN_IN, WAITING}:
        return _why_no_voter_is_told(session, message, now)
    voter = voter_of(session, message)
    if voter is None:
        return "They may not vote any more."
    if not message.person.email:
        return "There is no address any more."
    if voter.no_mail and message.kind != RECEIPT:
        return "They asked for no more mail."
    if message.kind == ANSWER:
        return "" if answered(session, message) else "It was answered anew."
    return _why_not_now(session, message.kind, message.round_, voter, now)


def _why_no_voter_is_told(session: Session, message: Message, now: datetime) -> str:
    """Say why neither a link nor what waits for organisers is needed any more."""
    if message.kind == SIGN_IN:
        request = message.request
        live = request is not None and link_requests.is_live(request, now)
        return "" if live else "The link would have been too old."
    contest_id = message.contest_id or 0
    if message.person not in _who_runs(session, contest_id):
        return "They do not run the contest any more."
    return "" if waiting(session, contest_id) else "Nothing waits any more."


def _why_not_now(
    session: Session, kind: str, round_: Round | None, voter: Voter, now: datetime
) -> str:
    """Say why nobody needs to be told of a round what they were to be told."""
    if round_ is None:
        return ""
    if kind == RESULTS:
        return "" if round_.phase is Phase.PUBLISHED else "It is not published."
    has_voted = _has_voted(session, round_, voter)
    if kind == REMINDER:
        if not round_.is_voting(now):
            return "The round is not open any more."
        return "They have voted." if has_voted else ""
    if kind == CLOSING and round_.phase is Phase.OPEN:
        return "The round is open again."
    # Sealed, or the ballot was emptied: there is nothing to tell.
    return "" if has_voted else "There is no such ballot."


def note_sent(message: Message, now: datetime) -> None:
    """Write down that a message left."""
    message.state, message.sent_at, message.reason = MessageState.SENT, now, ""


def note_dropped(message: Message, reason: str) -> None:
    """Write down that a message is not needed."""
    message.state, message.reason = MessageState.DROPPED, reason


def note_failed(
    message: Message, reason: str, now: datetime, *, for_good: bool
) -> None:
    """Write down that a try failed, and when the next one is, if there is one."""
    message.reason = reason
    if for_good or message.tries > len(_WAITS):
        message.state = MessageState.GIVEN_UP
        return
    message.state = MessageState.FAILED
    message.next_at = now + _WAITS[message.tries - 1]


def messages(session: Session, contest_id: int) -> Sequence[Message]:
    """List a contest's messages, those in trouble first, then the newest.

    Links that voters of the contest asked for are among them. One statement.
    """
    voters = select(Voter.person_id).where(Voter.contest_id == contest_id)
    trouble = case(
        (Message.state == MessageState.GIVEN_UP, 0),
        (Message.state == MessageState.FAILED, 1),
        (Message.state == MessageState.QUEUED, 2),
        else_=3,
    )
    return session.scalars(
        select(Message)
        .where(
            or_(
                Message.contest_id == contest_id,
                and_(Message.contest_id.is_(None), Message.person_id.in_(voters)),
            )
        )
        .options(joinedload(Message.person))
        .order_by(trouble, Message.id.desc())
    ).all()


def in_trouble(session: Session, contest_id: int) -> int:
    """Count the messages of a contest that did not leave. One statement."""
    return (
        session.scalar(
            select(func.count(Message.id)).where(
                Message.contest_id == contest_id,
                Message.state.in_(_TROUBLE),
            )
        )
        or 0
    )


def send_again(
    session: Session,
    contest: Contest,
    now: datetime,
    ids: Collection[int] | None = None,
) -> int:
    """Queue messages of a contest once more; without `ids` all that failed.

    Returns:
        How many. A link to sign in with is none of them: it would be too old.

    Raises:
        NoticeError: one of `ids` cannot be sent again.
    """
    found = [m for m in messages(session, contest.id) if m.kind != SIGN_IN]
    if ids is None:
        chosen = [message for message in found if message.state in _TROUBLE]
    else:
        chosen = [message for message in found if message.id in ids]
        if len(chosen) != len(set(ids)):
            raise NoticeError(
                "There is no such message that could be sent again. A link to sign in "
                "with is asked for anew."
            )
    for message in chosen:
        _requeue(message, now)
    session.flush()
    return len(chosen)


def _requeue(message: Message, now: datetime) -> None:
    message.state, message.tries, message.next_at = MessageState.QUEUED, 0, now


def forget(session: Session, round_: Round) -> None:
    """Delete the messages of a round, for who was told what tells who has voted.

    And those that brought answers, which are forgotten with the questions. Invitations
    stay: they tell nothing, and nobody is to be invited twice.
    """
    session.execute(
        delete(Message).where(
            or_(
                Message.round_id == round_.id,
                and_(Message.contest_id == round_.contest_id, Message.kind == ANSWER),
            )
        )
    )


# ---------- no more of it


def stop_token(secret: str, voter: Voter) -> str:
    """Return what stands in the link with which a voter asks for no more mail."""
    text = f"logovote-stop-v1\0{voter.id}"
    if voter.generation >= FIRST_GENERATION:
        # Their number may have been that of somebody who was removed.
        text += f"\0{voter.person_id}"
    mac = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()[:40]
    return f"{voter.id}-{mac}"


def voter_by_stop_token(session: Session, secret: str, token: str) -> Voter | None:
    """Return whose token it is, with person, or None."""
    voter = invitations.voter_numbered(session, token.partition("-")[0])
    if voter is None or not hmac.compare_digest(
        token.encode(), stop_token(secret, voter).encode()
    ):
        return None
    return voter

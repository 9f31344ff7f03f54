"""Mail, from the organiser: invitations, what goes out by itself, how it fared."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue

from logovote.contest import notices
from logovote.contest.contests import contest_by_slug
from logovote.contest.notices import NoticeError
from logovote.settings import is_local
from logovote.store.models import Contest, Message, MessageState
from logovote.web import forms
from logovote.web.context import db, now, site
from logovote.web.guards import organiser_only
from logovote.web.organise import meanwhile
from logovote.web.organise.room import back_to, bp

_NAMES = {
    notices.SIGN_IN: "Link to sign in",
    notices.INVITATION: "Invitation",
    notices.RECEIPT: "Receipt",
    notices.REMINDER: "Reminder",
    notices.CLOSING: "Closing, with receipt",
    notices.RESULTS: "Result",
    notices.ANSWER: "Answer to a question",
    notices.WAITING: "What waits for organisers",
}
_SWITCHES = {
    notices.REMINDER: (
        "Reminders, when a round opens, in its middle and on its last day, to those "
        "who have not voted"
    ),
    notices.CLOSING: "The closing of a round, to those who voted, with their receipt",
    notices.RESULTS: "The publication of a result, to everybody",
    notices.WAITING: (
        "What waits for organisers, to them, once an hour at most: questions of "
        "voters, people who ask to join, a round that has ended"
    ),
}
_BADGES = {
    MessageState.SENT: "badge-done",
    MessageState.FAILED: "badge-alarm",
    MessageState.GIVEN_UP: "badge-alarm",
    MessageState.QUEUED: "badge-now",
}
_SHOWN = 200


@dataclass(frozen=True)
class Line:
    """A message as the organiser's table shows it."""

    id: int
    who: str
    name: str
    kind: str
    state: str
    badge: str
    at: datetime
    reason: str
    next_at: datetime | None
    again: bool


@bp.get("/<slug>/mail")
@organiser_only
def mail(slug: str) -> str:
    """Show the messages, those in trouble first, and what can be done."""
    contest = contest_by_slug(db(), slug)
    found = notices.messages(db(), contest.id)
    find = request.args.get("find", "").strip()
    listed = [message for message in found if _is_of(message, find.casefold())]
    counts = Counter(message.state for message in found)
    settings = site().settings
    return render_template(
        "organise/mail.html",
        contest=contest,
        find=find,
        lines=[_line(message) for message in listed[:_SHOWN]],
        more=max(len(listed) - _SHOWN, 0),
        counts=[(state.value, counts[state]) for state in MessageState],
        troubled=counts[MessageState.FAILED] + counts[MessageState.GIVEN_UP],
        invited=notices.invite(db(), contest, now(), dry_run=True),
        switches=[
            (kind, text, kind in notices.switched_on(contest))
            for kind, text in _SWITCHES.items()
        ],
        shown=meanwhile.sum_up(contest.notices),
        **_reminders(contest),
        is_log=site().jobs.postman.mailbox.is_log,
        only_here=is_local(settings.base_url),
    )


def _reminders(contest: Contest) -> dict[str, object]:
    """Say whom a reminder would reach now, and when the clock sends the next."""
    round_ = notices.running(db(), contest)
    if round_ is None:
        return {"open_round": False}
    number, why_not = 0, ""
    try:
        number = len(notices.whom_to_remind(db(), contest, round_, now()))
    except NoticeError as error:
        why_not = str(error)
    return {
        "open_round": True,
        "remind": number,
        "why_not": why_not,
        "next_reminder": notices.next_reminder(round_, now()),
        "reminds": notices.REMINDER in notices.switched_on(contest),
    }


def _is_of(message: Message, find: str) -> bool:
    """Tell whether a message is for whom somebody looks for, by name or address."""
    person = message.person
    return any(find in text.casefold() for text in (person.name, person.email or ""))


def _line(message: Message) -> Line:
    waits = message.state in {MessageState.FAILED, MessageState.QUEUED}
    return Line(
        id=message.id,
        who=message.person.email or message.person.key,
        name=message.person.name,
        kind=_NAMES[message.kind],
        state=message.state.value,
        badge=_BADGES.get(message.state, ""),
        at=message.sent_at or message.created_at,
        reason=message.reason,
        next_at=message.next_at if waits and message.tries else None,
        again=message.kind != notices.SIGN_IN,
    )


@bp.post("/<slug>/mail")
@organiser_only
def move_mail(slug: str) -> ResponseReturnValue:
    """Invite, switch what goes out by itself, or send once more."""
    contest = contest_by_slug(db(), slug)
    deed = request.form.get("do", "")
    if deed == "invite":
        invited = notices.invite(db(), contest, now())
        told = f"{invited.queued} {_plural('invitation', invited.queued)} on the way."
    elif deed == "switch":
        meanwhile.hold(contest)
        meanwhile.refuse_if_changed(meanwhile.sum_up(contest.notices))
        notices.switch(contest, request.form.getlist("on"))
        told = "Saved."
    elif deed == "remind":
        meanwhile.hold(contest)
        number = notices.remind_now(db(), contest, now())
        told = f"{number} {_plural('reminder', number)} on the way."
    elif deed == "retry":
        number = notices.send_again(db(), contest, now())
        told = f"{number} {_plural('mail', number)} on the way once more."
    elif deed.startswith("again-"):
        number = forms.parse_number(deed.removeprefix("again-")) or 0
        notices.send_again(db(), contest, now(), [number])
        told = "The mail is on the way once more."
    else:
        raise NoticeError("This page was changed meanwhile. Load it again.")
    db().commit()
    site().jobs.deliver()
    flash(told, "success")
    return back_to("organise.mail", slug=slug)


def _plural(noun: str, number: int) -> str:
    return f"{noun} is" if number == 1 else f"{noun}s are"

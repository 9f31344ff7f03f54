"""Signing in and out. Opening a link shows a button; only pressing it signs in."""

from __future__ import annotations

from http import HTTPStatus

from flask import (
    Blueprint,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from logovote.contest import (
    identities,
    invitations,
    joining,
    limits,
    link_requests,
    signing_in,
    standing,
    tokens,
)
from logovote.contest.contests import contest_by_slug
from logovote.contest.link_requests import AddressError
from logovote.contest.signing_in import SESSION_LIFETIME
from logovote.contest.tokens import TokenError
from logovote.store import queries
from logovote.store.models import Contest, LinkRequest, Person
from logovote.web import context, forms
from logovote.web.context import current_person, db, now, site
from logovote.web.guards import signed_in

bp = Blueprint("accounts", __name__)


@bp.get("/sign-in")
def sign_in() -> str:
    """Say how to get in."""
    return _sign_in_page()


def _sign_in_page(address: str = "", error: str = "") -> str:
    errors = {"email": error} if error else {}
    return render_template(
        "accounts/sign_in.html",
        address=address,
        errors=errors,
        join=request.form.get("join"),
    )


@bp.post("/sign-in")
def ask() -> ResponseReturnValue:
    """Send a link to an address, if somebody here has it; the answer does not tell."""
    typed = request.form.get("email", "")
    try:
        address = link_requests.parse_address(typed)
    except AddressError as error:
        return _sign_in_page(typed, str(error)), HTTPStatus.UNPROCESSABLE_ENTITY
    _take("link-network", context.household())
    _take("link", address)
    # Nothing more is done here for an address that is known than for one that is not:
    # not even the time an answer takes says which it is.
    asked = link_requests.ask(
        db(),
        address,
        context.note_asking(address),
        now(),
        contest_id=_to_join(request.form.get("join"), address),
    )
    db().commit()
    site().jobs.answer(asked.id)
    return redirect(url_for("accounts.sent"), code=HTTPStatus.SEE_OTHER)


def _to_join(slug: str | None, address: str) -> int | None:
    """Return the contest that a stranger wants to join, if they may with an address."""
    if slug is None:
        return None
    contest = contest_by_slug(db(), slug)
    return contest.id if joining.terms_of(contest).may_ask(address) else None


def _take(kind: str, subject: str) -> None:
    limits.take(db(), site().settings.secret_key, kind, subject, now())


@bp.get("/sign-in/sent")
def sent() -> ResponseReturnValue:
    """Ask for the code that the mail brings."""
    address = context.asked_with()
    if address is None:
        return redirect(url_for("accounts.sign_in"))
    return _sent_page(address)


def _sent_page(address: str, error: str = "") -> str:
    return render_template(
        "accounts/sent.html",
        address=address,
        minutes=_minutes(),
        errors={"code": error} if error else {},
        is_log=site().jobs.postman.mailbox.is_log,
    )


def _minutes() -> int:
    return round(link_requests.LIFETIME.total_seconds() / 60)


@bp.post("/sign-in/code")
def code() -> ResponseReturnValue:
    """Sign in whoever types the code where it was asked for."""
    address = context.asked_with()
    if address is None:
        return redirect(url_for("accounts.sign_in"), code=HTTPStatus.SEE_OTHER)
    secret = site().settings.secret_key
    asked = link_requests.of_browser(db(), context.asking_browser(), now())
    guards = [("code-network", context.household())]
    guards += [("code", each.email) for each in asked]
    for kind, subject in guards:
        limits.check(db(), secret, kind, subject, now())
    found = link_requests.by_code(
        db(), secret, asked, request.form.get("code", ""), now()
    )
    if found is not None:
        return _enter_by_mail(found)
    # Wrong: it is counted, whatever else becomes of this.
    for kind, subject in dict.fromkeys(guards):
        _take(kind, subject)
    left = link_requests.of_browser(db(), context.asking_browser(), now())
    db().commit()
    error = (
        "That is not the code. Type the six digits of the newest mail."
        if left
        else "That code is too old, or too many wrong ones were typed. Ask for a new "
        "mail."
    )
    return _sent_page(address, error), HTTPStatus.UNPROCESSABLE_ENTITY


@bp.get("/m/<token>")
def link(token: str) -> ResponseReturnValue:
    """Show a button where the link was asked for, and a code anywhere else."""
    asked = link_requests.by_token(db(), token, now(), hold=False)
    if asked is None or asked.person is None:
        return _unusable("accounts/mail_link_problem.html")
    if not link_requests.is_from(asked, context.asking_browser()):
        return _code_page(token)
    return render_template(
        "accounts/invitation.html",
        person=asked.person,
        title="",
        about="",
        action=url_for("accounts.use_link", token=token),
    )


@bp.post("/m/<token>")
def use_link(token: str) -> ResponseReturnValue:
    """Sign in where the link was asked for, and nowhere else."""
    asked = link_requests.by_token(db(), token, now(), hold=True)
    if asked is None or asked.person is None:
        return _unusable("accounts/mail_link_problem.html")
    if not link_requests.is_from(asked, context.asking_browser()):
        return make_response(_code_page(token), HTTPStatus.FORBIDDEN)
    return _enter_by_mail(asked)


def _code_page(token: str) -> str:
    digits = link_requests.code_of(token)
    return render_template(
        "accounts/code.html", code=f"{digits[:3]} {digits[3:]}", minutes=_minutes()
    )


def _enter_by_mail(asked: LinkRequest) -> ResponseReturnValue:
    return _enter(link_requests.use(db(), asked, now()))


def _enter(
    person: Person, front: str | None = None, *, only: str | None = None
) -> ResponseReturnValue:
    """Begin a session, and lead to where its owner was, or may want to go."""
    # Who was signed out in the middle goes on where they were.
    page = context.page_asked_for(front or "/") or front or _front_of(person)
    # A session that is good for more stays: an organiser may vote by their own link.
    if person != current_person() or not (
        only and context.current_standing().may_vote_in(only)
    ):
        context.end_earlier(db())
        token = signing_in.begin_session(db(), person, now(), only=only)
        context.sign_in(person, token)
        db().commit()
    return redirect(page, code=HTTPStatus.SEE_OTHER)


def enter_person(person_id: int) -> ResponseReturnValue:
    """Sign in whom another site vouched for.

    It takes a writing session of its own: the request that comes back is a GET.
    """
    with site().store.database.write() as session:
        context.end_earlier(session)
        token = signing_in.begin_session(
            session, session.get_one(Person, person_id), now()
        )
        session.commit()
    person = db().get_one(Person, person_id)
    page = context.page_asked_for() or _front_of(person)
    context.sign_in(person, token)
    return redirect(page, code=HTTPStatus.SEE_OTHER)


def _front_of(person: Person) -> str:
    """Return the page where somebody most likely has something to do."""
    if standing.standing_of(db(), person).organises:
        return url_for("organise.index")
    own = [
        contest
        for contest in queries.contests(db())
        if queries.voter_of(db(), contest.id, person.id) is not None
    ]
    if len(own) == 1:
        return url_for("contests.show", slug=own[0].slug)
    return url_for("home.index")


_NOT_BY_LINK = (
    "You came by an invitation link, which is for voting alone: whoever organises the "
    "contest has it, too. Sign out, and sign in with your address or account."
)


@bp.get("/account")
@signed_in
def account() -> str:
    """Show who the visitor is here, and where they are signed in."""
    return _account_page()


@bp.post("/account/tokens")
@signed_in
def move_token() -> ResponseReturnValue:
    """Make a token for a program, which is shown this once, or take one back."""
    person = current_person() or abort(HTTPStatus.UNAUTHORIZED)
    if context.current_standing().only is not None:
        return _account_page(error=_NOT_BY_LINK), HTTPStatus.UNPROCESSABLE_ENTITY
    deed, _, number = request.form.get("do", "").partition(":")
    if deed == "take-back":
        token = tokens.take_back(db(), person, forms.parse_number(number) or 0)
        db().commit()
        flash(f"The token “{token.name}” works no more.", "success")
        return redirect(url_for("accounts.account"), code=HTTPStatus.SEE_OTHER)
    try:
        _, text = tokens.new_token(
            db(),
            person,
            request.form.get("name", ""),
            now(),
            writes=request.form.get("scope") == "write",
            days=forms.parse_number(request.form.get("days", "")) or 0,
        )
        _take("token", str(person.id))
    except TokenError as error:
        return _account_page(error=str(error)), HTTPStatus.UNPROCESSABLE_ENTITY
    db().commit()
    return _account_page(new_token=text)


def _account_page(*, new_token: str = "", error: str = "") -> str:
    person = current_person() or abort(HTTPStatus.UNAUTHORIZED)
    only = context.current_standing().only
    return render_template(
        "accounts/account.html",
        person=person,
        not_by_link=_NOT_BY_LINK if only else "",
        tokens=[] if only else tokens.tokens_of(db(), person),
        now=now(),
        new_token=new_token,
        errors={"name": error} if error else {},
        default_days=tokens.DEFAULT_DAYS,
        longest_days=tokens.LONGEST_DAYS,
        identities=[] if only else identities.of_person(db(), person),
        sessions=signing_in.open_sessions(db(), person, now(), only=only),
        days=SESSION_LIFETIME.days,
    )


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End this session for good, wherever its cookie may have been copied to."""
    context.sign_out()
    db().commit()
    flash("You are signed out.", "success")
    return redirect(url_for("home.index"), code=HTTPStatus.SEE_OTHER)


@bp.post("/sign-out/everywhere")
@signed_in
def sign_out_everywhere() -> ResponseReturnValue:
    """End every session of the visitor, this one too, and what programs may do.

    Whoever came by an invitation ends what such links began, and nothing else: it may
    be somebody who has the link only.
    """
    person = current_person() or abort(HTTPStatus.UNAUTHORIZED)
    only = context.current_standing().only
    signing_in.end_all_sessions(db(), person, now(), only=only)
    taken = 0 if only else tokens.take_back_all(db(), person)
    context.sign_out()
    db().commit()
    told = "You are signed out on every device."
    if taken:
        told += f" {taken} {'token works' if taken == 1 else 'tokens work'} no more."
    flash(told, "success")
    return redirect(url_for("home.index"), code=HTTPStatus.SEE_OTHER)


@bp.get("/i/<token>")
def invitation(token: str) -> ResponseReturnValue:
    """Show who the link is for; mail scanners open links, so this changes nothing."""
    voter = invitations.voter_by_invitation(db(), site().settings.secret_key, token)
    if voter is None:
        return _unusable()
    contest = db().get_one(Contest, voter.contest_id)
    return render_template(
        "accounts/invitation.html",
        person=voter.person,
        title=contest.title,
        about=contest.about,
        action=url_for("accounts.accept", token=token),
    )


@bp.post("/i/<token>")
def accept(token: str) -> ResponseReturnValue:
    """Sign the invited voter in."""
    voter = invitations.voter_by_invitation(db(), site().settings.secret_key, token)
    if voter is None:
        return _unusable()
    contest = db().get_one(Contest, voter.contest_id)
    front = url_for("contests.show", slug=contest.slug)
    return _enter(voter.person, front, only=contest.slug)


@bp.get("/o/<token>")
def organiser_link(token: str) -> ResponseReturnValue:
    """Show an organiser's link without using it up."""
    found = signing_in.organiser_link(db(), token, now())
    if found is None:
        return _unusable()
    return render_template(
        "accounts/invitation.html",
        person=found.person,
        title="the organiser's room",
        about="",
        action=url_for("accounts.enter", token=token),
    )


@bp.post("/o/<token>")
def enter(token: str) -> ResponseReturnValue:
    """Sign the organiser in, and use the link up."""
    found = signing_in.organiser_link(db(), token, now(), hold=True)
    if found is None:
        return _unusable()
    page = context.page_asked_for() or url_for("organise.index")
    context.end_earlier(db())
    context.sign_in(found.person, signing_in.use_link(db(), found, now()))
    db().commit()
    return redirect(page, code=HTTPStatus.SEE_OTHER)


def _unusable(template: str = "accounts/link_problem.html") -> ResponseReturnValue:
    """Refuse a link without saying whether it ever worked."""
    return make_response(render_template(template), HTTPStatus.NOT_FOUND)

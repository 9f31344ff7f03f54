"""Organisers: who runs a contest, and how far each of them may go."""

from __future__ import annotations

from flask import abort, flash, render_template, request
from flask.typing import ResponseReturnValue

from logovote.contest import organisers as organisers_
from logovote.contest.contests import contest_by_slug
from logovote.contest.organisers import OrganiserError
from logovote.store.models import Contest, Role
from logovote.web.context import actor, current_person, db, now
from logovote.web.guards import owner_only
from logovote.web.organise.room import back_to, bp

ROLES = {
    Role.OWNER: (
        "Does everything, names other organisers, and may remove pictures for good."
    ),
    Role.ORGANISER: "Runs the contest: designs, people, rounds, results.",
    Role.OBSERVER: "Sees what organisers see, and changes nothing.",
}


@bp.get("/<slug>/organisers")
@owner_only
def organisers(slug: str) -> str:
    """Show who runs the contest, and the forms to change that."""
    return _page(contest_by_slug(db(), slug))


@bp.post("/<slug>/organisers")
@owner_only
def move_organiser(slug: str) -> ResponseReturnValue:
    """Name somebody, give them another role, or take it away."""
    contest = contest_by_slug(db(), slug)
    deed, _, known = request.form.get("do", "").partition(":")
    who = known or request.form.get("who", "")
    try:
        if deed == "remove":
            person = organisers_.remove(db(), contest, who, actor=actor(), now=now())
            told = f"{person.key} does not help to run this contest any more."
        elif deed in {"name", *(role.value for role in Role)}:
            role = request.form.get("role", "") if deed == "name" else deed
            named = organisers_.name(
                db(), contest, who, _role(role), actor=actor(), now=now()
            )
            person = named.person
            told = f"{person.key} is an {named.role.value} of this contest now."
        else:
            abort(400)
    except OrganiserError as error:
        return _page(contest, error=str(error), who=who), 422
    db().commit()
    flash(told, "success")
    if person == current_person():
        # Who gave up the own role may not be let in there any more.
        return back_to("home.index")
    return back_to("organise.organisers", slug=slug)


def _role(text: str) -> Role:
    """Read a role from the form."""
    try:
        return Role(text)
    except ValueError as error:
        raise OrganiserError("Choose one of the three roles.") from error


def _page(contest: Contest, *, error: str = "", who: str = "") -> str:
    return render_template(
        "organise/organisers.html",
        contest=contest,
        organisers=organisers_.organisers(db(), contest),
        roles=[(role.value, text) for role, text in ROLES.items()],
        errors={"who": error} if error else {},
        who=who,
    )

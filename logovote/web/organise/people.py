"""People: who may vote, in which group, and the links to send them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from http import HTTPStatus

from flask import Response, flash, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from logovote.contest import handoff, invitations, joining, recusals, recusing, roll
from logovote.contest import people as people_
from logovote.contest.contests import contest_by_slug
from logovote.contest.people import PeopleError, RowReport
from logovote.errors import LogovoteError
from logovote.ingest.manifests import decoded
from logovote.settings import is_local
from logovote.store import queries
from logovote.store.models import Contest, Phase, Role, Voter
from logovote.web.context import actor, current_standing, db, now, site
from logovote.web.guards import organiser_only, require
from logovote.web.organise import meanwhile
from logovote.web.organise.meanwhile import MeanwhileError
from logovote.web.organise.room import back_to, bp

_SHARES_CHANGED = (
    "Below is what you typed, beside the shares as they are now. Save once more to put "
    "yours in their place."
)


@dataclass(frozen=True)
class Invited:
    """A voter as the organiser's table shows them."""

    who: str
    name: str
    group: str
    weight: str
    link: str


@bp.get("/<slug>/people")
@organiser_only
def people(slug: str) -> str:
    """Show everybody, their links, and the forms."""
    return _page(contest_by_slug(db(), slug))


@bp.post("/<slug>/people")
@organiser_only
def import_people(slug: str) -> ResponseReturnValue:
    """Add the people of an uploaded or pasted list; a dry run adds nobody."""
    contest = contest_by_slug(db(), slug)
    pasted = request.form.get("pasted", "")
    uploaded = request.files.get("file")
    data = uploaded.read() if uploaded and uploaded.filename else pasted.encode()
    if not data.strip():
        return _page(contest, errors={"pasted": "Choose a file or paste a list."}), 422
    dry_run = request.form.get("do") == "dry-run"
    group = request.form.get("group", "").strip()
    try:
        rows = people_.read_people(data, group)
        reports = people_.import_people(
            db(),
            contest,
            rows,
            trusted=current_standing().keeper,
            actor=actor(),
            now=now(),
        )
    except LogovoteError as error:
        return _page(contest, errors={"pasted": str(error)}, pasted=pasted), 422
    if dry_run:
        db().rollback()
        contest = contest_by_slug(db(), slug)
        return _page(contest, reports=reports, pasted=decoded(data))
    db().commit()
    counts = Counter(report.status for report in reports)
    told = ", ".join(f"{number} {status}" for status, number in counts.items())
    refused = [report for report in reports if report.status == "refused"]
    if refused:
        return _page(contest, reports=reports, told=f"Imported: {told}.")
    flash(f"Imported: {told}.", "success")
    return back_to("organise.people", slug=slug)


@bp.post("/<slug>/groups")
@organiser_only
def set_groups(slug: str) -> ResponseReturnValue:
    """Set the groups' shares, each with its reason."""
    contest = contest_by_slug(db(), slug)
    meanwhile.hold(contest)
    try:
        meanwhile.refuse_if_changed(_groups_shown(contest), _SHARES_CHANGED)
    except MeanwhileError as error:
        page = _page(contest, errors={"groups": str(error)}, typed=request.form)
        return page, HTTPStatus.CONFLICT
    if name := request.form.get("remove"):
        people_.remove_group(db(), contest, name, actor=actor(), now=now())
        db().commit()
        flash(f"There is no group “{name}” any more.", "success")
        return back_to("organise.people", slug=slug, _anchor="groups")
    shares: dict[str, Fraction | None] = {}
    reasons: dict[str, str] = {}
    for group in queries.groups(db(), contest.id):
        # A group that came after the page was shown has no fields: it stays as it is.
        if (reason := request.form.get(f"reason-{group.id}")) is not None:
            reasons[group.name] = reason.strip()
        if (text := request.form.get(f"share-{group.id}")) is not None:
            shares[group.name] = people_.parse_share(text) if text.strip() else None
    people_.set_shares(db(), contest, shares, reasons, actor=actor(), now=now())
    db().commit()
    flash("Shares and reasons are saved.", "success")
    return back_to("organise.people", slug=slug)


@bp.post("/<slug>/people/designers")
@organiser_only
def recuse(slug: str) -> ResponseReturnValue:
    """Mark a voter as a designer, or take the marks back."""
    contest = contest_by_slug(db(), slug)
    who = request.form.get("who", "")
    if request.form.get("do") == "admit":
        voter = recusing.take_back(db(), contest, who, actor=actor(), now=now())
        told = "is not marked as a designer any more"
    else:
        of = request.form.get("designer", "")
        voter = recusing.recuse(db(), contest, who, of, actor=actor(), now=now())
        told = "is marked: votes for the own designs do not count"
    db().commit()
    flash(f"{voter.person.name or voter.person.key} {told}.", "success")
    return back_to("organise.people", slug=slug, _anchor="designers-title")


def _groups_shown(contest: Contest) -> str:
    groups = queries.groups(db(), contest.id)
    return meanwhile.sum_up(*((g.id, str(g.share), g.reason) for g in groups))


def _page(
    contest: Contest,
    *,
    reports: list[RowReport] | None = None,
    errors: dict[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    pasted: str = "",
    told: str = "",
) -> str:
    settings = site().settings
    voters = queries.voters(db(), contest.id)
    groups = people_.target_shares(db(), contest)
    filled = {voter.group_id for voter in voters}
    invited = [
        Invited(
            who=voter.person.key,
            name=voter.person.name,
            group=voter.group.name,
            weight=str(voter.weight),
            link="" if g.get("read_only") else _link(voter),
        )
        for voter in voters
    ]
    return render_template(
        "organise/people.html",
        contest=contest,
        invited=invited,
        groups=groups,
        empty=[group for group, _ in groups if group.id not in filled],
        recused=recusals.marked(db(), contest),
        reports=reports,
        errors=errors or {},
        typed=typed or {},
        shown=_groups_shown(contest),
        joining_shown=meanwhile.sum_up(contest.joining),
        pasted=pasted,
        group=request.form.get("group", ""),
        told=told,
        only_here=is_local(settings.base_url),
        terms=joining.terms_of(contest),
        waiting=joining.waiting(db(), contest.id),
        join_url=settings.base_url + url_for("joining.show", slug=contest.slug),
        frozen=queries.has_round_in(db(), contest.id, Phase.OPEN, Phase.CLOSED),
    )


@bp.get("/<slug>/people/links.csv")
@organiser_only
def links(slug: str) -> Response:
    """Hand out everybody's link as a table, for a mail merge.

    Not to observers: whoever has a link can vote with it.
    """
    require(slug, Role.ORGANISER)
    contest = contest_by_slug(db(), slug)
    rows = [["email", "github", "name", "group", "link"]]
    rows += [
        [
            voter.person.email or "",
            voter.person.github or "",
            voter.person.name,
            voter.group.name,
            _link(voter),
        ]
        for voter in queries.voters(db(), contest.id)
    ]
    return _csv(rows, f"{contest.slug}-links.csv")


@bp.get("/<slug>/people/people.csv")
@organiser_only
def people_csv(slug: str) -> Response:
    """Hand out everybody without their links, as an import takes them."""
    contest = contest_by_slug(db(), slug)
    return _csv([roll.COLUMNS, *roll.rows(db(), contest)], f"{slug}-people.csv")


def _csv(rows: Iterable[Sequence[object]], name: str) -> Response:
    text = handoff.table(rows)
    response = Response(text.encode("utf-8-sig"), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


@bp.post("/<slug>/people/change")
@organiser_only
def change_voter(slug: str) -> ResponseReturnValue:
    """Move a voter to another group, change their weight, or remove them."""
    contest = contest_by_slug(db(), slug)
    form = request.form
    who = form.get("changed", "")
    try:
        if form.get("do") == "remove":
            gone = roll.remove(db(), contest, who, now=now(), actor=actor())
            told = (
                f"{gone.name or gone.key} is off the list, and their link is no more."
            )
        else:
            voter = roll.change(
                db(),
                contest,
                who,
                group=form.get("changed-group", ""),
                weight=form.get("changed-weight", ""),
                now=now(),
                actor=actor(),
            )
            told = (
                f"{voter.person.name or voter.person.key} is in {voter.group.name}, "
                f"with weight {voter.weight}."
            )
    except LogovoteError as error:
        db().rollback()
        contest = contest_by_slug(db(), slug)
        errors = {"changed": str(error)}
        return _page(
            contest, errors=errors, typed=form
        ), HTTPStatus.UNPROCESSABLE_ENTITY
    db().commit()
    flash(told, "success")
    return back_to("organise.people", slug=slug, _anchor="links-title")


@bp.post("/<slug>/people/joining")
@organiser_only
def set_joining(slug: str) -> ResponseReturnValue:
    """Say who may join without an invitation."""
    contest = contest_by_slug(db(), slug)
    meanwhile.hold(contest)
    meanwhile.refuse_if_changed(meanwhile.sum_up(contest.joining))
    terms = joining.Terms(
        "open" in request.form,
        tuple(request.form.get("domains", "").replace(",", " ").split()),
        request.form.get("joining-group", ""),
    )
    joining.set_terms(db(), contest, terms, actor=actor(), now=now())
    db().commit()
    flash("Who may join is saved.", "success")
    return back_to("organise.people", slug=slug, _anchor="joining")


@bp.post("/<slug>/people/requests")
@organiser_only
def answer_request(slug: str) -> ResponseReturnValue:
    """Let somebody in who asked, or say no."""
    contest = contest_by_slug(db(), slug)
    deed, _, who = request.form.get("do", "").partition(":")
    if deed == "admit":
        joining.admit(
            db(),
            contest,
            who,
            now(),
            group=request.form.get("request-group", ""),
            actor=actor(),
        )
        told = f"{who} may vote now, and is sent a link of their own."
    elif deed == "decline":
        joining.decline(db(), contest, who)
        told = f"{who} may not vote."
    else:
        raise PeopleError("Press “Let in” or “Decline” beside one who asks.")
    db().commit()
    site().jobs.deliver()
    flash(told, "success")
    return back_to("organise.people", slug=slug, _anchor="joining")


@bp.post("/<slug>/people/renew")
@organiser_only
def renew_link(slug: str) -> ResponseReturnValue:
    """Switch off a link that fell into wrong hands."""
    contest = contest_by_slug(db(), slug)
    voter = invitations.renew_link(db(), contest, request.form.get("who", ""))
    db().commit()
    who = voter.person.name or voter.person.key
    flash(f"{who} has a new link; the old one is switched off.", "success")
    return back_to("organise.people", slug=slug, _anchor="links-title")


def _link(voter: Voter) -> str:
    settings = site().settings
    token = invitations.invitation_token(settings.secret_key, voter)
    return f"{settings.base_url}/i/{token}"

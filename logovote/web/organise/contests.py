"""The list of contests, starting one, and one contest's task list."""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from logovote.contest import contests as contests_
from logovote.contest import deciding, families, notices, people, rounds
from logovote.contest.contests import ContestError, contest_by_slug
from logovote.store import queries
from logovote.store.models import Contest, Kind, Phase, Round
from logovote.web.context import actor, current_person, current_standing, db, now
from logovote.web.guards import organiser_only, signed_in
from logovote.web.organise.room import back_to, bp


@dataclass(frozen=True)
class Task:
    """One task of a contest: not started, in progress or done."""

    title: str
    text: str
    state: str
    url: str


@bp.get("/")
@signed_in
def index() -> str:
    """List the contests that the visitor helps to run."""
    standing = current_standing()
    if not standing.organises:
        abort(403)
    contests = [c for c in queries.contests(db()) if standing.role_in(c.slug)]
    return render_template("organise/index.html", contests=contests)


@bp.get("/new")
@signed_in
def new() -> str:
    """Show the form for a new contest."""
    if not current_standing().may_start:
        abort(403)
    return render_template("organise/new.html", values={}, errors={})


@bp.post("/new")
@signed_in
def create() -> ResponseReturnValue:
    """Start a contest, or show the form again with what is wrong."""
    if not current_standing().may_start:
        abort(403)
    values = request.form
    try:
        contest = contests_.new_contest(
            db(),
            values.get("slug", "").strip()
            or contests_.slug_of(values.get("title", "")),
            title=values.get("title", ""),
            about=values.get("about", ""),
            status_quo=values.get("status_quo", ""),
            owner=current_person(),
            now=now(),
            actor=actor(),
        )
    except ContestError as error:
        page = render_template(
            "organise/new.html", values=values, errors={error.field: str(error)}
        )
        return page, 422
    db().commit()
    flash(f"“{contest.title}” is started. Import its designs next.", "success")
    return back_to("organise.contest", slug=contest.slug)


@bp.get("/<slug>/")
@organiser_only
def contest(slug: str) -> str:
    """Show what is done and what to do next."""
    contest_ = contest_by_slug(db(), slug)
    return render_template(
        "organise/contest.html", contest=contest_, tasks=_tasks(contest_)
    )


def _tasks(contest_: Contest) -> list[Task]:
    """Describe the way from nothing to a published result."""
    designs = len(queries.submissions(db(), contest_.id))
    voters = len(queries.voters(db(), contest_.id))
    shares = people.target_shares(db(), contest_)
    unstated = [group.name for group, _ in shares if group.share is None]
    slug = contest_.slug
    tasks = [
        Task(
            "Designs",
            f"{designs} imported" if designs else "Import what designers sent in",
            "done" if designs else "not started",
            url_for("organise.designs", slug=slug),
        ),
        _families_task(contest_),
        Task(
            "People",
            f"{voters} may vote" if voters else "Say who may vote",
            "done" if voters else "not started",
            url_for("organise.people", slug=slug),
        ),
        Task(
            "Groups and shares",
            _shares_text(len(shares), unstated),
            "not started" if not shares else "in progress" if unstated else "done",
            url_for("organise.people", slug=slug) + "#groups",
        ),
    ]
    if voters:
        tasks.append(_mail_task(contest_))
    for kind in Kind:
        round_ = queries.latest_round(db(), contest_.id, kind)
        tasks.append(
            Task(
                rounds.NAMES[kind].capitalize(),
                _round_text(round_),
                _round_state(round_),
                url_for("organise.round_", kind=kind.value, slug=slug),
            )
        )
    if (counted := queries.latest_counted(db(), contest_.id)) is not None:
        verdict = deciding.current(db(), counted)
        public = verdict is not None and verdict.published_at is not None
        text = "Sheets and files for the contest site, and your decision"
        if verdict is not None:
            text = "Your decision is public" if public else "Your decision is a draft"
        state = "done" if public else "in progress" if verdict else "not started"
        url = url_for("organise.handoff_", slug=slug)
        tasks.append(Task("Hand on", text, state, url))
    return tasks


def _mail_task(contest_: Contest) -> Task:
    """Describe who was invited by mail, and what failed; other ways are as good."""
    invited = notices.invite(db(), contest_, now(), dry_run=True)
    failed = notices.in_trouble(db(), contest_.id)
    wanted = invited.before + invited.queued + invited.failed
    text = f"{invited.before} of {wanted} invited by mail"
    if failed:
        text += f"; {failed} {'mail' if failed == 1 else 'mails'} did not leave"
    state = "in progress" if invited.queued or failed else "done"
    if not invited.before and not failed:
        state = "not started"
    return Task("Mail", text, state, url_for("organise.mail", slug=contest_.slug))


def _families_task(contest_: Contest) -> Task:
    """Describe what there is to decide about variants; deciding nothing is allowed."""
    groupings = families.groupings(db(), contest_)
    waiting = sum(grouping.proposed for grouping in groupings)
    made = sum(grouping.confirmed for grouping in groupings)
    if waiting:
        noun = "proposal waits" if waiting == 1 else "proposals wait"
        text = f"{waiting} {noun} for your word; until then they merge nothing"
    else:
        noun = "family" if made == 1 else "families"
        text = f"{made} {noun} of variants" if made else "Variants that share one vote"
    state = "in progress" if waiting else "done" if made else "not started"
    slug = contest_.slug
    return Task("Families", text, state, url_for("organise.families", slug=slug))


def _shares_text(groups: int, unstated: list[str]) -> str:
    if not groups:
        return "Come with the people"
    if unstated:
        return f"{', '.join(unstated)}: an equal part of what is left (the default)"
    return "Every group has its share"


def _round_text(round_: Round | None) -> str:
    if round_ is None:
        return "Not opened yet"
    if round_.has_ended(now()) or round_.closed_by_its_end:
        return "Ended, waiting for you to count"
    return {
        Phase.OPEN: "Open: people are voting",
        Phase.CLOSED: "Closed, waiting for the count",
        Phase.COUNTED: "Counted; only organisers see the result",
        Phase.PUBLISHED: "Published",
    }[round_.phase]


def _round_state(round_: Round | None) -> str:
    if round_ is None:
        return "not started"
    return "done" if round_.phase is Phase.PUBLISHED else "in progress"

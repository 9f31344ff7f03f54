"""Designs: all of them, each with its history, and what is handed on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask import Response, abort, flash, render_template, request
from flask.typing import ResponseReturnValue

from logovote.contest import families, handoff, purging, regrouping, withdrawing, zips
from logovote.contest.contests import contest_by_slug
from logovote.contest.identity import fingerprint, short_id
from logovote.store import models, queries
from logovote.store.models import Role, Submission
from logovote.web.context import acting_name, actor, current_standing, db, now, site
from logovote.web.guards import organiser_only, require
from logovote.web.organise.room import back_to, bp, counted_round
from logovote.web.pictures import Picture, picture_from, picture_of


@dataclass(frozen=True)
class Shown:
    """One version of a design as its page shows it."""

    number: int
    file: str
    created_at: datetime
    picture: Picture
    facts: str
    fingerprint: str


@bp.get("/<slug>/designs")
@organiser_only
def designs(slug: str) -> str:
    """Show all designs, past imports and the upload form."""
    contest = contest_by_slug(db(), slug)
    submissions = queries.submissions(db(), contest.id, withdrawn=True)
    groupings = families.groupings(db(), contest)
    return render_template(
        "organise/designs.html",
        contest=contest,
        submissions=submissions,
        pictures={design.entry: picture_of(design) for design in submissions},
        jobs=queries.import_jobs(db(), contest.id),
        pictures_leave=purging.leave_at(db(), contest, now()),
        proposals=sum(1 for grouping in groupings if grouping.proposed),
        confirmed=sum(1 for grouping in groupings if grouping.confirmed),
    )


@bp.get("/<slug>/designs/<int:entry>")
@organiser_only
def design(slug: str, entry: int) -> str:
    """Show one design: every version it had, its family, and the way out."""
    contest = contest_by_slug(db(), slug)
    submission = _submission(contest.id, entry)
    versions = queries.versions(db(), submission.id)
    kept = {
        row.digest: row for row in queries.pictures(db(), {v.digest for v in versions})
    }
    family = next(
        (
            grouping
            for grouping in families.groupings(db(), contest)
            if entry in grouping.entries and len(grouping.entries) > 1
        ),
        None,
    )
    return render_template(
        "organise/design.html",
        contest=contest,
        design=submission,
        short_id=short_id(contest, entry),
        versions=[
            Shown(
                version.number,
                version.file,
                version.created_at,
                picture_from(kept[version.digest]),
                _facts(kept[version.digest]),
                fingerprint(version.digest),
            )
            for version in versions
        ],
        family=family,
        owns=current_standing().reaches(slug, Role.OWNER),
        changes=[
            change
            for change in regrouping.changes(db(), contest)
            if change.entry == entry
        ],
    )


def _facts(row: models.Picture) -> str:
    animated = ", animated (its first frame is shown)" if row.animated else ""
    size = f"{row.width_px} by {row.height_px} px"
    return f"{row.format}, {size}, {row.size_bytes / 1000:.0f} kB{animated}"


@bp.post("/<slug>/designs/<int:entry>")
@organiser_only
def move_design(slug: str, entry: int) -> ResponseReturnValue:
    """Withdraw one design, bring it back, or remove its pictures for good."""
    contest = contest_by_slug(db(), slug)
    who = acting_name()
    if request.form.get("do") == "purge":
        require(slug, Role.OWNER)
        gone = purging.purge(db(), contest, {entry}, actor=actor(), now=now())
        db().commit()
        gone.forget(site().store)
        flash(f"The pictures of design {entry} are removed.", "success")
        return back_to("organise.design", slug=slug, entry=entry)
    if request.form.get("do") == "withdraw" and "pictures" in request.form:
        require(slug, Role.OWNER)
        reason = request.form.get("reason", "")
        gone = purging.take_down(
            db(), contest, entry, reason, who=who, actor=actor(), now=now()
        )
        db().commit()
        gone.forget(site().store)
        flash(f"Design {entry} is withdrawn, and its pictures are removed.", "success")
        return back_to("organise.design", slug=slug, entry=entry)
    if request.form.get("do") == "bring-back":
        withdrawing.bring_back(db(), contest, entry, who=who, now=now(), actor=actor())
        flash(f"Design {entry} stands again.", "success")
    else:
        reason = request.form.get("reason", "")
        withdrawing.withdraw(
            db(), contest, entry, reason, who=who, now=now(), actor=actor()
        )
        flash(f"Design {entry} is withdrawn. You can bring it back.", "success")
    db().commit()
    return back_to("organise.design", slug=slug, entry=entry)


@bp.get("/<slug>/original/<int:entry>", defaults={"version": None})
@bp.get("/<slug>/original/<int:entry>/<int:version>")
@organiser_only
def original(slug: str, entry: int, version: int | None) -> Response:
    """Hand out an original as it was sent, as a download that no browser runs."""
    contest = contest_by_slug(db(), slug)
    submission = _submission(contest.id, entry)
    digest, name = submission.digest, handoff.original_name(submission)
    if version is not None:
        versions = {v.number: v for v in queries.versions(db(), submission.id)}
        if version not in versions:
            abort(404)
        digest = versions[version].digest
        (facts,) = queries.pictures(db(), {digest})
        name = f"entry-{entry}-version-{version}{handoff.suffix(facts.format)}"
    return _attachment(
        site().store.originals.get(digest), name, "application/octet-stream"
    )


def _submission(contest_id: int, entry: int) -> Submission:
    submission = queries.submission(db(), contest_id, entry)
    if submission is None:
        abort(404)
    return submission


@bp.get("/<slug>/export.zip")
@organiser_only
def download(slug: str) -> Response:
    """Hand out everything that goes back to the contest site, as one zip.

    It is written while it is sent: originals may be large.
    """
    contest = contest_by_slug(db(), slug)
    # All are made now, while there is a session; originals are read as they are sent.
    members = [make() for make in handoff.files(site().store, db(), contest).values()]
    return _attachment(
        zips.written(members), f"{contest.slug}-shortlist.zip", "application/zip"
    )


@bp.get("/<slug>/files/<name>")
@organiser_only
def one_file(slug: str, name: str) -> Response:
    """Hand out one of these files."""
    contest = contest_by_slug(db(), slug)
    files = handoff.files(site().store, db(), contest, counted_round(contest))
    if name not in files:
        abort(404)
    return _attachment(
        files[name]().pieces, f"{contest.slug}-{name}", "application/octet-stream"
    )


def _attachment(data: bytes | Iterable[bytes], name: str, type_: str) -> Response:
    response = Response(data, mimetype=type_)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response

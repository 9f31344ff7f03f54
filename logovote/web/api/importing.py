"""What programs bring: designs, which are looked at first, and people."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from flask import Response, jsonify, request, url_for

from logovote.contest import people as people_
from logovote.contest.contests import contest_by_slug
from logovote.contest.events import written
from logovote.errors import LogovoteError
from logovote.store import queries
from logovote.store.models import ImportJob, JobState
from logovote.web.api.door import bp
from logovote.web.context import actor, current_standing, db, now
from logovote.web.guards import organiser_only
from logovote.web.organise import imports

_WITH_REPORT = frozenset({JobState.READY, JobState.IMPORTING, JobState.DONE})
_CSV, _JSON = "text/csv", "application/json"
_STATUSES = ("new", "changed", "same", "refused")


class BodyError(LogovoteError):
    """What was sent is of another kind than the route takes."""


class StateError(LogovoteError):
    """An import is not where this could be done to it."""


@bp.get("/contests/<slug>/imports")
@organiser_only
def list_imports(slug: str) -> Response:
    """List the imports of a contest, the newest first."""
    contest = contest_by_slug(db(), slug)
    jobs = queries.import_jobs(db(), contest.id)
    return jsonify(imports=[_job(slug, job) for job in jobs])


@bp.post("/contests/<slug>/imports")
@organiser_only
def import_designs(slug: str) -> tuple[Response, int, dict[str, str]]:
    """Keep an export, or pictures, and look at it; nothing is imported yet."""
    if request.mimetype != "multipart/form-data":
        raise BodyError(
            "Send the zip, or the pictures, as files of a form: multipart/form-data, "
            "each in the field “files”."
        )
    job = imports.begin(slug)
    if job is None:
        raise LogovoteError("There is no file in the field “files”. Send one at least.")
    url = url_for("api.show_import", slug=slug, job_id=job.id)
    return jsonify(_job(slug, job)), HTTPStatus.ACCEPTED, {"Location": url}


@bp.get("/contests/<slug>/imports/<int:job_id>")
@organiser_only
def show_import(slug: str, job_id: int) -> Response:
    """Say where an import stands, with the report of every file once there is one."""
    job = imports.job_of(contest_by_slug(db(), slug), job_id)
    report = (
        json.loads(job.report) if job.state in _WITH_REPORT and job.report else None
    )
    return jsonify(_job(slug, job) | {"report": report})


@bp.post("/contests/<slug>/imports/<int:job_id>/confirm")
@organiser_only
def confirm(slug: str, job_id: int) -> tuple[Response, int]:
    """Take in what was looked at, or try again what stopped."""
    job = imports.job_of(contest_by_slug(db(), slug), job_id)
    if not imports.go_on(job):
        raise StateError(_stands(job, "confirmed"))
    return jsonify(_job(slug, job)), HTTPStatus.ACCEPTED


@bp.delete("/contests/<slug>/imports/<int:job_id>")
@organiser_only
def drop(slug: str, job_id: int) -> tuple[str, int]:
    """Forget an upload that was only looked at, or stopped."""
    job = imports.job_of(contest_by_slug(db(), slug), job_id)
    if not imports.drop(job):
        raise StateError(_stands(job, "dropped"))
    return "", HTTPStatus.NO_CONTENT


def _stands(job: ImportJob, deed: str) -> str:
    return (
        f"This import is {job.state.value}; it can be {deed} when it is ready, or has "
        "stopped. Ask again where it stands."
    )


def _job(slug: str, job: ImportJob) -> dict[str, Any]:
    stopped = job.state in {JobState.UNREADABLE, JobState.FAILED}
    return {
        "id": job.id,
        "name": job.name,
        "state": job.state.value,
        "withdraw_missing": job.withdraw_missing,
        "done": job.done,
        "total": job.total,
        "problem": job.report if stopped else None,
        "created_at": written(job.created_at),
        "url": url_for("api.show_import", slug=slug, job_id=job.id),
    }


@bp.post("/contests/<slug>/people")
@organiser_only
def import_people(slug: str) -> Response:
    """Add the people of a list; a dry run adds nobody, and says what would happen."""
    if request.mimetype not in {_CSV, _JSON}:
        raise BodyError(
            "Send the list itself as the body, as text/csv with the columns "
            "email,name,group,weight,github, or as application/json the members of a "
            "GitHub organisation."
        )
    contest = contest_by_slug(db(), slug)
    dry_run = request.args.get("dry_run", "").lower() in {"1", "true", "yes"}
    rows = people_.read_people(
        request.get_data(), request.args.get("group", "").strip()
    )
    reports = people_.import_people(
        db(),
        contest,
        rows,
        trusted=current_standing().keeper,
        actor=actor(),
        now=now(),
    )
    if not dry_run:
        db().commit()
    counts = Counter(report.status for report in reports)
    return jsonify(
        dry_run=dry_run,
        summary={status: counts[status] for status in _STATUSES},
        people=[asdict(report) for report in reports],
    )

"""Designs: uploading an export, looking at what it would do, taking it in; families."""

from __future__ import annotations

import json

from flask import Response, abort, flash, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from logovote.contest import families, handoff
from logovote.contest.contests import contest_by_slug
from logovote.contest.matching import STATUSES
from logovote.ingest.members import printable
from logovote.store import queries
from logovote.store.models import Contest, ImportJob, JobState
from logovote.web import forms
from logovote.web.context import db, now, reading, site
from logovote.web.guards import organiser_only
from logovote.web.organise.room import back_to, bp
from logovote.web.pictures import picture_of

_LONGEST_NAME = 200
_RUNNING = frozenset({JobState.LOOKING, JobState.IMPORTING})
# What the organiser's button starts: what was shown is taken in, what stopped is
# repeated. Nothing is imported that was not looked at.
_NEXT = {
    JobState.READY: JobState.IMPORTING,
    JobState.UNREADABLE: JobState.LOOKING,
    JobState.FAILED: JobState.IMPORTING,
}


@bp.get("/<slug>/designs")
@organiser_only
def designs(slug: str) -> str:
    """Show all designs by family, past imports and the upload form."""
    contest = contest_by_slug(db(), slug)
    submissions = queries.submissions(db(), contest.id, withdrawn=True)
    return render_template(
        "organise/designs.html",
        contest=contest,
        submissions={submission.entry: submission for submission in submissions},
        groupings=families.groupings(db(), contest),
        withdrawn=[s for s in submissions if s.withdrawn_at is not None],
        pictures={design.entry: picture_of(design) for design in submissions},
        jobs=queries.import_jobs(db(), contest.id),
    )


@bp.post("/<slug>/designs/upload")
@organiser_only
def upload(slug: str) -> ResponseReturnValue:
    """Keep what was dropped on the page and start looking at it.

    The turn to write begins after the files are kept: an export takes its time, and
    ballots must not wait for it.
    """
    with reading() as session:
        contest_id = contest_by_slug(session, slug).id
    sent = [file for file in request.files.getlist("files") if file.filename]
    if not sent:
        flash("Choose a zip or some pictures first.", "error")
        return back_to("organise.designs", slug=slug)
    name = sent[0].filename if len(sent) == 1 else f"{len(sent)} files"
    source = site().store.uploads.keep(sent)
    job = ImportJob(
        contest_id=contest_id,
        source=source,
        name=printable(name or "upload")[:_LONGEST_NAME],
        state=JobState.LOOKING,
        withdraw_missing="withdraw_missing" in request.form,
        created_at=now(),
    )
    db().add(job)
    db().commit()
    site().jobs.enqueue(job.id)
    return back_to("organise.import_job", slug=slug, job_id=job.id)


@bp.get("/<slug>/designs/imports/<int:job_id>")
@organiser_only
def import_job(slug: str, job_id: int) -> str:
    """Show where an import stands: its dry run, its progress or its report."""
    contest = contest_by_slug(db(), slug)
    job = _job(contest, job_id)
    has_report = job.state in {JobState.READY, JobState.IMPORTING, JobState.DONE}
    report = json.loads(job.report) if has_report and job.report else None
    return render_template(
        "organise/import.html",
        contest=contest,
        job=job,
        running=job.state in _RUNNING,
        progress=_progress_text(job),
        report=report,
        statuses=STATUSES,
        printable=printable,
    )


@bp.get("/<slug>/designs/imports/<int:job_id>/progress")
@organiser_only
def import_progress(slug: str, job_id: int) -> Response:
    """Tell a script how far an import is."""
    job = _job(contest_by_slug(db(), slug), job_id)
    return jsonify(
        done=job.done,
        total=job.total,
        text=_progress_text(job),
        finished=job.state not in _RUNNING,
    )


def _progress_text(job: ImportJob) -> str:
    return f"{job.done} of {job.total} files" if job.total else "Opening it…"


@bp.post("/<slug>/designs/imports/<int:job_id>")
@organiser_only
def confirm_import(slug: str, job_id: int) -> ResponseReturnValue:
    """Take in what the dry run showed, or try again what failed."""
    job = _job(contest_by_slug(db(), slug), job_id)
    if job.state in _NEXT:
        if job.state is not JobState.READY:
            job.report = ""  # it says what went wrong; no report to show meanwhile
        job.state, job.done = _NEXT[job.state], 0
        db().commit()
        site().jobs.enqueue(job.id)
    return back_to("organise.import_job", slug=slug, job_id=job_id)


@bp.post("/<slug>/designs/imports/<int:job_id>/drop")
@organiser_only
def drop_import(slug: str, job_id: int) -> ResponseReturnValue:
    """Forget an upload that was only looked at, or failed."""
    job = _job(contest_by_slug(db(), slug), job_id)
    if job.state in _NEXT:
        db().delete(job)
        db().commit()
        site().store.uploads.forget(job.source)
        flash("The upload is forgotten; nothing was imported.", "success")
    return back_to("organise.designs", slug=slug)


def _job(contest: Contest, job_id: int) -> ImportJob:
    job = db().get(ImportJob, job_id)
    if job is None or job.contest_id != contest.id:
        abort(404)
    return job


@bp.post("/<slug>/families")
@organiser_only
def regroup(slug: str) -> ResponseReturnValue:
    """Merge the chosen designs into one family, or let each stand alone."""
    contest = contest_by_slug(db(), slug)
    numbers = map(forms.parse_number, request.form.getlist("entry"))
    entries = [number for number in numbers if number is not None]
    if request.form.get("do") == "confirm":
        number = families.confirm_all(db(), contest)
        message = f"{number} families confirmed."
    elif request.form.get("do") == "split":
        families.split(db(), contest, entries)
        message = "Each of them stands alone now."
    else:
        families.merge(db(), contest, entries)
        message = "They are one family now."
    db().commit()
    flash(message, "success")
    return back_to("organise.designs", slug=slug)


@bp.get("/<slug>/original/<int:entry>")
@organiser_only
def original(slug: str, entry: int) -> Response:
    """Hand out an original as it was sent, as a download that no browser runs."""
    contest = contest_by_slug(db(), slug)
    submission = queries.submission(db(), contest.id, entry)
    if submission is None:
        abort(404)
    return _attachment(
        site().store.originals.get(submission.digest),
        handoff.original_name(submission),
        "application/octet-stream",
    )


@bp.get("/<slug>/export.zip")
@organiser_only
def download(slug: str) -> Response:
    """Hand out everything that goes back to the contest site, as one zip."""
    contest = contest_by_slug(db(), slug)
    data = handoff.as_zip(site().store, db(), contest)
    return _attachment(data, f"{contest.slug}-shortlist.zip", "application/zip")


def _attachment(data: bytes, name: str, type_: str) -> Response:
    response = Response(data, mimetype=type_)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response

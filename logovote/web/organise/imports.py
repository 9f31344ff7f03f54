"""Imports: uploading an export, looking at what it would do, taking it in."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import Response, abort, flash, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from logovote.contest import intake, limits
from logovote.contest.contests import contest_by_slug
from logovote.ingest.members import printable
from logovote.store import queries
from logovote.store.models import Contest, ImportJob, JobState
from logovote.web import forms
from logovote.web.context import current_person, db, now, reading, site
from logovote.web.guards import organiser_only
from logovote.web.organise.room import back_to, bp
from logovote.web.pictures import Picture, picture_from

_LONGEST_NAME = 200
_RUNNING = frozenset({JobState.LOOKING, JobState.IMPORTING})
# What the organiser's button starts: what was shown is taken in, what stopped is
# repeated. Nothing is imported that was not looked at.
_NEXT = {
    JobState.READY: JobState.IMPORTING,
    JobState.UNREADABLE: JobState.LOOKING,
    JobState.FAILED: JobState.IMPORTING,
}
# In the order of how much they want to be looked at. With pictures where they say
# something: what is the same is on the page of designs.
_SECTIONS = ("refused", "twice", "changed", "withdrawn", "new", "ignored", "same")
_PICTURED = frozenset({"twice", "changed", "withdrawn", "new"})
# An upload of 2,000 files is read like one of 20: some of each, and pages of the rest.
_FIRST = {"refused": 50, "ignored": 50, "same": 0}
_FIRST_PICTURES = 24
_PER_PAGE = 200


@dataclass(frozen=True)
class Row:
    """One file of a report as the page shows it.

    `picture` is the file's, `before` the one it takes the place of.
    """

    file: str
    status: str
    entry: int | None
    designer: str | None
    version: int | None
    reason: str | None
    picture: Picture | None
    before: Picture | None


@dataclass(frozen=True)
class Section:
    """Files of one fate: `rows` in groups that belong side by side.

    Attributes:
        name: the fate.
        total: how many files, or for "twice" groups of files, it was.
        groups: those on this page.
        page: which page of them this is, from 1; 0 if it is only the first few.
        pages: how many there are.
    """

    name: str
    total: int
    groups: list[list[Row]]
    page: int
    pages: int


@bp.post("/<slug>/designs/upload")
@organiser_only
def upload(slug: str) -> ResponseReturnValue:
    """Keep what was dropped on the page and start looking at it.

    The turn to write begins after the files are kept: an export takes its time, and
    ballots must not wait for it.
    """
    job = begin(slug)
    if job is None:
        flash("Choose a zip or some pictures first.", "error")
        return back_to("organise.designs", slug=slug)
    return back_to("organise.import_job", slug=slug, job_id=job.id)


def begin(slug: str) -> ImportJob | None:
    """Keep the files of the request, and have them looked at; None if there are none.

    Commits.
    """
    with reading() as session:
        contest_id = contest_by_slug(session, slug).id
    sent = [file for file in request.files.getlist("files") if file.filename]
    if not sent:
        return None
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
    person = current_person()
    who = str(person.id) if person else ""
    limits.take(db(), site().settings.secret_key, "import", who, now())
    db().commit()
    site().jobs.enqueue(job.id)
    return job


@bp.get("/<slug>/designs/imports/<int:job_id>")
@organiser_only
def import_job(slug: str, job_id: int) -> str:
    """Show where an import stands: its dry run, its progress or its report."""
    contest = contest_by_slug(db(), slug)
    job = job_of(contest, job_id)
    has_report = job.state in {JobState.READY, JobState.IMPORTING, JobState.DONE}
    report = json.loads(job.report) if has_report and job.report else None
    return render_template(
        "organise/import.html",
        contest=contest,
        job=job,
        running=job.state in _RUNNING,
        progress=progress_text(job),
        report=report,
        only=request.args.get("show"),
        sections=[] if report is None else _sections(report["files"]),
        printable=printable,
    )


def _sections(files: list[dict[str, Any]]) -> list[Section]:
    """Sort a report for reading: all fates in short, or one of them by pages."""
    groups: dict[str, list[list[dict[str, Any]]]] = defaultdict(list)
    for file in files:
        groups[file["status"]].append([file])
    groups["twice"] = _twice(files)
    wanted = request.args.get("show")
    if wanted in groups:
        page = forms.parse_number(request.args.get("page", "")) or 1
        shown = {wanted: groups[wanted][(page - 1) * _PER_PAGE : page * _PER_PAGE]}
    else:
        page = 0
        shown = {
            name: groups[name][: _FIRST.get(name, _FIRST_PICTURES)]
            for name in _SECTIONS
            if groups[name]
        }
    pictures = _pictures(
        file for name in shown for group in shown[name] for file in group
    )
    return [
        Section(
            name,
            len(groups[name]),
            [[_row(file, pictures) for file in group] for group in shown[name]],
            page,
            -(-len(groups[name]) // _PER_PAGE),
        )
        for name in shown
    ]


def _twice(files: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Find files that claim one entry together, and entries of one picture."""
    entries, pictures = defaultdict(list), defaultdict(list)
    for file in files:
        if file.get("digest") and file["entry"] and file["status"] != "withdrawn":
            entries[file["entry"]].append(file)
            pictures[file["digest"]].append(file)
    return [group for group in entries.values() if len(group) > 1] + [
        group
        for group in pictures.values()
        if len({file["entry"] for file in group}) > 1
    ]


def _pictures(files: Iterable[dict[str, Any]]) -> dict[str, Picture]:
    """Find the pictures that rows show, as far as they were kept. One statement."""
    digests = {file.get(key) for file in files for key in ("digest", "before")}
    kept = queries.pictures(db(), {digest for digest in digests if digest})
    return {row.digest: picture_from(row) for row in kept}


def _row(file: dict[str, Any], pictures: dict[str, Picture]) -> Row:
    return Row(
        file=printable(file["file"]),
        status=file["status"],
        entry=file["entry"],
        designer=file["designer"],
        version=file["version"],
        reason=file["reason"],
        picture=pictures.get(file.get("digest") or ""),
        before=pictures.get(file.get("before") or ""),
    )


@bp.get("/<slug>/designs/imports/<int:job_id>/progress")
@organiser_only
def import_progress(slug: str, job_id: int) -> Response:
    """Tell a script how far an import is."""
    job = job_of(contest_by_slug(db(), slug), job_id)
    return jsonify(
        done=job.done,
        total=job.total,
        text=progress_text(job),
        finished=job.state not in _RUNNING,
    )


def progress_text(job: ImportJob) -> str:
    """Say how far an import is."""
    if job.state in _RUNNING and not job.begun:
        return "Waiting for its turn…"
    return f"{job.done} of {job.total} files" if job.total else "Opening it…"


@bp.post("/<slug>/designs/imports/<int:job_id>")
@organiser_only
def confirm_import(slug: str, job_id: int) -> ResponseReturnValue:
    """Take in what the dry run showed, or try again what failed."""
    go_on(job_of(contest_by_slug(db(), slug), job_id))
    return back_to("organise.import_job", slug=slug, job_id=job_id)


def go_on(job: ImportJob) -> bool:
    """Let a job take its next step, if it waits for somebody's word. Commits."""
    if job.state not in _NEXT:
        return False
    if job.state is not JobState.READY:
        job.report = ""  # it says what went wrong; no report to show meanwhile
    job.state, job.done, job.stops = _NEXT[job.state], 0, 0
    db().commit()
    site().jobs.enqueue(job.id)
    return True


@bp.post("/<slug>/designs/imports/<int:job_id>/drop")
@organiser_only
def drop_import(slug: str, job_id: int) -> ResponseReturnValue:
    """Forget an upload that was only looked at, or failed."""
    if drop(job_of(contest_by_slug(db(), slug), job_id)):
        flash("The upload is forgotten; nothing was imported.", "success")
    else:
        flash("Somebody imports it already, so it is not forgotten.", "error")
    return back_to("organise.designs", slug=slug)


def drop(job: ImportJob) -> bool:
    """Forget an upload that waits for somebody's word. Commits."""
    if job.state not in _NEXT:
        return False
    db().delete(job)
    db().flush()
    intake.forget_pictures(site().store, db())
    db().commit()
    site().store.uploads.forget(job.source)
    return True


def job_of(contest: Contest, job_id: int) -> ImportJob:
    """Return an import of this contest; of another there is none here."""
    job = db().get(ImportJob, job_id)
    if job is None or job.contest_id != contest.id:
        abort(404)
    return job

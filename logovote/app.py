"""Wires the rooms into a Flask app; nothing else."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from logovote import settings as settings_
from logovote.contest.signing_in import SESSION_LIFETIME
from logovote.jobs import Jobs
from logovote.paths import TEMPLATES
from logovote.settings import Settings
from logovote.store.store import Store
from logovote.web import (
    accounts,
    api,
    audit,
    context,
    duels,
    errors,
    feedback,
    forms,
    health,
    home,
    joining,
    looking,
    mail,
    marks,
    metrics,
    oauth,
    offline,
    organise,
    pages,
    pictures,
    questions,
    ranking,
    receipts,
    records,
    requests,
    results,
    security,
    shortlist,
)

# Ballots and forms are small; only an upload of designs may be large.
_LARGEST_FORM_BYTES = 2 * 1024**2


def create_app(settings: Settings | None = None) -> Flask:
    """Build the site for `settings`, or for what the environment says."""
    settings = settings or settings_.load()
    store = Store.open(
        settings.database_url, settings.files_folder, settings.storage_url
    )
    app = Flask("logovote", template_folder=str(TEMPLATES), static_folder=None)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-logovote" if settings.is_https else "logovote",
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(seconds=SESSION_LIFETIME.total_seconds()),
        MAX_CONTENT_LENGTH=_LARGEST_FORM_BYTES,
        # A page may stay open for days; the token is bound to the session anyway.
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.url_map.converters["int"] = forms.Number
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.extensions["logovote"] = context.Site(
        settings,
        store,
        Jobs(settings, store),
        metrics.meter_of(settings, store.database),
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops
        )
    # First of all: what it opens is there for the rest, and it sees the final answer.
    requests.init_app(app)
    security.init_app(app, settings.base_url, pictures=pictures.origin_of(settings))
    # Before the CSRF check, which reads the form: an upload's limit must be known.
    api.init_app(app)
    organise.init_app(app)
    context.init_app(app)
    csrf = CSRFProtect(app)
    # Mail programs unsubscribe without our cookie; the view sees to the rest itself.
    csrf.exempt(mail.change)
    # Its requests bring a token that no browser sends by itself, and no cookie counts.
    csrf.exempt(api.bp)
    errors.init_app(app)
    pages.init_app(app)
    oauth.init_app(app, settings)
    app.register_blueprint(home.contests_bp)
    for room in (
        home,
        accounts,
        oauth,
        shortlist,
        looking,
        marks,
        ranking,
        duels,
        receipts,
        feedback,
        questions,
        results,
        records,
        audit,
        health,
        metrics,
        offline,
        joining,
        mail,
        pictures,
        organise,
        api,
    ):
        app.register_blueprint(room.bp)
    return app

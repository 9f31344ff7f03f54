"""Signing in with an account elsewhere: GitHub, or any OpenID provider.

Authlib does the steps, with PKCE, a state and for OpenID a nonce. It is optional:
`pip install 'logovote[oauth]'`.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, abort, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from logovote.contest import identities
from logovote.contest.identities import GITHUB, Account, IdentityError
from logovote.settings import Settings, SettingsError
from logovote.web import accounts
from logovote.web.context import site
from logovote.web.security import is_begun_elsewhere

bp = Blueprint("oauth", __name__, url_prefix="/sign-in/with")

OPENID = "openid"
_EXTENSION = "logovote-oauth"
_TIMEOUT_SECONDS = 10
_SHORT = 200
# How an identity token may be signed, whatever else a provider offers: by a key that it
# alone has. Never "none", and never HS256, for which its public key would do.
_ALGORITHMS = frozenset(
    ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
)
_OFFERED = "id_token_signing_alg_values_supported"


class ProviderError(IdentityError):
    """The way through a provider broke off."""


def init_app(app: Flask, settings: Settings) -> None:
    """Register the providers that are configured.

    Raises:
        SettingsError: some are, but Authlib is not installed.
    """
    app.extensions[_EXTENSION] = None
    app.jinja_env.globals["providers"] = []
    if not (settings.github_client_id or settings.openid_client_id):
        return
    try:
        from authlib.integrations.flask_client import OAuth  # noqa: PLC0415 - optional
    except ImportError as error:
        raise SettingsError(
            "Signing in with other accounts needs packages that are not installed: "
            "pip install 'logovote[oauth]'"
        ) from error
    oauth = OAuth(app)
    names = []
    common = {"default_timeout": _TIMEOUT_SECONDS, "code_challenge_method": "S256"}
    if settings.github_client_id:
        names.append((GITHUB, "GitHub"))
        web, api = settings.github_url, settings.github_api_url
        oauth.register(
            GITHUB,
            client_id=settings.github_client_id,
            client_secret=settings.github_client_secret,
            authorize_url=f"{web}/login/oauth/authorize",
            access_token_url=f"{web}/login/oauth/access_token",
            api_base_url=f"{api}/",
            client_kwargs=common | {"scope": "read:user user:email"},
        )
    if settings.openid_client_id:
        names.append((OPENID, settings.openid_name))
        metadata = f"{settings.openid_issuer}/.well-known/openid-configuration"
        oauth.register(
            OPENID,
            client_id=settings.openid_client_id,
            client_secret=settings.openid_client_secret,
            server_metadata_url=metadata,
            client_kwargs=common | {"scope": "openid email profile"},
        )
    app.extensions[_EXTENSION] = oauth
    app.jinja_env.globals["providers"] = names


def _client(provider: str) -> Any:
    oauth = current_app.extensions[_EXTENSION]
    client = None if oauth is None else oauth.create_client(provider)
    return client or abort(404)


# A link and not a form: our content security policy keeps forms on this site.
@bp.get("/<provider>")
def leave(provider: str) -> ResponseReturnValue:
    """Send the visitor to the provider, with a state that only this browser has.

    Another site may not begin that: a provider that knows the visitor would send them
    back signed in, and they would have done nothing for it.
    """
    client = _client(provider)
    if is_begun_elsewhere():
        return redirect(url_for("accounts.sign_in"))
    back = f"{site().settings.base_url}/sign-in/with/{provider}/back"
    try:
        _check_issuer(provider, client)
        answer: ResponseReturnValue = client.authorize_redirect(back)
    except ProviderError:
        raise
    except Exception as error:
        raise _trouble(error) from error
    return answer


@bp.get("/<provider>/back")
def come_back(provider: str) -> ResponseReturnValue:
    """Sign in whom the provider vouches for, if they left from this very browser."""
    client = _client(provider)
    if request.method == "HEAD":
        abort(HTTPStatus.METHOD_NOT_ALLOWED)
    try:
        _check_issuer(provider, client)
        token = client.authorize_access_token()
        account = _github(client, token) if provider == GITHUB else _openid(token)
    except IdentityError:
        raise
    except Exception as error:
        raise _trouble(error) from error
    with site().store.database.write() as session:
        person_id = identities.person_of(session, account).id
        session.commit()
    return accounts.enter_person(person_id)


def _check_issuer(provider: str, client: Any) -> None:
    """Refuse what a provider says of itself if it is somebody else than configured.

    Of the ways to sign that it offers, only those that prove something are kept.
    """
    if provider == OPENID:
        metadata = client.load_server_metadata()
        metadata[_OFFERED] = [
            name for name in metadata.get(_OFFERED, ()) if name in _ALGORITHMS
        ] or ["RS256"]
        said = metadata.get("issuer")
        wanted = site().settings.openid_issuer
        if not isinstance(said, str) or said.rstrip("/") != wanted.rstrip("/"):
            raise ProviderError(
                "The other site calls itself by another name than the one that is set "
                "up here. Tell the organiser; meanwhile have a mail sent."
            )


def _trouble(error: Exception) -> ProviderError:
    """Turn what Authlib and the network raise, and that is much, into words."""
    name = getattr(error, "error", "")
    current_app.logger.warning(
        # The name comes with the address, from whoever made that up.
        "signing in with another account: %s %r",
        type(error).__name__,
        str(name)[:80],
    )
    if name in {"mismatching_state", "missing_state"}:
        return ProviderError(
            "This way of signing in was begun in another browser, was used already or "
            "is too old. Begin again from the sign-in page."
        )
    if name == "access_denied":
        return ProviderError("You were not signed in: it was declined there.")
    return ProviderError(
        "The other site could not say who you are. Try again, or have a mail sent."
    )


def _github(client: Any, token: Mapping[str, Any]) -> Account:
    """Ask GitHub who it is, and for the addresses that it has checked."""
    user = _json(client.get("user", token=token))
    emails = _json(client.get("user/emails", token=token))
    if not isinstance(user.get("id"), int) or not isinstance(emails, list):
        raise ProviderError("GitHub could not say who you are. Try again.")
    return Account(
        issuer=GITHUB,
        subject=str(user["id"]),
        login=str(user.get("login", ""))[:_SHORT],
        emails=[each["email"] for each in emails if each.get("verified") is True],
    )


def _json(response: Any) -> Any:
    response.raise_for_status()
    return response.json()


def _openid(token: Mapping[str, Any]) -> Account:
    """Read the identity token, whose signature and nonce were checked."""
    claims = token.get("userinfo") or {}
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not issuer or not subject:
        raise ProviderError("The other site could not say who you are. Try again.")
    email = claims.get("email")
    verified = claims.get("email_verified") is True
    login = claims.get("preferred_username") or claims.get("name") or email or ""
    return Account(
        issuer=str(issuer)[:_SHORT],
        subject=str(subject),
        login=str(login)[:_SHORT],
        emails=[email] if email and verified else [],
    )

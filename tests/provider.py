"""A local stand-in for where accounts are: GitHub's endpoints, and an OpenID's."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import html
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server
from werkzeug.test import TestResponse
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

KEY = RSAKey.generate_key(2048, {"kid": "one"})


@dataclass
class Provider:
    """What another site says of whoever comes, to whoever can prove to have asked."""

    url: str = ""
    user: dict[str, Any] = field(default_factory=lambda: {"id": 583231, "login": "Ann"})
    emails: list[dict[str, Any]] = field(default_factory=list)
    claims: dict[str, Any] = field(default_factory=dict)
    challenges: dict[str, dict[str, str]] = field(default_factory=dict)
    key: Any = field(default_factory=lambda: KEY)
    keys: list[Any] = field(default_factory=lambda: [KEY])
    broken: bool = False
    calls_itself: str = ""
    algorithms: list[str] = field(default_factory=lambda: ["RS256"])

    @contextlib.contextmanager
    def served(self) -> Iterator[Provider]:
        """Answer on a free port until the block ends."""
        server = make_server("127.0.0.1", 0, self, threaded=True)
        self.url = f"http://127.0.0.1:{server.port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def __call__(self, environ: Any, start: Any) -> Any:
        request = Request(environ)
        return self.answer(request)(environ, start)

    def answer(self, request: Request) -> Response:
        path = request.path.removeprefix("/api/v3")
        if self.broken or path == "/favicon.ico":
            return Response("no", 500)
        if path.endswith("/authorize"):
            return self.ask(request)
        if path.endswith("/access_token"):
            return self.token(request.form)
        if path == "/.well-known/openid-configuration":
            return self.json(
                {
                    "issuer": self.calls_itself or self.url,
                    "authorization_endpoint": f"{self.url}/authorize",
                    "token_endpoint": f"{self.url}/access_token",
                    "jwks_uri": f"{self.url}/keys",
                    "id_token_signing_alg_values_supported": self.algorithms,
                }
            )
        if path == "/keys":
            return self.json(
                {"keys": [key.as_dict(private=False) for key in self.keys]}
            )
        assert request.headers["Authorization"] == "Bearer token-of-ann"
        return self.json({"/user": self.user, "/user/emails": self.emails}[path])

    def token(self, form: Any) -> Response:
        asked = self.challenges.pop(form["code"])
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        proof = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        assert proof == asked["code_challenge"]
        token: dict[str, Any] = {"access_token": "token-of-ann", "token_type": "bearer"}
        if "nonce" in asked:
            claims = {
                "iss": self.url,
                "aud": "us",
                "sub": "sub-1",
                "nonce": asked["nonce"],
                "iat": int(time.time()),
                "exp": int(time.time()) + 60,
            }
            header = {"alg": self.algorithms[0], "kid": "one"}
            token["id_token"] = jwt.encode(
                header, claims | self.claims, self.key, algorithms=self.algorithms
            )
        return self.json(token)

    @staticmethod
    def json(value: Any) -> Response:
        return Response(json.dumps(value), mimetype="application/json")

    def ask(self, request: Request) -> Response:
        """Ask whoever came with a browser; who presses the button is sent back."""
        asked = request.args.to_dict()
        if request.method == "POST":
            return redirect(f"{asked['redirect_uri']}?{self.answer_to(asked)}")
        who, site = (
            html.escape(str(each)) for each in (self.user["login"], asked["client_id"])
        )
        return Response(
            f"<title>Authorise</title><p>You are {who}.</p><form method=post>"
            f"<button>Authorise {site}</button></form>",
            mimetype="text/html",
        )

    def answer_to(self, asked: dict[str, str]) -> str:
        """Say yes to what a site asked: what its visitor comes back with."""
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.challenges)}"
        self.challenges[code] = asked
        return urlencode({"code": code, "state": asked["state"]})

    def consent(self, leaving: TestResponse) -> str:
        """Be asked, say yes; return where the visitor is sent back to."""
        asked = dict(parse_qsl(urlsplit(leaving.headers["Location"]).query))
        path = urlsplit(asked["redirect_uri"]).path
        return f"{path}?{self.answer_to(asked)}"

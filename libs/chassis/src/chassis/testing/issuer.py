"""An issuer of access tokens over HTTP: OAuth 2 client credentials, for tests of Kafka clients."""

import json
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import ECKey

from kafka_access import KafkaAccess

__all__ = ["Asked", "Issuer", "issuing", "signed_token"]

POLL_SECONDS = 0.02


class Asked:
    """What the issuer was asked: who by which secret, and the form."""

    def __init__(self, authorization: str, body: str) -> None:
        self.login = b64decode(authorization.removeprefix("Basic ")).decode()
        self.form = {name: values[0] for name, values in parse_qs(body).items()}


class Issuer:
    """Where it answers, what it was asked, and what it answers."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[Asked] = []
        self.status = 200
        self.answer: Callable[[], dict[str, Any]] = lambda: {"access_token": "t", "expires_in": 300}


@contextmanager
def issuing() -> Iterator[Issuer]:
    """An issuer that answers on loopback until the block ends."""
    issuer = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length).decode()
            issuer.asked.append(Asked(self.headers["Authorization"], body))
            content = json.dumps(issuer.answer()).encode()
            self.send_response(issuer.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing: a test reads `asked`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer.url = f"http://127.0.0.1:{server.server_port}/token"
    thread = Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def signed_token(access: KafkaAccess, *, lifetime_seconds: int = 300) -> str:
    """A token that the local broker takes."""
    now = int(time.time())
    claims: dict[str, str | int] = {
        "iss": access.issuer,
        "aud": access.audience,
        "sub": access.username,
    }
    claims |= {"iat": now, "exp": now + lifetime_seconds}
    key = ECKey.import_key(json.loads(access.token_key_file.read_text(encoding="utf-8")))
    return jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key)

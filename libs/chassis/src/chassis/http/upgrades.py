"""Offers to go on in another protocol, which HTTP/1.1 allows a server to decline in silence.

Java's HTTP client offers HTTP/2 with its first request over plain HTTP (`Upgrade: h2c`). The parser
takes each offer for accepted and reads no body after it; here the request is parsed again without.
"""

from typing import Any

import httptools

__all__ = ["OFFER_HEADERS", "DecliningParser", "is_offer", "without_offer"]

OFFER_HEADERS = frozenset({b"upgrade", b"http2-settings"})


class DecliningParser(httptools.HttpRequestParser):
    """A parser of a connection's requests, which another one replaces after an offer."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self._connection = connection

    def feed_data(self, data: Any) -> None:
        """Parse what came. Raises what httptools raises, for an offer nothing."""
        try:
            super().feed_data(data)
        except httptools.HttpParserUpgrade as offered:
            if not is_offer(self):
                raise
            self._decline(data[offered.args[0] :])

    def _decline(self, rest: bytes) -> None:
        """Parse the request again without its offer, and what came after its head."""
        method, version = self.get_method(), self.get_http_version()
        head = without_offer(method, self._connection.url, version, self._connection.headers)
        self._connection.parser = DecliningParser(self._connection)
        self._connection.parser.feed_data(head + rest)


def is_offer(parser: httptools.HttpRequestParser) -> bool:
    """Whether the head asks for another protocol, as an offer; CONNECT insists."""
    return parser.should_upgrade() and parser.get_method() != b"CONNECT"


def without_offer(
    method: bytes, url: bytes, version: str, headers: list[tuple[bytes, bytes]]
) -> bytes:
    """The head of the same request, as one that offers nothing."""
    lines = [b"%s %s HTTP/%s" % (method, url, version.encode())]
    for name, value in headers:
        if name == b"connection":
            names = [one.strip() for one in value.split(b",")]
            kept = b", ".join(one for one in names if one.lower() not in OFFER_HEADERS)
            lines += [b"connection: %s" % kept] if kept else []
        elif name not in OFFER_HEADERS:
            lines.append(b"%s: %s" % (name, value))
    return b"\r\n".join([*lines, b"", b""])

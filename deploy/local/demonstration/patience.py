"""What a good client does when an answer is lost, or a service is not there for a moment.

It waits and sends the very same request again, with the same Idempotency-Key.
"""

import time

import httpx

__all__ = ["PATIENCE_SECONDS", "PAUSE_SECONDS", "Patient", "asked_to_wait"]

PATIENCE_SECONDS = 60.0
"""So long somebody may be started again; then it is not there."""
PAUSE_SECONDS = 0.25
UNAVAILABLE = frozenset({429, 502, 503, 504})


def asked_to_wait(reply: httpx.Response) -> float | None:
    """Seconds after which the same request may fare better; None: it will not."""
    asked = reply.headers.get("Retry-After", "")
    if asked.isdigit():
        return float(asked)
    return PAUSE_SECONDS if reply.status_code in UNAVAILABLE else None


class Patient(httpx.BaseTransport):
    """Sends a request again until it is answered.

    A POST carries its Idempotency-Key, so it takes effect once. A change with If-Match that took
    effect although its answer was lost is answered 412: whoever sent it looks, then decides.
    """

    def __init__(self, below: httpx.BaseTransport | None = None) -> None:
        self._below = below or httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer. Raises httpx.TransportError when there was none for too long."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            late = time.monotonic() > deadline
            pause: float | None = PAUSE_SECONDS
            try:
                reply = self._below.handle_request(request)
                reply.read()
            except httpx.TransportError:
                if late:
                    raise
            else:
                pause = asked_to_wait(reply)
                if late or pause is None:
                    return reply
            time.sleep(pause or PAUSE_SECONDS)

    def close(self) -> None:
        """Close the connections."""
        self._below.close()

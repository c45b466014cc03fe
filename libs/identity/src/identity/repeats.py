"""What a repeat of a request is answered, where the first reply has a secret that is shown once."""

import orjson
from fastapi import Request

from chassis.work.settle import Reply
from chassis.work.unit_of_work import Work

__all__ = ["keep_for_repeats"]


def keep_for_repeats(request: Request, work: Work, body: str, *, status: int = 200) -> None:
    """Keep this reply for repeats of the request, in place of the one that is sent now."""
    _, key = request.state.claimed
    request.state.claimed = None
    work.reply = Reply(
        actor=work.actor.reference,
        key=key,
        status=status,
        body=body.encode(),
        headers=orjson.dumps({"content-type": "application/json"}).decode(),
    )

"""How fuzzed requests differ from generated ones: they carry a key, and do not wait."""

from typing import Any
from uuid import uuid4

import schemathesis


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Bring a fresh Idempotency-Key, and ask long-polling paths not to wait.

    Without a key every POST would be refused at the door, and nothing behind it tried.
    """
    if case.method.upper() == "POST" and not _has_key(case):
        case.headers = {**(case.headers or {}), "Idempotency-Key": str(uuid4())}
    known = {parameter.name for parameter in case.operation.query}
    for patience in known & {"wait", "timeout"}:
        case.query = {**(case.query or {}), patience: 0.01}


def _has_key(case: Any) -> bool:
    return any(name.lower() == "idempotency-key" for name in case.headers or {})

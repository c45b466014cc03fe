"""What identity brings into a service."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from chassis.service import Module, Schedule
from chassis.work.unit_of_work import Work
from identity import sessions
from identity.audit.changed_settings import note_changed_settings
from identity.audit.commands import add_audit
from identity.audit.routes import PERMISSION
from identity.authenticate import Authenticator
from identity.bootstrap import make_first_callers
from identity.breaches import breach_list
from identity.commands import add_keys, add_users
from identity.doctor import bound_keys, issuer_keys, key_ages, whole_audit_log
from identity.encrypting import encrypt_plain, encrypted_factors
from identity.required_factors import people_without_factor
from identity.routes import ROUTERS
from identity.schema import RIGHTS

__all__ = ["MODULE"]

HOUSEKEEPING = "identity.housekeeping"


async def forget_old(work: Work, _payload: Mapping[str, Any]) -> None:
    """Forget sessions that ended a month ago and failed logins of yesterday."""
    await sessions.sweep(work.sql, now=work.now)


MODULE = Module(
    name="callers",
    routers=ROUTERS,
    rights=RIGHTS,
    tags={
        "api-keys": "Keys of programs: issue, bind to a system, revoke. A key is shown once.",
        "audit": "The audit log: who logged in, was refused, got keys and rights, took data out.",
        "identity": "Who the caller is to this service, and what the caller may do.",
        "sessions": "Logging in with a password, and out; who is logged in from where.",
    },
    permissions={PERMISSION: "Read the audit log."},
    roles={"auditor": {PERMISSION}},
    authenticator=Authenticator,
    at_start=(make_first_callers, note_changed_settings, encrypt_plain),
    commands=(add_users, add_keys, add_audit),
    checks={
        "systems": bound_keys,
        "audit": whole_audit_log,
        "key_ages": key_ages,
        "issuer_keys": issuer_keys,
        "breached_passwords": breach_list,
        "second_factors": people_without_factor,
        "second_factor_keys": encrypted_factors,
    },
    jobs={HOUSEKEEPING: forget_old},
    schedules=(Schedule(HOUSEKEEPING, timedelta(hours=1), HOUSEKEEPING),),
)

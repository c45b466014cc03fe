"""Settings of the installation: what changed since the service was started before."""

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from chassis.clock import utc_now
from chassis.service import ServiceContext
from chassis.settings import ServiceSettings
from identity.audit.entries import Entry, write_entries

__all__ = ["ACT", "note_changed_settings", "shown_settings"]

ACT = "settings.changed"
STARTER = "system:start"


async def note_changed_settings(here: ServiceContext) -> Mapping[str, int]:
    """Write an entry where settings are not those of the last one; how many have changed.

    The entry has them whole, so that the next start can compare; of secrets whether they are set.
    """
    settings = shown_settings(here.settings)
    async with here.database.driver() as sql, sql.transaction():
        await sql.execute(_LOCK)
        before: dict[str, Any] = await sql.fetchval(_LAST, ACT) or {}
        changed = {
            name: [before.get(name), settings.get(name)]
            for name in sorted(before.keys() | settings.keys())
            if before.get(name) != settings.get(name)
        }
        if not changed:
            return {}
        details = {"changed": changed, "settings": settings}
        await write_entries(sql, [Entry(at=utc_now(), act=ACT, actor=STARTER, details=details)])
    return {"settings_changed": len(changed)} if before else {}


def shown_settings(settings: ServiceSettings) -> dict[str, Any]:
    """Every setting that is not its default, by name; a secret as `set`."""
    return {
        name: "set" if isinstance(value, SecretStr) else _shown(value)
        for name in type(settings).model_fields
        if (value := getattr(settings, name)) != type(settings).model_fields[name].default
    }


def _shown(value: Any) -> Any:
    """The value as JSON has it; other types as text."""
    return value if isinstance(value, bool | int | float) or value is None else str(value)


_LOCK = "select pg_advisory_xact_lock(hashtextextended('audit_entry', 0))"
"""The lock of the chain: no other start compares meanwhile."""

_LAST = """select details -> 'settings' from audit_entry where act = $1
  order by position desc limit 1"""

"""What callers of the CRM may be allowed, and the roles that gather it."""

from collections.abc import Mapping

__all__ = ["PERMISSIONS", "ROLES"]

PERMISSIONS: Mapping[str, str] = {
    "staff.read": "See staff and teams.",
    "staff.write": "Add, change and disable staff and teams; never above one's own permissions.",
    "accounts.read": "See accounts and contacts.",
    "accounts.write": "Create, change, archive and link accounts and contacts.",
    "accounts.sync": "Write what a linked ERP leads in: terms, tax data and invoice address.",
    "catalog.read": "See products and prices.",
    "catalog.write": "Create and change products and prices.",
    "events.read": "Read the event feed.",
    "admin": "Everything, with the administration of users and keys.",
}

_LOOK = frozenset({"staff.read", "accounts.read", "catalog.read"})

ROLES: Mapping[str, frozenset[str]] = {
    "seller": _LOOK | {"accounts.write"},
    "sales_manager": _LOOK | {"accounts.write", "catalog.write", "staff.write"},
    "service_agent": _LOOK | {"accounts.write"},
    "marketer": _LOOK,
    "admin": frozenset({"admin"}),
}

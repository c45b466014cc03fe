"""What callers of the CRM may be allowed, and the roles that gather it."""

from collections.abc import Mapping

__all__ = ["PERMISSIONS", "ROLES"]

PERMISSIONS: Mapping[str, str] = {
    "staff.read": "See staff and teams.",
    "staff.write": "Add, change and disable staff and teams; never above one's own permissions.",
    "accounts.read": "See accounts and contacts.",
    "accounts.write": "Create, change, archive and link accounts and contacts.",
    "catalog.read": "See products and prices.",
    "catalog.write": "Create and change products and prices.",
    "orders.read": "See customers' orders and how they stand.",
    "orders.write": "Place, change and cancel orders.",
    "orders.sync": "Write what a linked ERP says of orders, stock and debts, bound to `erp`.",
    "backdate": "Date an act in the past.",
    "events.read": "Read the event feed.",
    "events.relay": "Continue a process of another service, as a bridge: tell origin, cause, hops.",
    "admin": "Everything, with the administration of users and keys.",
}

_READ = frozenset({"staff.read", "accounts.read", "catalog.read", "orders.read"})

ROLES: Mapping[str, frozenset[str]] = {
    "seller": _READ | {"accounts.write", "orders.write"},
    "sales_manager": _READ | {"accounts.write", "orders.write", "catalog.write", "staff.write"},
    "service_agent": _READ | {"accounts.write"},
    "marketer": _READ,
    "admin": frozenset({"admin"}),
}

"""What callers of the ERP may be allowed, and the roles that gather it."""

from collections.abc import Mapping

__all__ = ["PERMISSIONS", "ROLES"]

PERMISSIONS: Mapping[str, str] = {
    "parties.read": "See customers and suppliers.",
    "parties.write": "Create, change, archive and link customers and suppliers.",
    "parties.terms": "Set credit limits, payment terms and dunning blocks.",
    "catalog.read": "See items, units, categories and prices.",
    "catalog.write": "Create and change items, units, categories and prices.",
    "ledger.read": "See accounts, periods, entries and the trial balance.",
    "ledger.write": "Post and reverse entries by hand, open accounts.",
    "ledger.close": "Open fiscal years; close, open and lock periods.",
    "stock.read": "See stock, its moves and worth, and what can be promised.",
    "stock.write": "Lay in opening stock and adjust stock.",
    "purchasing.read": "See supplier prices, purchase suggestions and purchase orders.",
    "purchasing.write": "Note supplier prices; order, receive, send back and bill goods.",
    "sales.read": "See sales orders and approvals.",
    "sales.write": "Take, change and cancel sales orders.",
    "sales.approve": "Decide what waits for approval: orders beyond a credit limit.",
    "receivables.read": "See invoices, credit notes and tax codes.",
    "receivables.write": "Issue and credit invoices; add tax codes.",
    "receivables.write_off": "Write off bad debts, and take that back.",
    "payables.read": "See suppliers' bills and credit notes.",
    "payables.write": "Enter suppliers' bills and credit notes, and take them back.",
    "settlement.read": "See payments, open items, and what customers owe and we owe.",
    "settlement.write": "Book payments, allocate them, and take that back.",
    "backdate": "Date an act in the past.",
    "events.read": "Read the event feed.",
    "events.relay": "Continue a process of another service, as a bridge: tell origin, cause, hops.",
    "admin": "Everything, with the administration of users and keys.",
}

_LOOK = frozenset({"parties.read", "catalog.read", "stock.read"})

ROLES: Mapping[str, frozenset[str]] = {
    "accountant": _LOOK
    | {
        "parties.write",
        "parties.terms",
        "ledger.read",
        "ledger.write",
        "ledger.close",
        "sales.read",
        "sales.approve",
        "receivables.read",
        "receivables.write",
        "receivables.write_off",
        "payables.read",
        "payables.write",
        "settlement.read",
        "settlement.write",
        "backdate",
    },
    "buyer": _LOOK | {"parties.write", "catalog.write", "purchasing.read", "purchasing.write"},
    "planner": _LOOK | {"catalog.write"},
    "seller": _LOOK | {"parties.write", "sales.read", "sales.write", "receivables.read"},
    "storekeeper": _LOOK | {"stock.write", "sales.read"},
    "admin": frozenset({"admin"}),
}

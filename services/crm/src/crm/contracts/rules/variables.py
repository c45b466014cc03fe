"""The variables that clauses may name: all that there are, and what each prints."""

from collections.abc import Mapping

__all__ = ["NUMBERS", "VARIABLES"]

VARIABLES: Mapping[str, str] = {
    "contract.number": "The contract's number.",
    "contract.name": "The contract's name.",
    "contract.drawn_up_on": "The day on which it was drawn up.",
    "contract.starts_on": "The first day on which it holds.",
    "contract.ends_on": "The last day on which it holds.",
    "contract.renewal_on": "The day on which it is renewed.",
    "contract.notice_days": "How many days before the renewal notice is to be given.",
    "account.name": "The customer's name.",
    "account.tax_id": "The customer's tax number.",
    "account.address": "The customer's billing address, in one line.",
    "account.segment": "The customer's segment.",
    "account.industry": "The customer's industry.",
    "contact.name": "The name of the customer's contact.",
    "contact.title": "What the contact is there.",
    "opportunity.name": "The deal's name.",
    "quote.number": "The number of the accepted quote.",
    "quote.quote_version": "The version of the quote that was accepted.",
    "quote.accepted_on": "The day on which the quote was accepted.",
    "quote.currency": "The currency of the quote (ISO 4217).",
    "quote.lines": "The lines of the quote, each on a line of its own.",
    "quote.net": "What the quote comes to without tax, with its currency.",
    "quote.tax": "The quote's tax, with its currency.",
    "quote.total": "What the quote comes to with tax, with its currency.",
    "company.name": "Our own name, as the installation is set.",
    "company.address": "Our own address, as the installation is set.",
    "company.tax_id": "Our own tax number, as the installation is set.",
}
"""Name -> what it prints."""

NUMBERS = frozenset({"contract.notice_days", "quote.net", "quote.tax", "quote.total"})
"""Those that print a number, which a condition may compare."""

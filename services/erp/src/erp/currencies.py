"""Which currencies the installation works in: its own, until more are built."""

from chassis.http.problems import CurrencyNotSupported
from chassis.work.unit_of_work import Work

__all__ = ["require_supported_currency"]


def require_supported_currency(work: Work, *currencies: str) -> None:
    """Raises CurrencyNotSupported for another currency than the installation's."""
    supported = work.setting.currency
    for currency in currencies:
        if currency != supported:
            raise CurrencyNotSupported(supported=supported, currency=currency)

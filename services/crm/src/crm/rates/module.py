"""What exchange rates bring into the CRM."""

from chassis.service import Module
from chassis.work.states import States
from crm.rates.events import RateChanged
from crm.rates.models import ExchangeRate
from crm.rates.router import rate_router
from crm.rates.service import rate_states

__all__ = ["MODULE"]

MODULE = Module(
    name="rates",
    routers=(rate_router,),
    tags={"exchange-rates": "What other currencies are worth in the company's own, by day."},
    permissions={
        "rates.read": "See exchange rates.",
        "rates.write": "Enter, correct and link exchange rates.",
    },
    roles={
        "seller": {"rates.read"},
        "sales_manager": {"rates.read", "rates.write"},
        "service_agent": {"rates.read"},
        "marketer": {"rates.read"},
    },
    tables=(ExchangeRate,),
    events=(RateChanged,),
    states={RateChanged: States("exchange_rate", rate_states)},
)

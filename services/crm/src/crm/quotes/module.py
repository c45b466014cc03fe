"""What quotes bring into the CRM."""

from approvals.events import DecisionStarted
from chassis.service import Module
from chassis.work.states import States
from crm import open_work
from crm.pdf.installed import check_pdf
from crm.quotes.events import QuoteChanged
from crm.quotes.handlers import lock_quote_first
from crm.quotes.models import (
    RIGHTS,
    SEARCH,
    Quote,
    QuoteAnswer,
    QuoteDocumentRow,
    QuoteLine,
    QuoteNumber,
    QuoteToken,
)
from crm.quotes.open_router import open_quote_router, quote_page_router
from crm.quotes.router import quote_router
from crm.quotes.service.expiring import EXPIRE, SCHEDULE, expire
from crm.quotes.service.giving import OPEN
from crm.quotes.service.quotes import quote_states

__all__ = ["MODULE"]

open_work.declare(OPEN)

_BOTH = {"quotes.read", "quotes.write"}

MODULE = Module(
    name="quotes",
    routers=(quote_router, open_quote_router, quote_page_router),
    tags={"quotes": "What we offer customers, in versions, and what they answered."},
    permissions={
        "quotes.read": "See quotes.",
        "quotes.write": "Draw up, change, submit, send, revise, revoke and archive quotes.",
    },
    roles={
        "seller": _BOTH,
        "sales_manager": _BOTH,
        "service_agent": {"quotes.read"},
        "marketer": {"quotes.read"},
    },
    tables=(Quote, QuoteLine, QuoteNumber, QuoteToken, QuoteAnswer, QuoteDocumentRow, SEARCH),
    rights=RIGHTS,
    events=(QuoteChanged,),
    handlers={DecisionStarted: (lock_quote_first,)},
    jobs={EXPIRE: expire},
    schedules=(SCHEDULE,),
    checks={"pdf": check_pdf},
    states={QuoteChanged: States("quote", quote_states)},
)

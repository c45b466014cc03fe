"""Paths of exchange rates."""

from chassis.http.routing import api_router
from crm.rates.errors import RateOfOwnCurrency, RateTaken
from crm.rates.schemas import ChangeExchangeRate, NewExchangeRate, UpsertExchangeRate
from crm.rates.service import RATE
from records.annotations import annotate
from records.routes import RecordRoutes

__all__ = ["rate", "rate_router"]

rate_router = api_router(prefix="/v1/exchange-rates", tag="exchange-rates")
rate = RecordRoutes(
    rate_router,
    RATE,
    one="exchange rate",
    many="exchange rates",
    read="rates.read",
    write="rates.write",
    refuses=(RateOfOwnCurrency, RateTaken),
)
rate.list("Exchange rates; `sort` by created_at, updated_at or day.")
rate.create(NewExchangeRate, "Say what a currency is worth from a day on.")
rate.upsert(UpsertExchangeRate)
rate.links()
rate.csv()
rate.get()
rate.history()
rate.change(ChangeExchangeRate)
rate.link()
rate.unlink()
annotate(rate.paths)

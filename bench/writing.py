"""A customer created in the CRM over HTTP, against the same rows written bare."""

from bench.acts import Act, At, measure
from bench.figures import Asked, Bench, Figure
from bench.place import Place
from bench.same_rows import EVENTS, Written
from crm.app import SERVICE as CRM

__all__ = ["ACCOUNT", "BENCH"]

ACCOUNT = {
    "name": "Canal Street Coffee",
    "email": "orders@canal.example",
    "phone": "+86 512 5550 0134",
    "website": "https://canal.example",
    "shipping_address": {"line1": "1 Canal Street", "city": "Suzhou", "country": "CN"},
}
CREATE = Act(
    "create a customer",
    "/v1/accounts",
    ACCOUNT,
    (
        Written("account", "id = $1"),
        Written("record_change", "record_id = $1"),
        *EVENTS,
    ),
    ratio_min=0.5,
)


def run(place: Place, asked: Asked) -> list[Figure]:
    """Create customers."""
    database = place.database(CRM)
    with place.serving(CRM, database) as crm:
        return measure(place, asked, CREATE, At(crm, database))


BENCH = Bench("write", "A customer created in the CRM over HTTP", run)

"""A customer created in the CRM over HTTP, against the same rows written bare."""

from bench.acts import Act, measure
from bench.figures import Asked, Bench, Figure
from bench.place import Place
from bench.same_rows import Written
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
    CRM,
    "/v1/accounts",
    ACCOUNT,
    (
        Written("account", "id = $1"),
        Written("outbox", "aggregate_id = $1"),
        Written("outbox_version", "aggregate_id = $1"),
        Written("idempotency_key", "position(($1::uuid)::text in headers) > 0", fresh=("key",)),
    ),
)


def run(place: Place, asked: Asked) -> list[Figure]:
    """Create customers."""
    return measure(place, asked, CREATE)


BENCH = Bench("write", "A customer created in the CRM over HTTP", run)

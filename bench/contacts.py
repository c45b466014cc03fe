"""Contacts taken over by the CRM in batches, as an import of many sends them."""

from collections.abc import Sequence

from bench.acts import Act, At, measure
from bench.figures import Asked, Bench, Figure
from bench.place import Place
from bench.same_rows import ACT, EVENTS, Written
from bench.wire import TOKEN
from crm.app import SERVICE as CRM

__all__ = ["BENCH"]

ACCOUNTS = 50
BATCH = 200

_TOLD = f"(select aggregate_id from outbox where correlation_id = {ACT})"


def run(place: Place, asked: Asked) -> list[Figure]:
    """Batches of new contacts, of some accounts in turn; their history is counted on both sides."""
    database = place.database(CRM)
    with place.serving(CRM, database) as crm:
        firms = [
            {"external_id": f"A-{at}", "source_version": 1, "name": f"Canal Street Coffee {at}"}
            for at in range(ACCOUNTS)
        ]
        made = crm.call("POST", "/v1/accounts/by-external/shop/batch", {"items": firms})["items"]
        at = At(crm, database, lambda reply: str(reply["items"][0]["id"]))
        return measure(place, asked, _take_over([one["id"] for one in made]), at)


def _take_over(accounts: Sequence[str]) -> Act:
    contacts = [
        {
            "external_id": f"{TOKEN}-{at}",
            "source_version": 1,
            "account_id": accounts[at % len(accounts)],
            "name": f"Maria Anders {at}",
            "title": "Sales Representative",
            "email": f"maria.anders.{at}@canal.example",
            "phone": f"+86 512 5550 {at:04}",
        }
        for at in range(BATCH)
    ]
    return Act(
        f"take over {BATCH} contacts of {len(accounts)} customers in the CRM by batch",
        "/v1/contacts/by-external/shop/batch",
        {"items": contacts},
        (
            Written("contact", f"id in {_TOLD}"),
            Written("external_reference", f"entity_id in {_TOLD}", fresh=("external_id",)),
            Written("record_change", f"record_id in {_TOLD}"),
            *EVENTS,
        ),
        each=BATCH,
        clients=(1,),
    )


BENCH = Bench("contacts", "Contacts taken over by batch", run)

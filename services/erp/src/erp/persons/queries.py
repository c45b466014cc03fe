"""What documents say of a person, and what is kept of whom they were made out to."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from erp.searched import PRINTED
from values.money import digits_of

__all__ = [
    "beside_ids",
    "delete_past_retention",
    "document_ids",
    "documents_of",
    "erased_customers",
    "last_posting",
    "retain",
    "retained",
    "wipe_approval_notes",
]

_AMOUNT, _NET, _GROSS = (
    f"round(d.{name}, $2::integer)::text as {name}, $3::text as currency"
    for name in ("amount", "net", "gross")
)
"""With the decimals of the company's currency (decision 0103)."""
_ORDER = "sales_order d where d.customer_id = $1"
_BOUGHT = "join purchase_order o on o.id = d.purchase_order_id where o.supplier_id = $1"
_INVOICE = """invoice d left join invoice_number n on n.invoice_id = d.id
  where d.customer_id = $1"""
_DOCUMENTS: dict[str, dict[str, tuple[str, str]]] = {
    "customer": {
        "sales_order": (
            _ORDER,
            f"d.number, d.ordered_on, d.state, d.ship_to, d.note, {_NET}",
        ),
        "shipment": (
            "shipment d join sales_order o on o.id = d.order_id where o.customer_id = $1",
            "d.number, d.kind, d.shipped_on, d.carrier, d.tracking_number",
        ),
        "invoice": (
            _INVOICE,
            f"{PRINTED.format(of='n.')} as number, d.kind, d.effective_on, {_GROSS}, d.reason",
        ),
        "opening_receivable": (
            "opening_receivable d where d.customer_id = $1",
            f"d.number, d.kind, d.effective_on, {_AMOUNT}",
        ),
    },
    "supplier": {
        "purchase_order": ("purchase_order d where d.supplier_id = $1", "d.number, d.ordered_on"),
        "purchase_receipt": (f"purchase_receipt d {_BOUGHT}", "d.number, d.effective_on"),
        "purchase_return": (f"purchase_return d {_BOUGHT}", "d.number, d.effective_on, d.reason"),
        "bill": (
            "bill d where d.supplier_id = $1",
            f"d.supplier_number as number, d.kind, d.effective_on, {_GROSS}",
        ),
    },
}
_PAYMENT = (
    "payment d where d.party_id = $1",
    f"d.number, d.kind, d.effective_on, {_AMOUNT}, d.reference",
)
_APPROVALS = """approval d join sales_order o on o.id = d.subject_id where o.customer_id = $1"""
_ENTRIES = """select distinct 'journal_entry' as name, entry_id as id from journal_line
  where party_id = $1"""
_STOCK = "union all select 'stock_document', d.id from"
_BESIDE = {
    name: " ".join([_ENTRIES, *(f"{_STOCK} {_DOCUMENTS[name][one][0]}" for one in moved)])
    for name, moved in (
        ("customer", ("shipment",)),
        ("supplier", ("purchase_receipt", "purchase_return")),
    )
}
_SHOWN = """select to_jsonb(r) as row
  from (select '{name}' as document_type, d.id, {columns} from {source}) r"""
_RETAINED = """select 'retained_party' as document_type, record_id as id, name, legal_name, tax_id,
    address, retained_until
  from retained_party where (record_type, record_id) = ($1, $2)"""
_RETAIN = {
    record_type: f"""insert into retained_party
      (record_type, record_id, name, legal_name, tax_id, address, retained_until)
    select '{record_type}', id, name, legal_name, tax_id, {address}, $2
      from {record_type} where id = $1 on conflict (record_type, record_id) do nothing"""
    for record_type, address in (("customer", "bill_to"), ("supplier", "address"))
}
_LAST = """select max(day) from (
    select max(effective_on) as day from open_item where party_id = $1
    union all select max(effective_on) from payment where party_id = $1
    union all select max(s.shipped_on) from shipment s join sales_order o on o.id = s.order_id
      where o.customer_id = $1
    union all select max(r.effective_on) from purchase_receipt r
      join purchase_order o on o.id = r.purchase_order_id where o.supplier_id = $1) posted"""
_NO_NOTES = """with closed as (
    select a.id from approval a join sales_order o on o.id = a.subject_id
     where o.customer_id = any($1::uuid[]) and o.state in ('completed', 'cancelled', 'rejected')),
  said as (
    update approval_decision d set reason = '' from closed
     where d.approval_id = closed.id and d.reason <> ''),
  emptied as (
    update approval a set note = '' from closed
     where a.id = closed.id and a.note <> '' returning 1)
  select count(*) from emptied"""


def _sources(record_type: str) -> dict[str, tuple[str, str]]:
    return _DOCUMENTS[record_type] | {"payment": _PAYMENT}


async def documents_of(at: Reading, record_type: str, party_id: UUID) -> list[dict[str, Any]]:
    """What documents of the party say, by type and then by age."""
    sources = _sources(record_type)
    if record_type == "customer":
        sources["approval"] = _APPROVALS, "o.number, d.state, d.reason, d.note"
    shown = " union all ".join(
        _SHOWN.format(name=name, columns=columns, source=source)
        for name, (source, columns) in sources.items()
    )
    sql = f"select row from ({shown}) d order by row->>'document_type', row->>'id'"
    currency = at.setting.currency
    rows = await at.sql.fetch(sql, party_id, digits_of(currency), currency)
    return [row["row"] for row in rows] + await retained(at, record_type, party_id)


async def document_ids(at: Reading, record_type: str, party_id: UUID) -> list[tuple[str, UUID]]:
    """The party's documents, by type and id."""
    shown = " union all ".join(
        f"select '{name}' as name, d.id from {source}"
        for name, (source, _) in _sources(record_type).items()
    )
    return [(row["name"], row["id"]) for row in await at.sql.fetch(shown, party_id)]


async def beside_ids(at: Reading, record_type: str, party_id: UUID) -> list[tuple[str, UUID]]:
    """What was booked for the party: entries that name it, and stock documents."""
    sql = _BESIDE[record_type]
    return [(row["name"], row["id"]) for row in await at.sql.fetch(sql, party_id)]


async def retained(at: Reading, record_type: str, party_id: UUID) -> list[dict[str, Any]]:
    """Whom the documents were made out to, where that is kept."""
    return [dict(row) for row in await at.sql.fetch(_RETAINED, record_type, party_id)]


async def last_posting(at: Reading, party_id: UUID) -> date | None:
    """The last day on which something was posted for the party; None: nothing ever was."""
    day: date | None = await at.sql.fetchval(_LAST, party_id)
    return day


async def retain(work: Work, record_type: str, party_id: UUID, until: date) -> None:
    """Keep whom documents of the party were made out to until the day."""
    await work.sql.execute(_RETAIN[record_type], party_id, until)


async def delete_past_retention(work: Work) -> None:
    """Forget whom documents were made out to that need not be kept any more."""
    sql = "delete from retained_party where retained_until < $1"
    await work.sql.execute(sql, work.today())


async def wipe_approval_notes(work: Work, customer_ids: Sequence[UUID]) -> int:
    """Empty what was noted at decisions about the customers' closed orders; how many there were."""
    return int(await work.sql.fetchval(_NO_NOTES, list(customer_ids)))


async def erased_customers(at: Reading) -> list[UUID]:
    """The customers that were erased."""
    sql = "select id from customer where erased_at is not null order by id"
    return [row["id"] for row in await at.sql.fetch(sql)]

"""Acts on products."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.http.batch import Outcome
from chassis.ids import uuid7
from chassis.problems.field_errors import errors_of_field
from chassis.problems.standard import MissingReference, NotFound
from chassis.storage.source_versions import age_of, require_near
from chassis.work.company_rules import require_supported_currency
from chassis.work.locking import advisory_lock, lock, lock_all
from chassis.work.unit_of_work import Work
from crm.catalog import queries
from crm.catalog.errors import DuplicateCode
from crm.catalog.models import ERP_MASTER, WITHDRAWN, Product
from crm.catalog.schemas import AddProduct, ChangeProduct, ProductView, UpsertProduct
from crm.fields import Facts
from crm.ownership import ERP, ManagedByErp
from crm.settings import settings_of
from records.batches import InBulk, upsert_one
from records.links import LinkExternal, link
from records.upserts import OUTCOMES, Sent, Upserted, require
from values.money import UnitPriceChange

__all__ = [
    "IN_BULK",
    "Stock",
    "add_product",
    "change_product",
    "link_product",
    "lock_product",
    "product_meant",
    "see_product",
    "store_availabilities",
    "upsert_product",
]

KIND = "product"


async def see_product(sql: queries.Sql, product_id: UUID) -> ProductView:
    """The product as callers see it. Raises NotFound."""
    seen = await queries.product_view(sql, product_id)
    if seen is None:
        raise NotFound(entity=KIND, id=product_id)
    return seen


async def product_meant(sql: queries.Sql, reference: str) -> UUID:
    """Id of the product with that id or code. Raises MissingReference."""
    found = await queries.product_meant(sql, reference, _uuid(reference))
    if found is None:
        raise MissingReference(entity=KIND, reference=reference)
    return found


async def lock_product(work: Work, product_id: UUID) -> Product:
    """The product, nobody else's to change until the act ends. Raises NotFound."""
    return await lock(work, Product, product_id)


async def add_product(work: Work, command: AddProduct) -> UUID:
    """Begin to sell something. Raises DuplicateCode, CurrencyNotSupported."""
    product_id = uuid7()
    await _add_all(work, [(product_id, command.facts())])
    return product_id


async def change_product(
    work: Work, product_id: UUID, command: ChangeProduct, *, revision: int
) -> None:
    """Change what the caller saw as `revision`.

    Raises NotFound, StaleRevision, DuplicateCode, CurrencyNotSupported, ManagedByErp.
    """
    product = await lock_product(work, product_id)
    product.check_revision(revision)
    await _change_all(work, [(product, command.facts())], by=None)


async def link_product(work: Work, product_id: UUID, command: LinkExternal) -> None:
    """Say which record of another system it is; the ERP becomes master of what it has.

    Raises NotFound, AlreadyLinked.
    """
    product = await lock_product(work, product_id)
    await link(work, KIND, product_id, command)
    if command.system == ERP:
        await _change_all(work, [(product, {})], by=ERP)


@dataclass(frozen=True)
class Stock:
    """What the ERP says is free of a product, and expected, in its own version."""

    product_id: UUID
    version: int
    free: Decimal
    incoming: Decimal


async def store_availabilities(work: Work, sent: Sequence[Stock]) -> list[Outcome]:
    """Keep the newest word of the stock of each of different products; it is no change of them.

    Raises NotFound, VersionTooFar.
    """
    found = await queries.availability_versions(work.sql, [one.product_id for one in sent])
    missing = next((one.product_id for one in sent if one.product_id not in found), None)
    if missing:
        raise NotFound(entity=KIND, id=missing)
    step_max = settings_of(work.setting).source_version_step_max
    outcomes: list[Outcome] = []
    rows = []
    for one in sent:
        last, last_history = found[one.product_id]["version"], found[one.product_id]["history"]
        history = work.trace_of(one.product_id).history or last_history
        near_to = last if history == last_history else 0
        require_near(one.version, near_to, step_max=step_max)
        age = age_of(one.version, last, history=history, last_history=last_history)
        outcomes.append(OUTCOMES[age])
        if age > 0:
            rows.append((one.product_id, one.version, history, one.free, one.incoming))
    await queries.store_availabilities(work.sql, rows, now=work.now)
    return outcomes


async def upsert_product(
    work: Work, system: str, external_id: str, command: UpsertProduct
) -> Upserted:
    """Take over a product as another system knows it; the ERP becomes master of it.

    Raises InvalidInput (a new one without code or name), DuplicateCode, CurrencyNotSupported,
    ManagedByErp.
    """
    sent = Sent(KIND, system, external_id, command)
    return await upsert_one(work, sent, command, by=IN_BULK)


async def _add_sent(work: Work, system: str, sent: Sequence[tuple[UUID, UpsertProduct]]) -> None:
    master = {"master": ERP_MASTER} if system == ERP else {}
    await _add_all(
        work, [(one, require(command.facts(), "code", "name") | master) for one, command in sent]
    )


async def _change_sent(
    work: Work, system: str, sent: Sequence[tuple[UUID, UpsertProduct]]
) -> list[bool]:
    held = await lock_all(work, Product, [product_id for product_id, _ in sent])
    told = [(held[product_id], command.facts()) for product_id, command in sent]
    return await _change_all(work, told, by=system)


IN_BULK = InBulk[Any](create=_add_sent, change=_change_sent)
"""How products of another system are taken over, one or many."""


async def _add_all(work: Work, new: Sequence[tuple[UUID, Facts]]) -> None:
    """Begin to sell products under the ids given, all or none of them."""
    products = []
    for product_id, facts in new:
        product = Product(
            id=product_id, currency=work.setting.currency, created_at=work.now, updated_at=work.now
        )
        product.apply(_merged(work, product, facts))
        products.append(product)
    await _claim_codes(work, products)
    work.session.add_all(products)
    await work.flush()


async def _change_all(
    work: Work, told: Sequence[tuple[Product, Facts]], *, by: str | None
) -> list[bool]:
    """Whether each of the locked products changed; then it is one version more.

    `by` is the system that sent the facts.
    """
    handed_over = [product for product, _ in told if by == ERP and product.hand_over()]
    if handed_over:
        await _end_own_prices(work, handed_over)
    changes = {product: product.apply(_merged(work, product, facts)) for product, facts in told}
    for product, fields in changes.items():
        if fields and product.master == ERP_MASTER and by != ERP:
            raise ManagedByErp(fields=", ".join(fields), entity=KIND)
    await _claim_codes(work, [product for product, fields in changes.items() if "code" in fields])
    changed = {product for product, fields in changes.items() if fields}.union(handed_over)
    for product in changed:
        product.touch(work.now)
    await work.flush()
    return [product in changed for product, _ in told]


async def _end_own_prices(work: Work, products: Sequence[Product]) -> None:
    for price in await queries.own_active_prices(work, [product.id for product in products]):
        price.apply({"status": WITHDRAWN})
        price.touch(work.now)


async def _claim_codes(work: Work, products: Sequence[Product]) -> None:
    """See to it that each code is of one product. Raises DuplicateCode."""
    if not products:
        return
    await advisory_lock(work, *sorted({f"product_code:{product.code}" for product in products}))
    taken = await queries.products_with_codes(work.sql, [product.code for product in products])
    for product in products:
        existing_id = taken.setdefault(product.code, product.id)
        if existing_id != product.id:
            raise DuplicateCode(product_code=product.code, existing_id=existing_id)


def _merged(work: Work, product: Product, facts: Facts) -> Facts:
    """The facts, with changed parts of the list price laid onto the present one.

    Raises InvalidInput (a new price has only one of its parts), CurrencyNotSupported.
    """
    price = facts.get("list_price")
    if isinstance(price, UnitPriceChange):
        with errors_of_field("list_price"):
            price = price.onto(product.list_price)
        facts = facts | {"list_price": price}
    if price:
        require_supported_currency(work, price.currency)
    return facts


def _uuid(text: str) -> UUID | None:
    """The id that the text is; None when it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None

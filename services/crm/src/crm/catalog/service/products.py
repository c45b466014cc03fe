"""Acts on products."""

from decimal import Decimal
from functools import partial
from uuid import UUID

from chassis.http.problems import MissingReference, NotFound
from chassis.ids import uuid7
from chassis.storage.work import Work
from crm.catalog import queries
from crm.catalog.errors import DuplicateCode
from crm.catalog.models import ERP_MASTER, WITHDRAWN, Product
from crm.catalog.schemas import AddProduct, ChangeProduct, ProductView, UpsertProduct
from crm.currencies import must_be_supported
from crm.fields import Facts
from crm.lines import stand_in_line
from crm.links import ERP, LinkExternal, ManagedByErp, link
from crm.upserts import Sent, Upserted, required, upsert

__all__ = [
    "add_product",
    "change_product",
    "link_product",
    "lock_product",
    "product_meant",
    "see_product",
    "tell_availability",
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
    product = await queries.for_update(work, Product, product_id)
    if product is None:
        raise NotFound(entity=KIND, id=product_id)
    return product


async def add_product(work: Work, command: AddProduct) -> UUID:
    """Begin to sell something. Raises DuplicateCode, CurrencyNotSupported."""
    return await _add(work, command.facts(), uuid7())


async def change_product(
    work: Work, product_id: UUID, command: ChangeProduct, *, revision: int
) -> None:
    """Change what the caller saw as `revision`.

    Raises NotFound, StaleRevision, DuplicateCode, CurrencyNotSupported, ManagedByErp.
    """
    product = await lock_product(work, product_id)
    product.check_revision(revision)
    await _change(work, product, command.facts(), by=None)


async def link_product(work: Work, product_id: UUID, command: LinkExternal) -> None:
    """Say which record of another system it is; the ERP becomes master of what it has.

    Raises NotFound, AlreadyLinked.
    """
    product = await lock_product(work, product_id)
    await link(work, KIND, product_id, command)
    if command.system == ERP:
        await _change(work, product, {}, by=ERP)


async def tell_availability(
    work: Work, product_id: UUID, *, version: int, free: Decimal, incoming: Decimal
) -> None:
    """Keep the newest word of the product's stock; it is no change of it. Raises NotFound."""
    await see_product(work.sql, product_id)
    await queries.tell_availability(
        work.sql, product_id, version=version, free=free, incoming=incoming, now=work.now
    )


async def upsert_product(
    work: Work, system: str, external_id: str, command: UpsertProduct
) -> Upserted:
    """Take over a product as another system knows it; the ERP becomes master of it.

    Raises InvalidInput (a new one without code or name), DuplicateCode, CurrencyNotSupported,
    ManagedByErp.
    """
    facts = command.facts()
    return await upsert(
        work,
        Sent(KIND, system, external_id, command.source_version),
        create=partial(_add_sent, work, facts, system),
        change=partial(_change_sent, work, facts, system),
    )


async def _add_sent(work: Work, facts: Facts, system: str, product_id: UUID) -> None:
    master = {"master": ERP_MASTER} if system == ERP else {}
    await _add(work, required(facts, "code", "name") | master, product_id)


async def _change_sent(work: Work, facts: Facts, system: str, product_id: UUID) -> bool:
    return await _change(work, await lock_product(work, product_id), facts, by=system)


async def _add(work: Work, facts: Facts, product_id: UUID) -> UUID:
    product = Product(
        id=product_id, currency=work.setting.currency, created_at=work.now, updated_at=work.now
    )
    _check_currency(work, facts)
    product.take(facts)
    await _claim_code(work, product)
    work.session.add(product)
    await work.flush()
    return product.id


async def _change(work: Work, product: Product, facts: Facts, *, by: str | None) -> bool:
    """Whether anything changed; then it is one version more. `by` is the sending system."""
    _check_currency(work, facts)
    handed_over = product.hand_over() if by == ERP else []
    if handed_over:
        await _end_own_prices(work, product)
    changed = product.take(facts)
    if changed and product.master == ERP_MASTER and by != ERP:
        raise ManagedByErp(fields=", ".join(changed), entity=KIND)
    if "code" in changed:
        await _claim_code(work, product)
    if changed or handed_over:
        product.touch(work.now)
        await work.flush()
    return bool(changed or handed_over)


async def _end_own_prices(work: Work, product: Product) -> None:
    for price in await queries.own_active_prices(work, product.id):
        price.take({"status": WITHDRAWN})
        price.touch(work.now)


async def _claim_code(work: Work, product: Product) -> None:
    await stand_in_line(work, f"product_code:{product.code}")
    existing_id = await queries.product_with_code(work.sql, product.code)
    if existing_id not in {None, product.id}:
        raise DuplicateCode(product_code=product.code, existing_id=existing_id)


def _check_currency(work: Work, facts: Facts) -> None:
    price = facts.get("list_price")
    if price:
        must_be_supported(work, price.currency)


def _uuid(text: str) -> UUID | None:
    """The id that the text is; None when it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None

"""Invoicing what was shipped, and crediting what came back."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.work.company_rules import business_day_of
from chassis.work.unit_of_work import Work
from erp.fulfilment.errors import MoreThanLeft, NothingToInvoice, NotShippedYet, UnknownLine
from erp.fulfilment.models import OrderLine
from erp.fulfilment.queries import writing
from erp.fulfilment.queries.writing import LockedOrder
from erp.fulfilment.schemas import Invoiced, InvoiceOrder, LineQuantity
from erp.fulfilment.service.changing import lock_order
from erp.fulfilment.service.publishing import publish_changes
from erp.fulfilment.service.references import OrderReferences
from erp.receivables.events import InvoiceCredited
from erp.receivables.service.building import IssueCharge, IssueInvoice, IssueLine
from erp.receivables.service.crediting import credit_order
from erp.receivables.service.issuing import issue
from erp.settings import settings_of
from erp.stock.service.booking import check_quantities
from erp.sums import require_bookable
from values.decimals import plain
from values.money import MoneyView, digits_of
from values.prices import line_net

__all__ = ["credit_return", "invoice_order", "record_credit", "selected_lines"]


async def invoice_order(work: Work, order_id: UUID, command: InvoiceOrder) -> Invoiced:
    """Invoice what was shipped, or what is ordered, and not invoiced; open charges with it.

    Before delivery, revenue is booked at the invoice and the cost when goods leave (decision
    0051); what is shipped later is not invoiced again.

    A line takes the tax code that its item has now, a charge that of the settings. Tax is rounded
    once for each invoice and code (E19): over n invoices of parts it comes to within (n + 1) / 2 of
    the smallest coin, for each code, of what one invoice of the whole would ask. What the order
    says it was invoiced is before tax. Raises NotFound, OrderNotConfirmed, NothingToInvoice,
    UnknownLine, NotShippedYet, MoreThanLeft, FractionOfUnit, PeriodClosed, MissingReference (the
    charges' tax code).
    """
    day = business_day_of(work, command.effective_on)
    order = await lock_order(work, order_id)
    header = order.header
    header.require_confirmed()
    due = await _due(work, order, command)
    begun = command.before_delivery or any(line.shipped for line in order.lines)
    charges = [charge for charge in order.charges if begun and not charge.invoiced]
    if not due and not charges:
        raise NothingToInvoice(number=header.number)
    references = await OrderReferences.of(work, order)
    charged = settings_of(work.setting).charge_tax_code
    issued = await issue(
        work,
        IssueInvoice(
            customer_id=header.customer_id,
            order_id=header.id,
            effective_on=day,
            payment_terms_days=references.customer(header.customer_id)["payment_terms_days"],
            lines=[
                _invoice_line(line, quantity, _share(work, line, quantity), references)
                for line, quantity in due
            ],
            charges=[
                IssueCharge(charge.kind, charge.amount, tax_code=charged) for charge in charges
            ],
            custom=command.custom,
        ),
    )
    for line, quantity in due:
        line.invoiced += quantity
    for charge in charges:
        charge.invoiced = True
    header.invoiced += issued.net
    header.update_state(order.lines, order.charges)
    await writing.save(work, order, edited=False)
    await publish_changes(work, [header.id], ["invoiced", "lines", "open_amount", "state"])
    return Invoiced(
        invoice_id=issued.id,
        gross=MoneyView(amount=issued.gross, currency=header.currency),
        order_version=header.etag_version,
        order_revision=header.version,
    )


async def _due(
    work: Work, order: LockedOrder, command: InvoiceOrder
) -> Sequence[tuple[OrderLine, Decimal]]:
    """Which lines are invoiced now, and so many of each.

    Raises UnknownLine, NotShippedYet, MoreThanLeft, FractionOfUnit.
    """
    if command.lines is None:
        left = [(line, _left(line, command)) for line in order.lines]
        return [(line, quantity) for line, quantity in left if quantity > 0]
    due = selected_lines(order, command.lines)
    for line, quantity in due:
        if quantity <= _left(line, command):
            continue
        early = quantity <= line.left_to_invoice
        most = line.to_invoice if early else line.left_to_invoice
        raise (NotShippedYet if early else MoreThanLeft)(
            line=line.description, wanted=plain(quantity), left=plain(max(most, Decimal(0)))
        )
    await check_quantities(work.sql, [(line.item_id, quantity) for line, quantity in due])
    return due


def _left(line: OrderLine, command: InvoiceOrder) -> Decimal:
    return line.left_to_invoice if command.before_delivery else line.to_invoice


def selected_lines(
    order: LockedOrder, named: Sequence[LineQuantity]
) -> list[tuple[OrderLine, Decimal]]:
    """The lines that are named; what is named twice adds up. Raises UnknownLine, InvalidInput."""
    found: dict[UUID, tuple[OrderLine, Decimal]] = {}
    for one in named:
        line = order.line(one.order_line_id)
        if line is None:
            raise UnknownLine(line=one.order_line_id, number=order.header.number)
        before = found[line.id][1] if line.id in found else Decimal(0)
        found[line.id] = (line, before + one.quantity)
    require_bookable(*(quantity for _, quantity in found.values()))
    return list(found.values())


def _invoice_line(
    line: OrderLine, quantity: Decimal, net: Decimal, references: OrderReferences
) -> IssueLine:
    return IssueLine(
        order_line_id=line.id,
        item_id=line.item_id,
        description=line.description,
        quantity=quantity,
        unit_price=line.unit_price,
        discount=line.discount,
        net=net,
        tax_code=references.tax_code(line.item_id),
    )


def _share(work: Work, line: OrderLine, quantity: Decimal) -> Decimal:
    """What a part of a line comes to, so that all parts together come to the line's net."""
    digits = digits_of(work.setting.currency)

    def net(upto: Decimal) -> Decimal:
        if upto == line.quantity:
            return line.net
        return line_net(line.unit_price, upto, line.discount, decimals=digits)

    return net(line.net_invoiced + quantity) - net(line.net_invoiced)


async def credit_return(
    work: Work,
    order: LockedOrder,
    coming: Sequence[tuple[OrderLine, Decimal]],
    *,
    effective_on: date,
    credit: bool,
) -> None:
    """Take goods back into the order's lines, and credit what of them is to be credited now."""
    due = {line.id: line.receive_return(quantity, credit=credit) for line, quantity in coming}
    quantities = {line_id: quantity for line_id, quantity in due.items() if quantity > 0}
    if quantities:
        await credit_order(
            work, order.header.id, quantities, effective_on=effective_on, reason="Goods came back"
        )


async def record_credit(work: Work, event: InvoiceCredited) -> None:
    """Let the order know what of its lines and charges was credited by hand (E45)."""
    order = (await writing.load_for_update(work, [event.order_id])).get(event.order_id)
    if order is None:
        return
    for one in event.lines:
        line = order.line(one.order_line_id)
        if line is not None:
            line.credit(one.quantity, again=event.invoice_again)
    if event.invoice_again:
        order.header.invoiced -= event.net
        _reopen_charges(order, event.charges)
    order.header.update_state(order.lines, order.charges)
    await writing.save(work, order, edited=False)
    await publish_changes(work, [order.header.id], ["invoiced", "lines", "state"])


def _reopen_charges(order: LockedOrder, amounts: Sequence[Decimal]) -> None:
    """Charges that are credited in full are invoiced anew with what is invoiced next."""
    for amount in amounts:
        credited = next(
            (one for one in order.charges if one.invoiced and one.amount == amount), None
        )
        if credited:
            credited.invoiced = False

"""Bad debts: what nobody will pay of an invoice."""

from decimal import Decimal

from chassis.problems.standard import NotFound
from chassis.work.company_rules import business_day_of, require_supported_currency
from chassis.work.unit_of_work import Work
from erp.receivables.errors import NoTaxKnown
from erp.receivables.queries import invoices
from erp.receivables.rules.amounts import tax_share
from erp.receivables.schemas import WriteOffDebt
from erp.settings import settings_of
from erp.settlement.schemas import PaymentView
from erp.settlement.service.items import lock_open_item
from erp.settlement.service.writing_off import NewWriteOff, write_off
from erp.settlement.states import PaymentKind
from values.money import digits_of

__all__ = ["write_off_debt"]


async def write_off_debt(work: Work, command: WriteOffDebt) -> PaymentView:
    """Write off an open invoice or opening item, or so much of it, as a loss.

    Dr bad debts, Cr receivable; with `reclaim_tax`, the tax in it is Dr output tax. Raises
    NotFound, CurrencyNotSupported, NoTaxKnown (of what was open before our books), and as
    `settlement.write_off`.
    """
    if command.amount:
        require_supported_currency(work, command.amount.currency)
    day = business_day_of(work, command.effective_on)
    item = await lock_open_item(work, command.document_id)
    owed = await invoices.owed_document(work.sql, command.document_id)
    if item is None or owed is None:
        raise NotFound(entity="invoice", id=command.document_id)
    amount = command.amount.amount if command.amount else item.open_amount
    tax = Decimal(0)
    if command.reclaim_tax:
        if owed["tax"] is None:
            raise NoTaxKnown(number=owed["number"])
        decimals = digits_of(work.setting.currency)
        tax = tax_share(amount, item.written_off, owed["tax"], owed["gross"], decimals=decimals)
    return await write_off(
        work,
        NewWriteOff(
            kind=PaymentKind.BAD_DEBT,
            document_id=command.document_id,
            amount=amount,
            effective_on=day,
            reason=command.reason,
            account=settings_of(work.setting).bad_debt_account,
            tax=tax,
        ),
    )

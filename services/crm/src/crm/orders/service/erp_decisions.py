"""Orders take over what the ERP decided about them."""

from collections.abc import Mapping, Sequence
from typing import Any

from chassis.ids import uuid7
from chassis.work.unit_of_work import Work
from crm.catalog.service import pricing
from crm.orders import queries
from crm.orders.erp_orders import ErpLine, ErpOrder
from crm.orders.models import Order, OrderLine
from crm.orders.service.lines import AMOUNT_DIGITS
from crm.orders.service.orders import apply_values, save_order
from crm.orders.states import OrderState, RefusalKind
from values.decimals import rounded
from values.money import digits_of
from values.prices import line_net

__all__ = ["apply_erp_order", "apply_refusal"]


async def apply_erp_order(
    work: Work, order: Order, erp: ErpOrder, *, version: int, history: int | None
) -> None:
    """Change the locked order to what it is in the ERP, if that had all changes made here.

    `version` is the ERP's, in that `history` of its database; None: it does not say.

    The content stays ours while the order is rejected or cancelled: it is changed here, or placed
    anew. Nothing here is a change of the customer's, so it is not sent to the ERP.
    """
    if erp.source_version is None:
        return
    if order.changed_after(erp.source_version, history=erp.source_history):
        return
    before = order.base
    order.base = _base_of(erp, version, history, of=order.content_version)
    state, refusal = _state_of(erp), _refusal_of(erp)
    if _is_same_content(before, order.base) and (order.state, order.refusal) == (state, refusal):
        await work.flush()
        return
    await _apply_content(work, order, erp, state=state, refusal=refusal)
    await work.flush()


def _is_same_content(before: dict[str, Any] | None, base: dict[str, Any]) -> bool:
    """Whether the content is as it was applied last, and nothing was changed here since."""
    version = {name: base[name] for name in ("version", "history")}
    return before is not None and before | version == base


def _base_of(erp: ErpOrder, version: int, history: int | None, *, of: int) -> dict[str, Any]:
    """The ERP's content: what differs from it later was changed here.

    `of`: our version that it was applied to; parts that nobody changes there are in it as well.
    """
    terms = ("quantity", "unit_price", "discount")
    lines = [
        {"id": str(line.line_id), "product_id": str(line.product_id)}
        | {name: f"{getattr(line, name):f}" for name in terms}
        for line in erp.lines
        if line.line_id and line.product_id
    ]
    requested_on = erp.requested_on.isoformat() if erp.requested_on else None
    freight = f"{erp.freight:f}"
    content = {"requested_on": requested_on, "lines": lines, "freight": freight, "note": erp.note}
    ship_to = erp.ship_to.model_dump(mode="json") if erp.ship_to else None
    account = str(erp.account_id) if erp.account_id else None
    versions = {"version": version, "history": history, "of": of}
    return content | versions | {"ship_to": ship_to, "account_id": account}


async def apply_refusal(work: Work, order: Order, *, version: int, code: str, about: str) -> None:
    """The ERP would not take the locked order as it was in that version.

    Where the ERP has the order already, that is a change of it: it is once more what it is there.
    """
    if order.changed_after(version, history=work.trace.history):
        return
    erp = ErpOrder.model_validate(order.erp) if order.erp else None
    if erp is None or erp.state == OrderState.REJECTED or erp.source_version is None:
        refusal = {"kind": RefusalKind.ORDER, "code": code, "about": about}
        changed = list(order.apply({"state": OrderState.REJECTED, "refusal": refusal}))
        await _save(work, order, changed, None)
        return
    order.content_version = min(erp.source_version, order.version)
    order.content_history = erp.source_history or order.content_history
    cancelled = order.state == OrderState.CANCELLED
    kind = RefusalKind.CANCELLATION if cancelled else RefusalKind.CHANGE
    refusal = {"kind": kind, "code": code, "about": about}
    await _apply_content(work, order, erp, state=_state_of(erp), refusal=refusal)


def _state_of(erp: ErpOrder) -> OrderState:
    """The ERP has more states; all that are neither of these are placed orders here."""
    ended = {OrderState.REJECTED, OrderState.CANCELLED}
    return OrderState(erp.state) if erp.state in ended else OrderState.PLACED


def _refusal_of(erp: ErpOrder) -> dict[str, str] | None:
    """What the ERP refused of what this order asked for last, if it did."""
    if erp.state == OrderState.REJECTED:
        return _refusal(RefusalKind.ORDER, erp.reason)
    answer = erp.last_change
    if answer is None or not answer.refuses(erp.source_version or 0, history=erp.source_history):
        return None
    return _refusal(answer.kind, answer.reason)


def _refusal(kind: str, reason: str) -> dict[str, str]:
    """A reason reads `not_sold: BOLT-8, NUT-8`: a code, and what it is about."""
    code, _, about = reason.partition(": ")
    return {"kind": kind, "code": code or "refused", "about": about}


async def _apply_content(
    work: Work, order: Order, erp: ErpOrder, *, state: str, refusal: Mapping[str, str] | None
) -> None:
    changed = list(order.apply({"state": state, "refusal": refusal}))
    lines = await _lines_of(work, order, erp) if state == OrderState.PLACED else None
    if lines is not None:
        present = await queries.load_lines(work, order.id)
        external = {line.id: line.external_line_id for line in present}
        for line in lines:
            line.external_line_id = external.get(line.id, "")
        changed += apply_values(order, _content_of(order, erp), present, lines)
    await _save(work, order, changed, lines if "lines" in changed else None)


async def _save(
    work: Work, order: Order, changed: Sequence[str], lines: Sequence[OrderLine] | None
) -> None:
    if changed:
        order.touch(work.now)
        await save_order(work, order, lines, changed)


def _content_of(order: Order, erp: ErpOrder) -> dict[str, Any]:
    return {
        "account_id": erp.account_id or order.account_id,
        "requested_on": erp.requested_on,
        "ship_to": erp.ship_to or order.ship_to,
        "note": erp.note,
        "freight": rounded(erp.freight, AMOUNT_DIGITS),
    }


async def _lines_of(work: Work, order: Order, erp: ErpOrder) -> list[OrderLine] | None:
    """The ERP's lines as ours; None where one of them names no product of ours."""
    named = [str(line.product_id or line.sku) for line in erp.lines]
    products = await pricing.offered(work.sql, set(named))
    if not named or any(name not in products for name in named):
        return None
    return [
        _line_of(order, position, line, products[name].id)
        for position, (line, name) in enumerate(zip(erp.lines, named, strict=True), 1)
    ]


def _line_of(order: Order, position: int, sent: ErpLine, product_id: Any) -> OrderLine:
    digits = digits_of(order.currency)
    net = line_net(sent.unit_price, sent.quantity, sent.discount, decimals=digits)
    return OrderLine(
        id=sent.line_id or uuid7(),
        order_id=order.id,
        position=position,
        product_id=product_id,
        quantity=sent.quantity,
        unit_price=sent.unit_price,
        discount=sent.discount,
        net=rounded(net, AMOUNT_DIGITS),
        external_line_id="",
    )

"""What an integrator does first, with the generated Python clients against running services.

Prints what it saw as JSON; `tests/journeys/test_generated_clients.py` starts it and judges.
"""

import json
import os
from typing import TypeVar
from uuid import UUID, uuid4

from crm import AuthenticatedClient as CrmClient
from crm.api.accounts import account_create, account_get
from crm.models import AccountRecord, NewAccount
from erp import AuthenticatedClient as ErpClient
from erp.api.customers import customer_create, customer_list, customer_update
from erp.api.items import item_create
from erp.api.sales_orders import sales_order_confirm, sales_order_create, sales_order_get
from erp.models import (
    ChangeCustomer,
    CustomerPage,
    CustomerRecord,
    ItemRecord,
    NewCustomer,
    NewItem,
    NewOrder,
    OrderRecord,
    OrderView,
    PlacedOrderLine,
    ProblemView,
    UnitPriceView,
)
from erp.types import UNSET

Found = TypeVar("Found")
NAMES = [f"Quay {number}" for number in range(5)]


def of_type(kind: type[Found], parsed: object) -> Found:
    """The reply as what it should be."""
    if not isinstance(parsed, kind):
        message = f"{parsed} instead of {kind.__name__}"
        raise TypeError(message)
    return parsed


def key() -> str:
    """A new key for a new act."""
    return str(uuid4())


def create(erp: ErpClient) -> CustomerRecord:
    """Five customers; the last one."""
    for name in NAMES:
        reply = customer_create.sync(client=erp, body=NewCustomer(name), idempotency_key=key())
        made = of_type(CustomerRecord, reply)
    return made


def page_sizes(erp: ErpClient) -> list[int]:
    """How many customers each page of two has."""
    sizes, cursor = [], None
    while True:
        reply = customer_list.sync(
            client=erp, q="Quay", sort="name", limit=2, cursor=cursor or UNSET
        )
        page = of_type(CustomerPage, reply)
        sizes.append(len(page.items))
        cursor = page.next_cursor
        if not cursor:
            return sizes


def change_twice(erp: ErpClient, customer: CustomerRecord) -> list[object]:
    """Two changes by one version: the second is refused."""
    answers: list[object] = []
    for days in (14, 30):
        reply = customer_update.sync_detailed(
            customer.id,
            client=erp,
            body=ChangeCustomer(payment_terms_days=days),
            if_match=f'"{customer.version}"',
        )
        code = reply.parsed.code if isinstance(reply.parsed, ProblemView) else None
        answers.append([int(reply.status_code), code])
    return answers


def send_what_is_wrong(erp: ErpClient) -> list[object]:
    """A customer that is refused: which field, and why."""
    body = NewCustomer("Quay 9", email="nowhere")
    reply = customer_create.sync(client=erp, body=body, idempotency_key=key())
    problem = of_type(ProblemView, reply)
    return [problem.status, problem.code, *(error.pointer for error in problem.errors)]


def order(erp: ErpClient, customer_id: UUID) -> list[str]:
    """The states of an order, from its draft on."""
    item = of_type(
        ItemRecord,
        item_create.sync(client=erp, body=NewItem("ROPE-10", "Rope"), idempotency_key=key()),
    )
    price = UnitPriceView("12.50", "CNY")
    line = PlacedOrderLine("3", item_id=item.id, unit_price=price)
    body = NewOrder(customer_id, [line], draft=True)
    reply = sales_order_create.sync(client=erp, body=body, idempotency_key=key())
    draft = of_type(OrderView, reply)
    confirmed = of_type(
        OrderView, sales_order_confirm.sync(draft.id, client=erp, idempotency_key=key())
    )
    read = of_type(OrderRecord, sales_order_get.sync(draft.id, client=erp))
    return [draft.state, confirmed.state, read.state]


def account(crm: CrmClient) -> str:
    """An account of the CRM, made and read again; its name."""
    reply = account_create.sync(client=crm, body=NewAccount("Quay 0"), idempotency_key=key())
    made = of_type(AccountRecord, reply)
    return of_type(AccountRecord, account_get.sync(made.id, client=crm)).name


def main() -> None:
    """The whole journey."""
    erp = ErpClient(os.environ["ERP_URL"], token=os.environ["ERP_KEY"])
    crm = CrmClient(os.environ["CRM_URL"], token=os.environ["CRM_KEY"])
    customer = create(erp)
    seen = {
        "pages": page_sizes(erp),
        "changes": change_twice(erp, customer),
        "refusal": send_what_is_wrong(erp),
        "order": order(erp, customer.id),
        "account": account(crm),
    }
    print(json.dumps(seen))


if __name__ == "__main__":
    main()

"""The record types of the CRM."""

from identity.testing.desk import Desk
from tests.records.kind import (
    ADDRESS,
    CNY,
    EMPTY_ADDRESS,
    NEVER_EMPTY,
    PERIOD,
    REACHABLE,
    TWO,
    Kind,
    Values,
    both,
    coded,
    given,
)


async def account(desk: Desk) -> str:
    """Id of an account."""
    return str((await desk.add("/v1/accounts", name=desk.word("Account")))["id"])


async def product(desk: Desk) -> str:
    """Code of a product that costs one yuan."""
    code = desk.word("P")
    await desk.add("/v1/products", code=code, name="Lamp", list_price=CNY)
    return code


async def contact_sent(desk: Desk) -> Values:
    return {"account_id": await account(desk), "name": "Lin", "phone": "1", "primary": True}


async def product_price_sent(desk: Desk) -> Values:
    return {"product": await product(desk), "price": CNY, "min_quantity": "1.0"}


async def order_sent(desk: Desk) -> Values:
    line = {"product": await product(desk), "quantity": "2.0", "discount": "0.10"}
    return {"account_id": await account(desk), "lines": [line], "note": "Today."}


async def user_new(desk: Desk) -> Values:
    login, secret = desk.word("user").lower(), "correct horse battery"
    return {"login": login, "name": "Lin Mei", "password": secret, "roles": ["seller"]}


OF_CRM = (
    Kind(
        half="crm",
        path="/v1/accounts",
        table="account",
        **both(given(name="Mill", phone="1", billing_address={"city": "Ningbo"})),
        change={"phone": "2"},
        fields=REACHABLE
        | {
            "kind": ("person", NEVER_EMPTY),
            "stage": ("prospect", NEVER_EMPTY),
            "industry": ("Steel", ""),
            "segment": ("A", ""),
            "price_list": ("hotels", None),
            "billing_address": (ADDRESS, EMPTY_ADDRESS),
            "shipping_address": (ADDRESS, EMPTY_ADDRESS),
        },
        apart=frozenset({"owner_id"}),
        found=True,
    ),
    Kind(
        half="crm",
        path="/v1/contacts",
        table="contact",
        **both(contact_sent),
        change={"phone": "2"},
        fields={
            "name": ("Other", NEVER_EMPTY),
            "title": ("Buyer", ""),
            "email": ("b@mill.example", ""),
            "phone": ("2", ""),
            "primary": (True, NEVER_EMPTY),
            "consent": (
                {"email": "granted", "phone": "refused"},
                {"email": "unknown", "phone": "unknown"},
            ),
        },
        found=True,
    ),
    Kind(
        half="crm",
        path="/v1/products",
        table="product",
        **both(coded("code", "P", name="Lamp", list_price=CNY)),
        change={"name": "Other"},
        fields={
            "code": ("P-94A1B2C3D", NEVER_EMPTY),
            "name": ("Other", NEVER_EMPTY),
            "description": ("Of steel.", ""),
            "category": ("LAMPS", ""),
            "unit": ("PR", NEVER_EMPTY),
            "unit_decimals": (2, NEVER_EMPTY),
            "active": (False, NEVER_EMPTY),
            "discontinued_on": ("2030-01-01", None),
            "list_price": (CNY, None),
        },
        code="code",
        found=True,
    ),
    Kind(
        half="crm",
        path="/v1/product-prices",
        table="product_price",
        **both(product_price_sent),
        change={"price": TWO},
        fields=PERIOD | {"price_list": ("trade", NEVER_EMPTY), "price": (TWO, NEVER_EMPTY)},
    ),
    Kind(
        half="crm",
        path="/v1/price-lists",
        table="price_list",
        sent=coded("code", "L", name="Trade"),
        change={"name": "Other"},
    ),
    Kind(
        half="crm",
        path="/v1/orders",
        table="customer_order",
        **both(order_sent),
        change={"note": "Soon, please."},
        fields={
            "requested_on": ("2030-01-01", None),
            "ship_to": (ADDRESS, EMPTY_ADDRESS),
            "note": ("Soon.", ""),
        },
        apart=frozenset({"freight", "lines"}),
    ),
    Kind(
        half="crm",
        path="/v1/users",
        table="local_user",
        new=user_new,
        fields={
            "name": ("Other", NEVER_EMPTY),
            "roles": (["marketer"], NEVER_EMPTY),
            "email": ("c@mill.example", ""),
            "language": ("zh-CN", None),
        },
        apart=frozenset({"team_id"}),
    ),
    Kind(
        half="crm",
        path="/v1/teams",
        table="team",
        new=coded("name", "Team"),
        fields={
            "name": ("Team 94A1B2C3D", NEVER_EMPTY),
            "description": ("Sells.", ""),
            "active": (False, NEVER_EMPTY),
        },
        apart=frozenset({"parent_id"}),
        found=True,
    ),
)

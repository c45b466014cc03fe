"""What each list is searched by: texts of its records, and of the records they belong to."""

from chassis.storage.folding import folded, number_words
from chassis.storage.searching import Kept, Searched

__all__ = [
    "ACCOUNT",
    "ACCOUNTS",
    "CONTACT",
    "CONTACTS",
    "KEPT",
    "MEMBERS",
    "NUMBER",
    "ORDERS",
    "PRICES",
    "PRICE_LISTS",
    "PRODUCT",
    "PRODUCTS",
    "TEAMS",
]

NUMBER = folded(number_words("number"))

ACCOUNT = Kept(
    "account",
    "name, sort_key, email, phone_raw, phone_digits, tax_id, erp_customer_number",
    "search_name(new.name, new.sort_key) || ' ' || new.email || ' ' || new.phone_raw"
    " || ' ' || new.phone_digits || ' ' || search_number(new.tax_id)"
    " || ' ' || search_number(coalesce(new.erp_customer_number, ''))",
)
CONTACT = Kept(
    "contact",
    "name, sort_key, email, phone_raw, phone_digits, title",
    "search_name(new.name, new.sort_key) || ' ' || new.email || ' ' || new.phone_raw"
    " || ' ' || new.phone_digits || ' ' || new.title",
)
PRODUCT = Kept(
    "product",
    "code, name, sort_key, category",
    "search_number(new.code) || ' ' || search_name(new.name, new.sort_key) || ' ' || new.category",
)
KEPT = (ACCOUNT, CONTACT, PRODUCT)

ACCOUNTS, PRODUCTS = ACCOUNT.searched(), PRODUCT.searched()
CONTACTS = Searched(
    "",
    "contact",
    "contact.id",
    [CONTACT.of("contact.id"), ACCOUNT.of("contact.account_id")],
)
PRICE_LISTS = Searched("search_fold(code || ' ' || name)", "price_list", indexed=False)
PRICES = Searched(
    "",
    "product_price",
    "product_price.id",
    [PRODUCT.of("product_price.product_id")],
)
ORDERS = Searched(
    folded(number_words("customer_order.number")),
    "customer_order",
    "customer_order.id",
    [
        ACCOUNT.of("customer_order.account_id"),
        PRODUCT.of("l.product_id", lines="customer_order_line l", record="l.order_id"),
    ],
)
TEAMS = Searched(
    "search_fold(search_name(team.name, team.sort_key))", "team", "team.id", indexed=False
)
MEMBERS = Searched(
    "search_fold(u.login || ' ' || u.name || ' ' || coalesce(s.email, ''))",
    "local_user u left join staff_member s on s.id = u.id",
    "u.id",
    indexed=False,
)

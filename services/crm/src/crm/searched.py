"""What each list is searched by: texts of its records, and of the records they belong to."""

from chassis.storage.searching import Related, Searched, folded, number_words, pinyin_words

__all__ = [
    "ACCOUNTS",
    "CONTACTS",
    "MEMBERS",
    "NUMBER",
    "ORDERS",
    "PRICES",
    "PRICE_LISTS",
    "PRODUCTS",
    "TEAMS",
]

NUMBER = folded(number_words("number"))

ACCOUNTS = Searched("search", "account")
CONTACTS = Searched(
    "contact.search", "contact", "contact.id", [Related("account", "contact.account_id")]
)
PRODUCTS = Searched("search", "product")
PRICE_LISTS = Searched("search_fold(code || ' ' || name)", "price_list", indexed=False)
PRICES = Searched(
    "",
    "product_price",
    "product_price.id",
    [Related("product", "product_price.product_id")],
)
ORDERS = Searched(
    folded(number_words("customer_order.number")),
    "customer_order",
    "customer_order.id",
    [
        Related("account", "customer_order.account_id"),
        Related("product", "l.product_id", lines="customer_order_line l", record="l.order_id"),
    ],
)
TEAMS = Searched(
    f"search_fold(team.name || ' ' || {pinyin_words('team')})", "team", "team.id", indexed=False
)
MEMBERS = Searched(
    "search_fold(u.login || ' ' || u.name || ' ' || coalesce(s.email, ''))",
    "local_user u left join staff_member s on s.id = u.id",
    "u.id",
    indexed=False,
)

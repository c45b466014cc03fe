"""What each list is searched by: texts of its records, and of the records they belong to."""

from chassis.storage.folding import folded, number_words
from chassis.storage.searching import Kept, Searched

__all__ = [
    "ABSENCE",
    "ABSENCES",
    "ACCOUNT",
    "ACCOUNTS",
    "ACTIVITIES",
    "ACTIVITY",
    "APPROVALS",
    "ASSIGNMENT_RULE",
    "ASSIGNMENT_RULES",
    "CALENDAR",
    "CALENDARS",
    "COMPETITORS",
    "CONTACT",
    "CONTACTS",
    "CONTRACT",
    "CONTRACTS",
    "CONTRACT_TEMPLATE",
    "CONTRACT_TEMPLATES",
    "EXCHANGE_RATES",
    "FOLLOW_UP_PLAN",
    "FOLLOW_UP_PLANS",
    "KEPT",
    "LEAD",
    "LEADS",
    "LEAD_FORMS",
    "LEAD_REASONS",
    "LOST_REASONS",
    "MEMBERS",
    "NUMBER",
    "OPPORTUNITIES",
    "OPPORTUNITY",
    "ORDERS",
    "PIPELINES",
    "PRICES",
    "PRICE_LISTS",
    "PRODUCT",
    "PRODUCTS",
    "PRODUCT_COSTS",
    "QUOTAS",
    "QUOTE",
    "QUOTES",
    "RUSH_REQUESTS",
    "SCORE_RULE",
    "SCORE_RULES",
    "STAGES",
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
OPPORTUNITY = Kept("opportunity", "name, sort_key", "search_name(new.name, new.sort_key)")
LEAD = Kept(
    "lead",
    "name, sort_key, company, email, phone_raw, phone_digits, title",
    "search_name(new.name, new.sort_key) || ' ' || new.company || ' ' || new.email"
    " || ' ' || new.phone_raw || ' ' || new.phone_digits || ' ' || new.title",
)
CALENDAR = Kept("calendar", "name, sort_key", "search_name(new.name, new.sort_key)")
ABSENCE = Kept("absence", "name, sort_key", "search_name(new.name, new.sort_key)")
ASSIGNMENT_RULE = Kept("assignment_rule", "name, sort_key", "search_name(new.name, new.sort_key)")
ACTIVITY = Kept(
    "activity",
    "name, sort_key, text, location",
    "search_name(new.name, new.sort_key) || ' ' || left(new.text, 1000) || ' ' || new.location",
)
SCORE_RULE = Kept("score_rule", "name, sort_key", "search_name(new.name, new.sort_key)")
FOLLOW_UP_PLAN = Kept("follow_up_plan", "name, sort_key", "search_name(new.name, new.sort_key)")
QUOTE = Kept(
    "quote",
    "name, sort_key, number",
    "search_number(new.number) || ' ' || search_name(new.name, new.sort_key)",
)
CONTRACT_TEMPLATE = Kept(
    "contract_template",
    "name, sort_key, code",
    "search_number(new.code) || ' ' || search_name(new.name, new.sort_key)",
)
CONTRACT = Kept(
    "contract",
    "name, sort_key, number",
    "search_number(new.number) || ' ' || search_name(new.name, new.sort_key)",
)
KEPT = (
    ACCOUNT,
    CONTACT,
    PRODUCT,
    OPPORTUNITY,
    LEAD,
    CALENDAR,
    ABSENCE,
    ASSIGNMENT_RULE,
    ACTIVITY,
    SCORE_RULE,
    FOLLOW_UP_PLAN,
    QUOTE,
    CONTRACT_TEMPLATE,
    CONTRACT,
)

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
PRODUCT_COSTS = Searched(
    "",
    "product_cost",
    "product_cost.id",
    [PRODUCT.of("product_cost.product_id")],
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
OPPORTUNITIES = OPPORTUNITY.searched()
_GOVERNED = (
    "search_fold(search_number(code) || ' ' || search_name(name, sort_key) || ' ' || name_zh)"
)
PIPELINES = Searched(_GOVERNED, "pipeline", indexed=False)
STAGES = Searched(_GOVERNED, "pipeline_stage", indexed=False)
LOST_REASONS = Searched(_GOVERNED, "lost_reason", indexed=False)
COMPETITORS = Searched(
    "search_fold(search_name(competitor.name, competitor.sort_key))", "competitor", indexed=False
)
EXCHANGE_RATES = Searched(
    "search_fold(exchange_rate.currency || ' ' || exchange_rate.source)",
    "exchange_rate",
    indexed=False,
)
QUOTAS = Searched(
    "search_fold(search_name(sales_quota.name, sales_quota.sort_key))", "sales_quota", indexed=False
)
LEADS = LEAD.searched()
LEAD_FORMS = Searched(
    "search_fold(code || ' ' || search_name(name, sort_key))", "lead_form", indexed=False
)
LEAD_REASONS = Searched(
    "search_fold(code || ' ' || search_name(name, sort_key))", "lead_reason", indexed=False
)
CALENDARS = CALENDAR.searched()
RUSH_REQUESTS = Searched(
    folded(number_words("rush_request.number")),
    "rush_request",
    "rush_request.id",
)
ABSENCES = ABSENCE.searched()
ASSIGNMENT_RULES = ASSIGNMENT_RULE.searched()
ACTIVITIES = ACTIVITY.searched()
SCORE_RULES = SCORE_RULE.searched()
FOLLOW_UP_PLANS = FOLLOW_UP_PLAN.searched()
QUOTES = QUOTE.searched()
CONTRACT_TEMPLATES = CONTRACT_TEMPLATE.searched()
CONTRACTS = CONTRACT.searched()
APPROVALS = Searched(
    "",
    "approval",
    "approval.id",
    [QUOTE.of("approval.subject_id")],
)

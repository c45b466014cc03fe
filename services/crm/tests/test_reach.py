"""C66: whose rows a person sees and changes, over all record types and all routes of the CRM."""

import re
from typing import Any
from uuid import uuid4

import pytest

from chassis.actor import Actor
from crm.app import SERVICE
from crm.reach import of_account
from identity.routes import ROUTERS as CALLERS

PASSWORD = "correct horse battery"
MONEY = {"amount": "1.00", "currency": "CNY"}
REACHED = (
    *("/v1/accounts", "/v1/contacts", "/v1/orders", "/v1/opportunities", "/v1/quotes"),
    "/v1/contracts",
)
"""Collections whose rows are reached by their own or their account's owner."""

OWNED = ("/v1/leads",)
"""Collections whose rows have owners of their own; the tests of leads look at them."""

EVERYBODYS = tuple(
    f"/v1/{many}"
    for many in (
        *("products", "product-prices", "price-lists", "users", "teams", "tags"),
        *("pipelines", "pipeline-stages", "lost-reasons", "competitors"),
        *("lead-reasons", "lead-forms"),
        *("custom-fields", "calendars", "absences"),
        *("assignment-rules", "assignment-requests", "assignment-decisions", "assignment-queue"),
        *("hand-overs", "exchange-rates", "sales-quotas", "score-rules", "follow-up-plans"),
        "contract-templates",
        *("approval-rules", "product-costs"),
    )
)
"""Collections whose rows everybody sees who may see any."""

OF_THEIR_OWN = (
    *("/v1/activities", "/v1/my-day", "/v1/approvals", "/v1/approval-delegations"),
    *("/v1/calendar-feed", "/v1/calendar-feed/issue", "/v1/calendar-feed/revoke"),
    *("/v1/forecast", "/v1/forecast-snapshots"),
    *("/v1/insights/conversion", "/v1/insights/follow-ups", "/v1/insights/lost-reasons"),
    *("/v1/insights/next-touches", "/v1/insights/velocity", "/v1/insights/win-rates"),
    *("/v1/follow-up-runs", "/v1/lead-response-times", "/v1/rush-requests"),
)
"""Collections with a rule of their own: `test_who_sees.py`, `test_my_day.py` and
`test_calendar_feeds.py` of activities, `test_approvers.py` of approvals, `test_snapshots.py` of
forecasts, `test_figures.py` and `test_next_touches.py` of insights, `test_runs.py` of follow-up
plans, `test_response_times.py`, `test_rush_requests.py`."""

BRIDGES = (
    "/v1/order-fulfilments",
    "/v1/order-refusals",
    "/v1/product-availabilities",
    "/v1/account-debts",
    "/v1/rush-answers",
)
"""What only the key of a bridge writes: it reaches all."""

ACROSS = ("/v1/search", "/v1/saved-views", "/v1/merges")
"""What is asked over all collections: by the rows of each; views show no rows."""

ROUTES = sorted(
    (method, route.path)
    for router in SERVICE.routers
    if router not in CALLERS
    for route in router.routes
    for method in route.methods
    if route.path.startswith("/v1/") and not route.path.startswith("/v1/open-")
)


OF_ADMINISTRATORS = ("/erase", "/personal-data")
"""Paths that only they may use, who reach all."""

OF_TWO = ("/merge", "/merge-preview")
"""Paths of two rows; who sees or changes which has its own test (`merging`)."""


async def person(desk, role, team=None):
    """A user of the role who is logged in; id and client."""
    user = await desk.user(roles=[role], **({"team_id": team} if team else {}))
    login = {"login": user["login"], "password": PASSWORD}
    reply = await desk.client.post("/v1/sessions", json=login)
    return user["id"], desk.crm.with_key(reply.json()["token"])


async def records(desk, owner_id):
    """An account of the owner's, contact, order, link, notes, files, tags, by collection."""
    account = await desk.account(owner_id=owner_id, email=f"{uuid4().hex}@mill.example")
    code = desk.word("P")
    await desk.product(code=code, list_price=MONEY)
    contact = await desk.contact(account["id"])
    order = await desk.order(account["id"], code)
    deal = await desk.add(
        "/v1/opportunities",
        name=desk.word("Deal"),
        owner_id=owner_id,
        account_id=account["id"],
    )
    quote = await desk.add(
        "/v1/quotes", name=desk.word("Quote"), owner_id=owner_id, account_id=account["id"]
    )
    paper = {"name": desk.word("Contract"), "owner_id": owner_id, "account_id": account["id"]}
    contract = await desk.add("/v1/contracts", **paper)
    made = dict(zip(REACHED, (account, contact, order, deal, quote, contract), strict=True))
    link = {"system": "shop", "external_id": account["id"]}
    reply = await desk.crm.post(f"/v1/accounts/{account['id']}/external-refs", link)
    assert reply.is_success, reply.text
    for path, record in made.items():
        note = await desk.add(f"{path}/{record['id']}/notes", text="Pays late.")
        record["note_id"] = note["id"]
        record["attachment_id"] = (await desk.crm.attach(f"{path}/{record['id']}"))["id"]
        record["tag_id"] = (await desk.add("/v1/tags", name=desk.word("Tag")))["id"]
        reply = await desk.client.put(f"{path}/{record['id']}/tags/{record['tag_id']}")
        assert reply.is_success, reply.text
    return made | {"code": code}


@pytest.fixture(scope="module")
async def tree(desk):
    """East with its team Ningbo below it, and West: an owner in each."""
    east = await desk.add("/v1/teams", name=desk.word("East"))
    below = await desk.add("/v1/teams", name=desk.word("Ningbo"), parent_id=east["id"])
    west = await desk.add("/v1/teams", name=desk.word("West"))
    return {"east": east["id"], "ningbo": below["id"], "west": west["id"]}


@pytest.fixture(scope="module")
async def stranger(desk, tree):
    """A seller of the West, and what is of the East: hers to see is nothing of it."""
    owner, _ = await person(desk, "seller", tree["east"])
    _, client = await person(desk, "seller", tree["west"])
    return client, await records(desk, owner)


def once(**more):
    return {"Idempotency-Key": str(uuid4())} | more


PARTS = r"/\{|/by-external|/external-refs|/match|/tags/batch|/export$"


def test_every_collection_has_a_rule():
    """A new collection must be put into one of the lists, so that its rows are thought of."""
    found = {
        re.split(
            r"/\{|/by-external|/external-refs|/match|/tags/batch|/export$|/board$|/try$|/preview$"
            r"|/convert-batch$|/dead-ends$",
            path,
        )[0]
        for _, path in ROUTES
    }
    files = {"/v1/exports", "/v1/imports", "/v1/import-mappings"}  # of records in reach only
    assert found - files == {*REACHED, *OWNED, *EVERYBODYS, *OF_THEIR_OWN, *BRIDGES, *ACROSS}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        (method, path)
        for method, path in ROUTES
        if path.startswith(REACHED)
        and not path.endswith((*OF_ADMINISTRATORS, *OF_TWO))
        and path.split("/")[3:4]
        and path.split("/")[3].endswith("_id}")
    ],
)
async def test_a_strangers_row_is_not_there_on_any_route_of_one(
    desk, problem, stranger, method, path
):
    """The same problem as for a row that there is not, whatever version is named."""
    client, made = stranger
    record = made["/" + "/".join(path.split("/")[1:3])]
    at = f"{'/'.join(path.split('/')[:3])}/{record['id']}"
    seen = (at, f"{at}/notes", f"{at}/attachments", f"{at}/tags")
    before = [await desk.see(one) for one in seen]
    where = re.sub(r"\{\w+_id\}", record["id"], path, count=1)
    parts = {name: record[name] for name in ("note_id", "attachment_id", "tag_id")}
    where = where.format(system="shop", external_id=record["id"], **parts)
    if method == "POST" and where.endswith("/attachments"):
        where += "?filename=a.txt"
    link, text = {"system": "shop", "external_id": "1"}, {"text": "Seen."}
    bodies: dict[str, Any] = {"external-refs": link, "notes": text, "{note_id}": text}
    bodies["{attachment_id}"] = {"filename": "b.txt"}
    bodies["custom-fields"] = {"custom": {"grade": None}}
    bodies |= {"send": {"channel": "post"}, "accept": {"person": "Lin"}}
    bodies["decline"] = bodies["accept"]
    bodies |= {"sign": {"signer": "Lin"}, "renew": {"renewal_on": None}}
    sent = None if method in {"GET", "DELETE"} else bodies.get(path.rpartition("/")[2], {})
    headers = once(**{"If-Match": '"77"'})
    reply = await client.request(method, where, json=sent, headers=headers)
    refusal = problem(reply, 404, "not_found")
    other = await client.request(
        method, where.replace(record["id"], str(uuid4()), 1), json=sent, headers=headers | once()
    )
    assert problem(other, 404, "not_found")["facts"].keys() == refusal["facts"].keys()
    assert [await desk.see(one) for one in seen] == before


@pytest.mark.parametrize("path", REACHED)
async def test_a_strangers_row_is_in_no_list_and_no_search(desk, stranger, path):
    client, made = stranger
    record, account = made[path], made["/v1/accounts"]
    q = record.get("number") or record["name"]
    asked = [{"limit": 200}, {"q": q}, {"q": q, "sort": "created_at"}]
    if path != "/v1/accounts":
        asked.append({"account_id": account["id"]})
    else:
        asked += [{"owner_id": account["owner_id"]}, {"email": account["email"]}]
        asked.append({"external_system": "shop", "external_id": account["id"]})
    for params in asked:
        assert record["id"] in await desk.listed(path, **params), params
        reply = await client.get(path, params=params)
        assert record["id"] not in [one["id"] for one in reply.json()["items"]], params


async def test_a_strangers_links_are_not_shown_and_not_made(desk, stranger):
    client, made = stranger
    account = made["/v1/accounts"]["id"]
    shown = await client.get("/v1/accounts/external-refs", params={"id": account})
    assert shown.json() == {"items": []}
    link = {"system": "market", "items": [{"id": account, "external_id": desk.word()}]}
    reply = await client.post("/v1/accounts/external-refs/batch", json=link, headers=once())
    [done] = reply.json()["items"]
    assert (done["status"], done["problem"]["code"]) == ("failed", "not_found")


async def test_a_strangers_account_is_no_duplicate_to_be_hinted_at(desk, stranger):
    client, made = stranger
    account = made["/v1/accounts"]
    link = {"system": "shop", "external_id": account["id"]}
    probe = {"key": "1", "email": account["email"], "external_refs": [link]}
    for who, found in ((desk.client, [account["id"]]), (client, [])):
        reply = await who.post("/v1/accounts/matches", json={"items": [probe]})
        [item] = reply.json()["items"]
        assert [one["id"] for one in item["candidates"]] == found


async def test_a_reference_to_a_strangers_account_is_one_to_nothing(desk, problem, stranger):
    """The same problem as for an account that does not exist."""
    client, made = stranger
    product = (await desk.listed("/v1/products", code=made["code"]))[0]
    for account in (made["/v1/accounts"]["id"], str(uuid4())):
        line = {"product": made["code"], "quantity": "1"}
        for path, values in (
            ("/v1/orders", {"account_id": account, "lines": [line]}),
            ("/v1/contacts", {"account_id": account, "name": "Lin"}),
        ):
            reply = await client.post(path, json=values, headers=once())
            assert problem(reply, 422, "missing_reference")["facts"]["reference"] == account
        price = await client.get(
            f"/v1/products/{product}/price", params={"account": account, "quantity": "1"}
        )
        assert problem(price, 422, "missing_reference")["facts"]["reference"] == account


@pytest.mark.parametrize("path", REACHED)
async def test_a_strangers_row_is_not_sent_alone_or_in_a_batch(desk, problem, stranger, path):
    """Neither under a newer version nor under that which was sent last."""
    client, made = stranger
    key, values = desk.word(), {"name": desk.word()}
    if path == "/v1/orders":
        values = {"lines": [{"product": made["code"], "quantity": "1"}]}
    if path in {"/v1/accounts", "/v1/opportunities", "/v1/quotes", "/v1/contracts"}:
        values["owner_id"] = made["/v1/accounts"]["owner_id"]
    else:
        values["account_id"] = made["/v1/accounts"]["id"]
    outcome, record_id = await desk.upsert(path, key, 2, values, batch=False)
    assert outcome == "created"
    before = await desk.see(f"{path}/{record_id}")
    for version in (1, 2, 3):
        item = values | {"source_version": version}
        alone = await client.put(f"{path}/by-external/shop/{key}", json=item)
        assert problem(alone, 404, "not_found")["facts"]["id"] == key
        batch = await client.post(
            f"{path}/by-external/shop/batch",
            json={"items": [item | {"external_id": key}]},
            headers=once(),
        )
        [done] = batch.json()["items"]
        assert (done["status"], done["problem"]["code"]) == ("failed", "not_found")
        assert record_id not in str(done)
    assert await desk.see(f"{path}/{record_id}") == before


@pytest.mark.parametrize("batch", [False, True], ids=["alone", "batch"])
async def test_a_strangers_account_named_by_its_external_id_is_told_apart_from_none_by_nothing(
    desk, problem, stranger, batch
):
    client, made = stranger
    hidden, none = desk.word(), desk.word()
    _, account_id = await desk.upsert(
        "/v1/accounts",
        hidden,
        1,
        {"name": desk.word(), "owner_id": made["/v1/accounts"]["owner_id"]},
        batch=False,
    )
    texts = []
    for named in (hidden, none):
        item = {"name": "Lin", "source_version": 1, "account_external_id": named}
        if batch:
            reply = await client.post(
                "/v1/contacts/by-external/shop/batch",
                json={"items": [item | {"external_id": desk.word()}]},
                headers=once(),
            )
            refused = reply.json()["items"][0]["problem"]
        else:
            reply = await client.put(f"/v1/contacts/by-external/shop/{desk.word()}", json=item)
            refused = problem(reply, 422, "missing_reference")
        assert refused["facts"] == {"entity": "account", "reference": f"shop {named}"}
        assert account_id not in str(refused)
        texts.append(refused["detail"].replace(named, "?"))
    assert texts[0] == texts[1]


async def reach_of(desk, client, made):
    """What somebody may do with the rows: `none`, `read` or `write`."""
    found = set()
    for path in REACHED:
        at = f"{path}/{made[path]['id']}"
        seen = await client.get(at)
        if seen.status_code == 404:
            found.add("none")
            continue
        values = {"note": desk.word()} if path == "/v1/orders" else {"name": desk.word()}
        reply = await client.patch(at, json=values, headers={"If-Match": seen.headers["ETag"]})
        assert reply.status_code in {200, 403}, reply.text
        if reply.status_code == 403:
            assert reply.json()["facts"]["scope"] == "all_records.write"
        found.add("write" if reply.is_success else "read")
    [one] = found
    return one


async def sees(_desk, client, made):
    """`read` where the rows are there, else `none`."""
    [status] = {(await client.get(f"{path}/{made[path]['id']}")).status_code for path in REACHED}
    return {200: "read", 404: "none"}[status]


@pytest.mark.parametrize(
    ("role", "place", "reaches"),
    [
        ("seller", "ningbo", {"own": "write", "nobodys": "write", "ningbo": "read"}),
        ("seller", "west", {"own": "write", "nobodys": "write", "west": "read"}),
        ("seller", None, {"own": "write", "nobodys": "write"}),
        (
            "sales_manager",
            "east",
            {"own": "write", "nobodys": "write", "east": "write", "ningbo": "write"},
        ),
        ("sales_manager", "ningbo", {"own": "write", "nobodys": "write", "ningbo": "write"}),
        (
            "admin",
            None,
            dict.fromkeys(("own", "nobodys", "east", "ningbo", "west"), "write"),
        ),
        ("service_agent", "east", dict.fromkeys(("own", "nobodys", "east", "ningbo"), "read")),
        ("marketer", "west", dict.fromkeys(("own", "nobodys", "west"), "read")),
    ],
)
async def test_what_a_role_reaches(desk, tree, role, place, reaches):
    """Own and nobody's rows always; the team's and those of teams below; or all."""
    own, client = await person(desk, role, tree.get(place))
    owners = {name: (await person(desk, "seller", team))[0] for name, team in tree.items()}
    for whose, owner in {"own": own, "nobodys": None, **owners}.items():
        made = await records(desk, owner)
        reads_only = role in {"service_agent", "marketer"}
        found = await (sees if reads_only else reach_of)(desk, client, made)
        assert found == reaches.get(whose, "none"), whose


async def test_who_sees_a_row_but_may_not_change_it_is_refused_with_the_permission(
    desk, problem, tree
):
    owner, _ = await person(desk, "seller", tree["east"])
    made = await records(desk, owner)
    _, client = await person(desk, "seller", tree["east"])
    account = made["/v1/accounts"]["id"]
    line = {"product": made["code"], "quantity": "1"}
    for path, values in (
        (f"/v1/accounts/{account}/archive", None),
        (f"/v1/accounts/{account}/external-refs", {"system": "s", "external_id": "1"}),
        (f"/v1/orders/{made['/v1/orders']['id']}/cancel", None),
        ("/v1/orders", {"account_id": account, "lines": [line]}),
        ("/v1/contacts", {"account_id": account, "name": "Lin"}),
    ):
        refused = await client.post(path, json=values, headers=once())
        assert problem(refused, 403, "forbidden")["facts"]["scope"] == "all_records.write"
    link = {"system": "market", "items": [{"id": account, "external_id": desk.word()}]}
    reply = await client.post("/v1/accounts/external-refs/batch", json=link, headers=once())
    assert reply.json()["items"][0]["problem"]["code"] == "forbidden"


async def test_an_account_is_given_to_whom_the_giver_reaches(desk, problem, tree):
    west, _ = await person(desk, "seller", tree["west"])
    below, _ = await person(desk, "seller", tree["ningbo"])
    own, manager = await person(desk, "sales_manager", tree["east"])
    refused = await manager.post(
        "/v1/accounts", json={"name": "Mill", "owner_id": west}, headers=once()
    )
    problem(refused, 403, "forbidden")
    for owner in (own, below):
        values = {"name": "Mill", "owner_id": owner}
        assert (await manager.post("/v1/accounts", json=values, headers=once())).is_success


async def test_keys_of_machines_reach_all(desk, tree):
    owner, _ = await person(desk, "seller", tree["east"])
    made = await records(desk, owner)
    areas = ("accounts", "orders", "opportunities", "quotes", "contracts")
    machine = await desk.crm.as_(*(f"{one}.write" for one in areas))
    assert await reach_of(desk, machine, made) == "write"


async def test_the_members_are_asked_for_once_in_a_list(desk, tree):
    """The plan of a list: the team's members come from an InitPlan, the owners from an index."""
    owner, _ = await person(desk, "seller", tree["east"])

    async with desk.crm.database.transaction() as work:
        work.actor = Actor("user", owner, "Lin", frozenset({"team_records.read"}))
        [condition] = of_account(work, "read")
    sql = f"""explain select id from account where {condition.condition.format("$1")}
      order by created_at desc, id desc limit 50"""
    async with desk.crm.database.driver() as connection, connection.transaction():
        await connection.execute("set local enable_seqscan = off; set local enable_sort = on")
        await connection.execute("set local plan_cache_mode = force_custom_plan")
        plan = "\n".join(row[0] for row in await connection.fetch(sql, condition.value))
    assert "InitPlan" in plan
    assert "SubPlan" not in plan


@pytest.mark.parametrize("path", REACHED)
async def test_who_may_not_change_a_row_takes_no_version_of_it_either(desk, problem, tree, path):
    """Else the sender's own next version would be an old one, and lost."""
    owner, _ = await person(desk, "seller", tree["east"])
    _, teammate = await person(desk, "seller", tree["east"])
    made, key = await records(desk, owner), desk.word()
    account = {"account_id": made["/v1/accounts"]["id"]}
    line = {"product": made["code"], "quantity": "1", "unit_price": MONEY}
    body = {
        "/v1/accounts": {"name": "Yarn", "owner_id": owner},
        "/v1/contacts": {"name": "Ann"} | account,
        "/v1/orders": {"lines": [line]} | account,
        "/v1/opportunities": {"name": "Yarn", "owner_id": owner},
        "/v1/quotes": {"name": "Yarn", "owner_id": owner},
        "/v1/contracts": {"name": "Yarn", "owner_id": owner},
    }[path]
    at = f"{path}/by-external/shop/{key}"
    assert (await desk.client.put(at, json=body | {"source_version": 1})).status_code == 201
    refused = await teammate.put(at, json=body | {"source_version": 1_000_001})
    problem(refused, 403, "forbidden")
    again = await desk.client.put(at, json=body | {"source_version": 2})
    assert again.headers["Tandem-Outcome"] == "unchanged"


async def test_a_manager_moves_nobody_and_no_team_out_of_reach(desk, problem, tree):
    """Else the manager would choose whose records there are to see."""
    manager, client = await person(desk, "sales_manager", tree["east"])
    stranger, _ = await person(desk, "seller", tree["west"])
    seller, _ = await person(desk, "seller", tree["ningbo"])

    async def change(path, **values):
        seen = await desk.see(path)
        return await client.patch(path, json=values, headers={"If-Match": f'"{seen["version"]}"'})

    for path, values in (
        (f"/v1/users/{manager}", {"team_id": tree["west"]}),
        (f"/v1/users/{stranger}", {"team_id": tree["east"]}),
        (f"/v1/users/{seller}", {"team_id": tree["west"]}),
        (f"/v1/teams/{tree['west']}", {"parent_id": tree["east"]}),
        (f"/v1/teams/{tree['ningbo']}", {"parent_id": tree["west"]}),
    ):
        before = await desk.see(path)
        refusal = problem(await change(path, **values), 403, "forbidden")
        assert refusal["facts"] == {"scope": "all_records.write"}
        assert await desk.see(path) == before
    new = {"password": "another horse battery"}
    reply = await client.post(f"/v1/users/{stranger}/password", json=new, headers=once())
    problem(reply, 403, "forbidden")
    assert (await change(f"/v1/users/{seller}", team_id=tree["east"])).is_success
    team = {"name": desk.word("Yuyao"), "parent_id": tree["ningbo"]}
    assert (await client.post("/v1/teams", json=team, headers=once())).status_code == 201


async def test_the_search_over_all_records_finds_nothing_that_is_hidden(stranger, desk):
    """Not by words, not by its number, and not by the id that another system gave it."""
    client, made = stranger
    account, order = made["/v1/accounts"], made["/v1/orders"]
    for q in (account["name"], account["id"], order["number"]):
        found = await client.get("/v1/search", params={"q": q})
        assert found.json()["groups"] == [], q
        everything = await desk.client.get("/v1/search", params={"q": q})
        assert everything.json()["groups"], q

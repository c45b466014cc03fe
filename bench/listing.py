"""Pages and searches among many records: `python -m bench.listing [count] [crm|erp]`.

Makes so many accounts (500,000 by default) with owners and tags, a tenth of it items, starts both
services and asks their lists and their search over HTTP: as a key that sees all, as a sales
manager who sees her team's and as a seller who sees her own. Prints p50 and p95 of the whole
request and the processor time of the database for it, in a table of Markdown.
"""

import asyncio
import sys
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from urllib.parse import quote

import asyncpg
import orjson
from sqlalchemy import make_url

from bench import search_rows
from bench.figures import quantile
from bench.machine import load_average, tree_cpu_seconds
from bench.place import Place, Server
from bench.wire import Connection, Refused, Reply, request_bytes
from chassis.service import Service
from chassis.storage.connections import SESSION
from crm import searched as crm_searched
from crm.app import SERVICE as CRM
from erp import searched as erp_searched
from erp.app import SERVICE as ERP

TIMES = 60
PEOPLE = 20
KEPT_TABLES = {
    CRM.name: ("account", "account_search", "external_reference"),
    ERP.name: ("item", "item_search"),
}
_OWNERS = """create function pg_temp.owner(n bigint) returns uuid stable language sql as
  $$ select id from owner where at = n % (select count(*) from owner) $$"""
_TAGS = {
    "frequent": "n % 100 = 7",
    "rare and old": "n between 1 and 50",
}
_TAGGED = """insert into record_tags (id, record_type, record_id, version)
  select gen_random_uuid(), $1, pg_temp.key($1, n), 1 from made
   where n <= $2 and (n % 100 = 7 or n between 1 and 50)"""
_ONE_TAG = """insert into record_tag (record_type, record_id, tag_id)
  select $1, pg_temp.key($1, n), $2 from made where n <= $3 and {0}"""

Question = tuple[str, str]


def _pages(path: str, first: Mapping[str, str], tags: Iterable[str]) -> list[Question]:
    """Name of each question -> its path and query."""
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    asked = {
        "newest": "",
        "by name": "sort=name",
        "by name, descending": "sort=-name",
        "last changed": "sort=-updated_at",
        "made on a day": f"created_from={yesterday}&created_to={yesterday}",
        "with the total": "include_total=true",
        "two fields": "fields=id,name",
        **{f"tag: {name}": f"tag={quote(name)}" for name in tags},
        **{f"tag: {name}, by name": f"tag={quote(name)}&sort=name" for name in tags},
        **first,
    }
    return [(name, f"{path}?limit=50&{query}") for name, query in asked.items()]


def _searches(hit: str) -> list[Question]:
    words = {
        "a name": hit,
        "no hit": "nosuchfirm",
        "two Chinese characters": "蓝港",
        "two that every name has": "公司",
        "a number": "P-4321",
        "two digits": "13",
    }
    return [(f"search: {name}", f"/v1/search?q={quote(q)}") for name, q in words.items()]


async def _ask(connection: Connection, server: Server, path: str, key: str) -> Reply:
    reply = await connection.ask(request_bytes("GET", server.url, path, key=key, body=b"", more=""))
    if reply.status != 200:
        message = f"{path}: {reply.body[:900]!r}"
        raise Refused(message)
    return reply


async def measure(
    place: Place, server: Server, who: str, key: str, questions: Iterable[Question]
) -> None:
    """Print each question's figures."""
    connection = await Connection.open(server.url)
    for name, path in questions:
        found = orjson.loads((await _ask(connection, server, path, key)).body)
        took, cpu = [], tree_cpu_seconds(place.postmaster)
        for _ in range(TIMES):
            began = time.perf_counter()
            await _ask(connection, server, path, key)
            took.append((time.perf_counter() - began) * 1000)
        cpu = (tree_cpu_seconds(place.postmaster) - cpu) * 1000 / TIMES
        p50, p95 = quantile(took, 0.5), quantile(took, 0.95)
        groups = found.get("groups") or found.get("sections") or [found]
        count = sum(len(one.get("items") or one.get("rows") or ()) for one in groups)
        print(f"| {who} | {name} | {count} | {p50:.1f} | {p95:.1f} | {cpu:.1f} |", flush=True)


async def _fill(place: Place, url: str, service: Service, count: int, people: list[str]) -> None:
    """The records of one half, their owners and tags."""
    admin = make_url(place.cluster.admin_url).set(database=make_url(url).database)
    settings = SESSION | {"search_path": "public", "maintenance_work_mem": "1GB"}
    sql = await asyncpg.connect(
        admin.render_as_string(hide_password=False), server_settings=settings, command_timeout=3600
    )
    kind, size = ("account", count) if service is CRM else ("item", count // 10)
    try:
        await sql.execute("create temp table owner (at bigint, id uuid)")
        await sql.executemany("insert into owner values ($1, $2::text::uuid)", enumerate(people))
        await sql.execute(_OWNERS)
        await search_rows.fill(sql, _rows(service), count)
        await sql.execute("set session_replication_role = replica")
        await sql.execute(_TAGGED, kind, size)
        for name, chosen in _TAGS.items():
            tag = await sql.fetchval("select id from tag where name = $1", name)
            await sql.execute(_ONE_TAG.format(chosen), kind, tag, size)
        await sql.execute("vacuum analyze record_tags")
        await sql.execute("vacuum analyze record_tag")
    finally:
        await sql.close()


def _rows(service: Service) -> search_rows.Rows:
    if service is CRM:
        rows = search_rows.with_texts(search_rows.CRM, crm_searched.KEPT)
        columns, values = rows["account"]
        owned = values.replace("false from made", "false, pg_temp.owner(n) from made")
        rows = {**rows, "account": (f"{columns}, owner_id", owned)}
        _links, references = rows["external_reference"]
        rows["external_reference"] = (_links, references.partition(" union all ")[0])
    else:
        rows = search_rows.with_texts(search_rows.ERP, erp_searched.KEPT)
    return {name: made for name, made in rows.items() if name in KEPT_TABLES[service.name]}


def person(server: Server, role: str, team: str) -> tuple[str, str]:
    """A member of the team: its id and a token."""
    password = token_hex(12)
    login = f"{role.replace('_', '.')}.{token_hex(4)}"
    about = {"login": login, "name": login, "password": password, "roles": [role], "team_id": team}
    made = server.call("POST", "/v1/users", about)
    begun = server.call("POST", "/v1/sessions", {"login": login, "password": password})
    return made["id"], begun["token"]


def _crm(place: Place, count: int) -> None:
    urls = place.database(CRM)
    with place.serving(CRM, urls) as crm:
        team = crm.call("POST", "/v1/teams", {"name": "East"})["id"]
        other = crm.call("POST", "/v1/teams", {"name": "West"})["id"]
        manager = person(crm, "sales_manager", team)
        people = [person(crm, "seller", team if n < PEOPLE / 2 else other) for n in range(PEOPLE)]
        for name in _TAGS:
            crm.call("POST", "/v1/tags", {"name": name})
        asyncio.run(_fill(place, urls.owner, CRM, count, [one for one, _ in people]))
        owner = people[3][0]
        pages = _pages(
            "/v1/accounts",
            {
                "an owner's": f"owner_id={owner}",
                "an owner's, by name": f"owner_id={owner}&sort=name",
                "stages": "stage=prospect,customer&status=active",
                "a name": "q=c4ca4238",
                "two Chinese characters, by name": f"q={quote('蓝港')}&sort=name",
                "an e-mail": "email=c4ca4238@example.com",
            },
            _TAGS,
        )
        _head(f"{count:,} accounts, {PEOPLE} owners in two teams")
        callers = (("all", crm.key), ("team", manager[1]), ("own", people[3][1]))
        for who, key in callers:
            asyncio.run(measure(place, crm, who, key, [*pages, *_searches("c4ca4238")]))


def _erp(place: Place, count: int) -> None:
    urls = place.database(ERP)
    with place.serving(ERP, urls) as erp:
        for name in _TAGS:
            erp.call("POST", "/v1/tags", {"name": name})
        asyncio.run(_fill(place, urls.owner, ERP, count, []))
        pages = _pages(
            "/v1/items",
            {
                "by SKU": "sort=sku",
                "active": "status=active",
                "a name": "q=c4ca4238",
                "two Chinese characters, by name": f"q={quote('蓝港')}&sort=name",
                "a SKU": "sku=P-4321",
            },
            _TAGS,
        )
        _head(f"{count // 10:,} items")
        asyncio.run(measure(place, erp, "all", erp.key, [*pages, *_searches("c4ca4238")]))


def _head(what: str) -> None:
    print(f"\n{what}; load average {load_average():.1f}\n")
    print("| sees | question | found | p50 ms | p95 ms | database CPU ms |")
    print("| --- | --- | ---: | ---: | ---: | ---: |", flush=True)


HALVES = {CRM.name: _crm, ERP.name: _erp}


def main(arguments: list[str]) -> None:
    """Both halves, one after the other."""
    numbers = [int(one) for one in arguments if one.isdigit()]
    count = numbers[0] if numbers else 500_000
    halves = [half for name, half in HALVES.items() if name in arguments] or HALVES.values()
    with Place.open() as place:
        for half in halves:
            half(place, count)
        print(f"\nload average {load_average():.1f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

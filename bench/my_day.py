"""A person's day among many activities: `python -m bench.my_day [count]`.

Makes so many activities (500,000 by default) of 20 sellers, one of 50 of them open, starts the CRM
and asks `GET /v1/my-day`, the list of one's open activities, and the timeline of an account, over
HTTP. Prints p50 and p95 of the whole request and the processor time of the database for it.
"""

import asyncio
import sys
from datetime import UTC, datetime

import asyncpg
from sqlalchemy import make_url

from bench.listing import PEOPLE, measure, person
from bench.machine import load_average
from bench.place import Place
from chassis.storage.connections import SESSION
from crm.app import SERVICE as CRM

_ROWS = """insert into activity (id, version, created_at, updated_at, name, sort_key, kind, state,
    text, priority, outcome, location, channel, system_generated, bulk, owner_id, record_type,
    record_id, starts_at, ends_at, due_on, direction, done_at)
  select gen_random_uuid(), 1, t, t, 'Call number ' || n, 'call number ' || n, kind,
    case when is_open then 'open' else 'done' end, 'What was said.', 'normal', '', '', '', false,
    false, ($2::uuid[])[1 + n % cardinality($2::uuid[])], 'account',
    ($3::uuid[])[1 + n % cardinality($3::uuid[])],
    case when kind = 'meeting' then day + interval '10 hours' end,
    case when kind = 'meeting' then day + interval '11 hours' end,
    case when kind <> 'meeting' then day::date end,
    case when kind = 'call' then 'outbound' end, case when is_open then null else t end
  from generate_series(1, $1::bigint) n, lateral (
    select now() - n * interval '1 minute' as t, n % 997 % 50 = 0 as is_open,
      $4::date + (n % 61 - 40) * interval '1 day' as day,
      (array['call', 'task', 'meeting'])[1 + n % 3] as kind) made"""


async def _fill(place: Place, url: str, count: int, people: list[str], about: list[str]) -> None:
    admin = make_url(place.cluster.admin_url).set(database=make_url(url).database)
    settings = SESSION | {"search_path": "public", "maintenance_work_mem": "1GB"}
    sql = await asyncpg.connect(
        admin.render_as_string(hide_password=False), server_settings=settings, command_timeout=3600
    )
    try:
        await sql.execute(
            "insert into staff_member (id, email) select id, '' from local_user"
            " on conflict do nothing"
        )
        await sql.execute(_ROWS, count, people, about, datetime.now(UTC).date())
        for table in ("activity", "activity_record", "activity_search"):
            await sql.execute(f"vacuum analyze {table}")
    finally:
        await sql.close()


def main(arguments: list[str]) -> None:
    """Fill, ask and print."""
    count = next((int(one) for one in arguments if one.isdigit()), 500_000)
    with Place.open() as place:
        urls = place.database(CRM)
        with place.serving(CRM, urls) as crm:
            team = crm.call("POST", "/v1/teams", {"name": "East"})["id"]
            people = [person(crm, "seller", team) for _ in range(PEOPLE)]
            about = [
                crm.call("POST", "/v1/accounts", {"name": f"Mill {n}"})["id"] for n in range(500)
            ]
            asyncio.run(_fill(place, urls.owner, count, [one for one, _ in people], about))
            print(
                f"\n{count:,} activities of {PEOPLE} sellers; load average {load_average():.1f}\n"
            )
            print("| sees | question | found | p50 ms | p95 ms | database CPU ms |")
            print("| --- | --- | ---: | ---: | ---: | ---: |", flush=True)
            me, token = people[3]
            asked = [
                ("my day", "/v1/my-day"),
                ("open ones by due", f"/v1/activities?owner_id={me}&state=open&sort=due"),
                ("newest", "/v1/activities?limit=50"),
                ("an account's timeline", f"/v1/accounts/{about[7]}/timeline?limit=50"),
            ]
            asyncio.run(measure(place, crm, "own and team's", token, asked))
        print(f"\nload average {load_average():.1f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

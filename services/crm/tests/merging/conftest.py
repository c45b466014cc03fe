"""Merging as a user does it."""

from typing import Any
from uuid import uuid4

import pytest

from records.merging.catalogue import NEVER_MOVED

PAIRS = """select t.relname as table, i.attname as id, y.attname as type from pg_class t
    join pg_attribute i on i.attrelid = t.oid and i.atttypid = 'uuid'::regtype
    join pg_attribute y on y.attrelid = t.oid and y.atttypid = 'text'::regtype
      and y.attname = regexp_replace(i.attname, '_id$', '_type')
  where t.relnamespace = 'public'::regnamespace and not t.relispartition and t.relkind in ('r', 'p')
    and i.attname like '%\\_id' and not i.attisdropped"""
KEYS = """select c.conrelid::regclass::text as table, a.attname as id, c.confrelid::regclass::text
    as to from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid
      and a.attnum = any(c.conkey)
  where c.contype = 'f' and c.confrelid::regclass::text = any($1)"""


class Merger:
    """Merges records by the API."""

    def __init__(self, desk, client=None):
        self.desk, self.client = desk, client or desk.client

    async def etag(self, path: str) -> str:
        reply = await self.desk.client.get(path)
        return str(reply.headers["etag"])

    async def merge(self, many: str, winner: str, loser: str, **more: Any):
        """The reply to a merge based on what both records are now."""
        at = f"/v1/{many}/{winner}"
        version = more.pop("loser_version", None)
        if version is None:
            version = int((await self.etag(f"/v1/{many}/{loser}")).strip('"'))
        etag = more.pop("etag", None) or await self.etag(at)
        body = {"loser_id": loser, "loser_version": version, **more}
        headers = {"If-Match": etag, "Idempotency-Key": str(uuid4())}
        return await self.client.post(f"{at}/merge", json=body, headers=headers)

    async def merged(self, many: str, winner: str, loser: str, **more: Any) -> dict[str, Any]:
        reply = await self.merge(many, winner, loser, **more)
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    async def preview(self, many: str, winner: str, loser: str, **more: Any) -> dict[str, Any]:
        at = f"/v1/{many}/{winner}/merge-preview"
        reply = await self.client.get(at, params={"loser_id": loser, **more})
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    async def undo(self, merge_id: str):
        headers = {"Idempotency-Key": str(uuid4())}
        return await self.client.post(f"/v1/merges/{merge_id}/undo", headers=headers)

    async def undone(self, merge_id: str) -> dict[str, Any]:
        reply = await self.undo(merge_id)
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    async def get(self, path: str) -> dict[str, Any]:
        reply = await self.desk.client.get(path)
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    def by(self, client):
        """Another caller, who merges."""
        return Merger(self.desk, client)

    async def rows_left(self, record_type: str, record_id: str) -> list[str]:
        """Tables that name the record, by foreign key or by type and id."""
        desk, left = self.desk, list[str]()
        for row in await desk.rows(KEYS, [record_type]):
            sql = f"select 1 from {row['table']} where {row['id']} = $1"
            left += [row["table"]] * len(await desk.rows(sql, record_id))
        for row in await desk.rows(PAIRS):
            if row["table"] not in NEVER_MOVED or row["table"] == "record_tag":
                sql = f"select 1 from {row['table']} where {row['id']} = $1 and {row['type']} = $2"
                left += [row["table"]] * len(await desk.rows(sql, record_id, record_type))
        return left

    async def full_account(self, **facts: Any) -> dict[str, Any]:
        """An account with all that can name it."""
        desk = self.desk
        account = await desk.account(**facts)
        at = f"/v1/accounts/{account['id']}"
        contact = await desk.contact(account["id"], primary=True)
        product = await desk.product()
        order = await desk.order(account["id"], product["id"])
        note = await desk.add(f"{at}/notes", text="Pays late.")
        attachment = await desk.crm.attach(at)
        tag = await desk.add("/v1/tags", name=desk.word("Tag"))
        reply = await desk.client.put(f"{at}/tags/{tag['id']}")
        assert reply.is_success, reply.text
        link = {"system": desk.word("shop").lower()[:20].replace("_", "-"), "external_id": "X"}
        reply = await desk.crm.post(f"{at}/external-refs", link)
        assert reply.is_success, reply.text
        return {
            "id": account["id"],
            "contact": contact["id"],
            "order": order["id"],
            "note": note["id"],
            "attachment": attachment["id"],
            "tag": tag["id"],
            "system": link["system"],
        }


@pytest.fixture(scope="session")
def merger(desk):
    return Merger(desk)

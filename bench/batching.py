"""Items sent to the ERP in batches by external id, against the same rows written in bulk."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from bench.bare import TUNED
from bench.figures import Asked, Bench, Figure, paired
from bench.place import Place, Server
from bench.same_rows import SameRows, Written
from bench.wire import TOKEN
from erp.app import SERVICE as ERP

__all__ = ["BENCH"]

BATCH = 200
PATH = "/v1/items/by-external/shop/batch"
ROWS = (
    Written("item", "id = $1", fresh=("sku",)),
    Written("external_reference", "entity_id = $1", fresh=("external_id",)),
    Written("stock_level", "item_id = $1"),
    Written("item_valuation", "item_id = $1"),
    Written("availability", "item_id = $1"),
    Written("record_change", "record_id = $1"),
    Written("outbox", "aggregate_id = $1"),
    Written("outbox_version", "aggregate_id = $1"),
)


def run(place: Place, asked: Asked) -> list[Figure]:
    """Batches of new items, then the same batch with new names; one client."""
    ours, bare = place.database(ERP), place.database(ERP)
    with place.serving(ERP, ours) as erp:
        first = erp.call("POST", PATH, {"items": [_item("first", 0, version=1)]})
        record = UUID(first["items"][0]["id"])
        rows = asyncio.run(_sample(ours.runtime, record))
        erp.call("POST", PATH, _batch("warm", version=1))
        rounds = [
            _round(erp, bare.runtime, rows, f"{number}-{TOKEN[0]}")
            for number in range(asked.rounds)
        ]
        request = erp.request("POST", PATH, _batch(TOKEN, version=1), once=True)
        statements = place.statements(erp, request, count=1) / BATCH
    facts = {"statements an item": statements}
    return [
        paired(f"{BATCH} new items", "rows/s", "asyncpg executemany", _pairs(rounds, "many")),
        paired(
            f"{BATCH} new items",
            "rows/s",
            "asyncpg COPY",
            _pairs(rounds, "copy"),
            facts=facts | {"changed items/s": max(one["changed"] for one in rounds)},
        ),
    ]


def _pairs(rounds: Sequence[dict[str, float]], limit: str) -> list[tuple[float, float]]:
    return [(one["ours"], one[limit]) for one in rounds]


def _round(erp: Server, url: str, rows: SameRows, mark: str) -> dict[str, float]:
    new, changed = _batch(mark, version=1), _batch(mark, version=2)
    return {
        "ours": _rate(erp, new),
        "changed": _rate(erp, changed),
        **asyncio.run(_bare(url, rows)),
    }


def _rate(erp: Server, batch: dict[str, Any]) -> float:
    began = time.perf_counter()
    reply = erp.call("POST", PATH, batch)
    seconds = time.perf_counter() - began
    failed = [one for one in reply["items"] if one["status"] not in {"created", "updated"}]
    if failed:
        raise ValueError(orjson.dumps(failed[0]).decode())
    return BATCH / seconds


def _batch(mark: str, *, version: int) -> dict[str, Any]:
    return {"items": [_item(mark, number, version=version) for number in range(BATCH)]}


def _item(mark: str, number: int, *, version: int) -> dict[str, Any]:
    return {
        "external_id": f"{mark}-{number}",
        "source_version": version,
        "sku": f"SKU-{mark}-{number}",
        "name": f"Coffee beans {number}, {version}",
        "description": "Washed, from 1,900 m, roasted light.",
        "barcode": "4006381333931",
    }


async def _sample(url: str, record: UUID) -> SameRows:
    sql = await asyncpg.connect(url)
    try:
        return await SameRows.read(sql, ROWS, record)
    finally:
        await sql.close()


async def _bare(url: str, rows: SameRows) -> dict[str, float]:
    """The rows of a batch in one transaction each: by executemany, and by COPY."""
    sql = await asyncpg.connect(url, server_settings=TUNED)
    many, copied = rows.many(BATCH), rows.many(BATCH)
    try:
        began = time.perf_counter()
        async with sql.transaction():
            for insert, _, _, values in many:
                await sql.executemany(insert, values)
        between = time.perf_counter()
        async with sql.transaction():
            for _, table, columns, values in copied:
                await sql.copy_records_to_table(table, columns=columns, records=values)
        ended = time.perf_counter()
    finally:
        await sql.close()
    return {"many": BATCH / (between - began), "copy": BATCH / (ended - between)}


BENCH = Bench("batch", "Items sent to the ERP in batches by external id", run)

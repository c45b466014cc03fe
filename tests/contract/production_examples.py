"""Sends the examples about bills of material, routings, production orders and plans."""

from typing import Any

from erp.planning.service.running import make_next_plan
from tests.contract.request_examples import Caller


async def listed(caller: Caller, path: str, **query: Any) -> list[dict[str, Any]]:
    reply = await caller.server.client.get(path, params=query)
    items: list[dict[str, Any]] = reply.raise_for_status().json()["items"]
    return items


async def send_bills_of_material(erp: Caller) -> None:
    await erp.send("bill_of_material_upsert_batch")
    await erp.send("bill_of_material_upsert")
    await erp.send("bill_of_material_create")
    for act in ("update", "link", "revise"):
        await erp.send(f"bill_of_material_{act}")


async def send_routings(erp: Caller) -> None:
    for kind in ("calendar", "work_centre", "routing"):
        for act in ("create", "upsert", "upsert_batch", "update", "link", "link_batch"):
            if f"{kind}_{act}" in erp.calls:
                await erp.send(f"{kind}_{act}")
    await erp.send("routing_revise")


async def send_inspection_plans(erp: Caller) -> None:
    for act in ("create", "upsert", "upsert_batch", "update", "link", "revise"):
        await erp.send(f"inspection_plan_{act}")


async def send_quality(erp: Caller, order: dict[str, Any], sku: str) -> None:
    """Goods of an order are inspected before they leave; one that lies here does not conform."""
    looked_at = {"number": 10, "name": "Clean", "kind": "yes_no"}
    second = looked_at | {"number": 20}
    first = {"number": 10, "name": "Width", "upper_limit": "30"}
    plan = {"code": "OUT", "label": "1", "stage": "shipment", "sku": sku}
    made = await erp.server.post(
        "/v1/inspection-plans", plan | {"characteristics": [first, second]}
    )
    path = f"/v1/inspection-plans/{made.json()['id']}"
    assert (await erp.server.post(f"{path}/activate", None)).is_success, made.text
    await erp.send("inspection_create", order_line_id=order["lines"][0]["id"])
    await erp.send("inspection_enter_results")
    await erp.send("inspection_decide")
    assert (await erp.server.post(f"{path}/archive", None)).is_success
    await erp.send("nonconformance_create", sku=sku, quantity="1")
    for act in ("set_cause", "add_action", "finish_action"):
        await erp.send(f"nonconformance_{act}")
    await erp.send("nonconformance_dispose", quantity="1")
    path = f"/v1/nonconformances/{erp.records['nonconformance']}"
    for act in ("close", "reopen"):
        assert (await erp.server.post(f"{path}/{act}", None)).is_success


async def send_repair(erp: Caller, sku: str) -> None:
    """A customer's piece is repaired with a part of an item, and invoiced."""
    price = {"amount": "9.00", "currency": "CNY"}
    lines = [{"sku": sku, "quantity": "1", "unit_price": price}]
    await erp.send("repair_order_create", lines=lines)
    await erp.send("repair_order_remove_line")
    await erp.send("repair_order_create", lines=lines)
    for act in ("add_lines", "receive", "diagnose"):
        await erp.send(f"repair_order_{act}")
    path = f"/v1/repair-orders/{erp.records['repair_order']}"
    assert (await erp.server.post(f"{path}/quote", None)).is_success
    for act in ("answer", "use_parts", "return_parts", "book_hours"):
        await erp.send(f"repair_order_{act}")
    await erp.send("repair_order_recover_parts", lines=[{"sku": sku, "quantity": "1"}])
    for act in ("finish", "invoice", "send_back"):
        await erp.send(f"repair_order_{act}")


async def send_production(erp: Caller) -> None:
    """An order of what has a bill, from plan to close, and the same acts on many."""
    path = f"/v1/bills-of-material/{erp.records['bill_of_material']}"
    days = {"start_on": "2026-12-01", "due_on": "2026-12-04"}
    revision = (await erp.server.client.get(path)).json()
    assert (await erp.server.post(f"{path}/activate", None)).is_success, revision
    needed = [{"sku": one["sku"], "quantity": "500"} for one in revision["lines"]]
    cost = {"amount": "1.00", "currency": "CNY"}
    receipt = {"lines": [one | {"unit_cost": cost} for one in needed]}
    assert (await erp.server.post("/v1/stock-receipts", receipt)).is_success
    await erp.send("production_order_create", sku=revision["sku"], **days)
    for act in ("upsert", "upsert_batch", "update", "link"):
        await erp.send(f"production_order_{act}")
    for act in ("firm", "release", "issue", "return_material", "report", "finish", "close"):
        if f"production_order_{act}" in erp.calls:
            await erp.send(f"production_order_{act}")
        else:
            done = await erp.server.post(
                f"/v1/production-orders/{erp.records['production_order']}/{act}", None
            )
            assert done.is_success, done.text
    await erp.send("production_order_create", sku=revision["sku"], quantity="2", **days)
    await erp.send("production_order_release_batch")
    await erp.send("production_order_report_batch")
    await erp.send("production_order_finish")
    await erp.send("production_order_close_batch")


async def send_planning_parameters(erp: Caller) -> None:
    await erp.send("planning_parameter_create")
    for act in ("upsert", "upsert_batch", "update"):
        await erp.send(f"planning_parameter_{act}")
    await erp.send("demand_forecast_create")
    for act in ("upsert", "upsert_batch", "update", "calculate"):
        await erp.send(f"demand_forecast_{act}")


async def send_scheduling(erp: Caller) -> None:
    for kind in ("changeover", "shared_resource", "scheduling_profile"):
        for act in ("create", "upsert", "upsert_batch", "update"):
            await erp.send(f"{kind}_{act}")
    await erp.send("schedule_try_create")


async def send_plan(erp: Caller) -> None:
    """A plan is made, and something of it ordered."""
    reply = await erp.server.post("/v1/material-plans", None)
    assert reply.status_code == 202, reply.text
    assert await make_next_plan(erp.server.database)
    planned = await listed(erp, "/v1/planned-orders", source="buy")
    erp.records["planned_order"] = next(one for one in planned if one["supplier_number"])["id"]
    await erp.send("planned_order_order")

"""A production planner at work: every item is new, so each test knows all bills that name it."""

from typing import Any

import pytest

PATH = "/v1/bills-of-material"


class Planning:
    """Drafts and activates bills of material by the API."""

    path = PATH

    def __init__(self, desk: Any) -> None:
        self.desk, self.erp = desk, desk.erp

    async def items(self, *names: str, **facts: Any) -> dict[str, str]:
        """New items; name -> SKU."""
        made = [await self.desk.item(name=name, **facts) for name in names]
        return {name: item["sku"] for name, item in zip(names, made, strict=True)}

    async def asks(self, sku: str, *lines: Any, label: str = "1", **facts: Any) -> Any:
        """Drafts a revision; a line is a SKU, or (SKU, quantity), or all its fields."""
        return await self.erp.post(
            PATH, {"sku": sku, "label": label, "lines": [line(one) for one in lines], **facts}
        )

    async def drafts(self, sku: str, *lines: Any, **facts: Any) -> dict[str, Any]:
        reply = await self.asks(sku, *lines, **facts)
        assert reply.status_code == 201, reply.text
        drafted: dict[str, Any] = reply.json()
        return drafted

    async def makes(self, sku: str, *lines: Any, **facts: Any) -> dict[str, Any]:
        """A revision that is active."""
        drafted = await self.drafts(sku, *lines, **facts)
        reply = await self.erp.post(f"{PATH}/{drafted['id']}/activate", None)
        assert reply.status_code == 200, reply.text
        active: dict[str, Any] = reply.json()
        return active

    async def explodes(self, sku: str, **asked: Any) -> list[dict[str, Any]]:
        reply = await self.desk.client.get(f"{PATH}/explosion", params={"sku": sku, **asked})
        assert reply.status_code == 200, reply.text
        components: list[dict[str, Any]] = reply.json()["components"]
        return components

    async def needs(self, sku: str, **asked: Any) -> dict[str, tuple[str, str]]:
        """SKU -> quantity and source."""
        found = await self.explodes(sku, **asked)
        assert len({one["sku"] for one in found}) == len(found)
        return {one["sku"]: (one["quantity"], one["source"]) for one in found}

    async def uses(self, sku: str, **asked: Any) -> dict[str, tuple[int, str]]:
        """SKU -> level and quantity."""
        reply = await self.desk.client.get(f"{PATH}/where-used", params={"sku": sku, **asked})
        assert reply.status_code == 200, reply.text
        return {one["sku"]: (one["level"], one["quantity"]) for one in reply.json()["uses"]}


def line(given: Any) -> dict[str, Any]:
    """The line as a body has it."""
    if isinstance(given, str):
        return {"sku": given, "quantity": "1"}
    return given if isinstance(given, dict) else {"sku": given[0], "quantity": given[1]}


@pytest.fixture
def planning(desk):
    return Planning(desk)

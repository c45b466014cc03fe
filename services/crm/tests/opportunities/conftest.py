"""Deals as the tests have them."""

import pytest

CNY = "CNY"


def cny(amount):
    """An amount of money."""
    return {"amount": amount, "currency": CNY}


class Deals:
    """What a seller does with deals, by the API."""

    path = "/v1/opportunities"

    def __init__(self, crm, desk):
        self.crm, self.desk = crm, desk

    async def open(self, **facts):
        return await self.desk.add(self.path, **{"name": self.desk.word("Deal")} | facts)

    async def get(self, deal):
        reply = await self.crm.client.get(f"{self.path}/{deal['id']}")
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def change(self, deal, **values):
        return await self.desk.change(f"{self.path}/{deal['id']}", values, revision=deal["version"])

    async def move(self, deal, stage, *, params=None, **values):
        return await self.crm.client.patch(
            f"{self.path}/{deal['id']}/stage",
            json={"stage": stage} | values,
            headers={"If-Match": f'"{deal["version"]}"'},
            params=params,
        )

    async def act(self, deal, act, **values):
        return await self.crm.post(f"{self.path}/{deal['id']}/{act}", values)

    async def list(self, **wanted):
        reply = await self.crm.client.get(self.path, params=wanted)
        assert reply.status_code == 200, reply.text
        return reply.json()["items"]

    async def board(self, **wanted):
        reply = await self.crm.client.get(f"{self.path}/board", params=wanted)
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def stage_changes(self, deal):
        reply = await self.crm.client.get(f"{self.path}/{deal['id']}/stage-changes")
        assert reply.status_code == 200, reply.text
        return reply.json()["items"]

    async def stages(self, pipeline="sales"):
        """The stages of a pipeline, by code."""
        found = await self.crm.client.get("/v1/pipelines", params={"code": pipeline})
        wanted = {"pipeline_id": found.json()["items"][0]["id"], "sort": "position"}
        reply = await self.crm.client.get("/v1/pipeline-stages", params=wanted)
        return {one["code"]: one for one in reply.json()["items"]}

    async def pipeline(self, *stages):
        """A pipeline of its own with these stages; its code."""
        code = self.desk.word("way")
        made = await self.desk.add("/v1/pipelines", code=code, name=code)
        for position, stage in enumerate(stages, 1):
            facts = {"pipeline_id": made["id"], "name": stage["code"], "position": position}
            await self.desk.add("/v1/pipeline-stages", **facts | stage)
        return code


@pytest.fixture
def deals(crm, desk):
    return Deals(crm, desk)

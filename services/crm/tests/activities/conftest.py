"""People, records and activities for the tests of activities."""

from typing import Any

import pytest

PASSWORD = "correct horse battery"
PATH = "/v1/activities"


class Diary:
    """What sellers plan and log."""

    def __init__(self, desk: Any) -> None:
        self.desk, self.crm = desk, desk.crm

    async def add(self, **values: Any) -> dict[str, Any]:
        """An activity; a task, if nothing else is said."""
        return await self.desk.add(PATH, **{"kind": "task", "name": "Call back"} | values)

    async def act(self, activity: dict[str, Any], verb: str, **values: Any) -> Any:
        """The reply to an act upon it."""
        return await self.crm.post(f"{PATH}/{activity['id']}/{verb}", values)

    async def listed(self, client: Any = None, **wanted: Any) -> list[str]:
        """Ids of the activities that the list answers."""
        reply = await (client or self.desk.client).get(PATH, params=wanted)
        assert reply.status_code == 200, reply.text
        return [one["id"] for one in reply.json()["items"]]

    async def person(self, role: str = "seller", team: str | None = None) -> tuple[str, Any]:
        """A user who is logged in: id and client."""
        user = await self.desk.user(roles=[role], **({"team_id": team} if team else {}))
        login = {"login": user["login"], "password": PASSWORD}
        reply = await self.desk.client.post("/v1/sessions", json=login)
        return user["id"], self.crm.with_key(reply.json()["token"])

    async def timeline(self, at: str, client: Any = None, **wanted: Any) -> list[dict[str, Any]]:
        """What happened to a record."""
        reply = await (client or self.desk.client).get(f"{at}/timeline", params=wanted)
        assert reply.status_code == 200, reply.text
        return reply.json()["items"]


@pytest.fixture
def diary(desk):
    return Diary(desk)

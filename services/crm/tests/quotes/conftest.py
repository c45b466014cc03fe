"""Quotes as the tests have them."""

from uuid import uuid4

import pytest

from approvals.service.sweeping import sweep
from crm.approvals.service.asking import APPROVALS


def cny(amount):
    """An amount of money."""
    return {"amount": amount, "currency": "CNY"}


class Quotes:
    """What a seller does with quotes, by the API."""

    path = "/v1/quotes"

    def __init__(self, crm, desk):
        self.crm, self.desk = crm, desk

    async def product(self, price="10.00", **facts):
        return await self.desk.product(list_price=cny(price), **facts)

    async def draft(self, *lines, **facts):
        """A quote of these lines; without any, of two lamps for 10 each."""
        if not lines:
            lamp = await self.product()
            lines = ({"product": lamp["code"], "quantity": "2"},)
        if "account_id" not in facts and "opportunity_id" not in facts:
            facts["account_id"] = (await self.desk.account())["id"]
        values = {"name": self.desk.word("Quote"), "lines": list(lines)}
        return await self.desk.add(self.path, **values | facts)

    async def deal(self, **facts):
        account = await self.desk.account()
        values = {"name": self.desk.word("Deal"), "account_id": account["id"]}
        return await self.desk.add("/v1/opportunities", **values | facts)

    async def get(self, quote):
        reply = await self.crm.client.get(f"{self.path}/{quote['id']}")
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def change(self, quote, **values):
        path = f"{self.path}/{quote['id']}"
        return await self.desk.change(path, values, revision=quote["version"])

    async def act(self, quote, act, **values):
        return await self.crm.post(f"{self.path}/{quote['id']}/{act}", values or None)

    async def send(self, quote, **values):
        """The quote as it was sent, and the token."""
        reply = await self.act(quote, "send", **{"channel": "email"} | values)
        assert reply.status_code == 200, reply.text
        return reply.json()["quote"], reply.json()["answer_by"]["token"]

    async def sent(self, *lines, **facts):
        return await self.send(await self.draft(*lines, **facts))

    async def expired(self):
        """A quote that was sent long ago, and not marked as expired so far."""
        quote = await self.draft()
        async with self.crm.database.driver() as sql:
            await sql.execute(
                """update quote set state = 'sent', channel = 'post', sent_at = '2020-01-01Z',
                    sent_on = '2020-01-01', valid_until = '2020-01-31', text = 'T',
                    text_hash = repeat('0', 64) where id = $1""",
                quote["id"],
            )
        return await self.get(quote)

    async def revised(self, quote):
        reply = await self.act(quote, "revise")
        assert reply.status_code == 201, reply.text
        return reply.json()


@pytest.fixture
def quotes(crm, desk):
    return Quotes(crm, desk)


class Approving:
    """People who decide, rules for quotes of one team each, and quotes that wait for them."""

    password = "correct horse battery"

    def __init__(self, quotes):
        self.quotes, self.crm, self.desk = quotes, quotes.crm, quotes.desk

    async def person(self, *roles, team=None):
        """A user who is logged in: id and client."""
        facts = {"team_id": team["id"]} if team else {}
        login = self.desk.word("boss").lower()
        user = await self.desk.user(login=login, roles=list(roles or ("sales_manager",)), **facts)
        session = {"login": login, "password": self.password}
        reply = await self.crm.client.post("/v1/sessions", json=session)
        return user["id"], self.crm.with_key(reply.json()["token"])

    async def team(self, **facts):
        return await self.desk.add("/v1/teams", name=self.desk.word("Team"), **facts)

    async def rule(self, team, *steps, **facts):
        """A rule for quotes of the team from ten percent off on."""
        of_team = {"fact": "team_id", "values": [team["id"]]}
        beyond = facts.pop("conditions", [{"fact": "percent", "at_least": "10"}])
        values = {"kind": "quote", "name": "Large discounts", "position": 1} | facts
        values |= {"conditions": [of_team, *beyond], "steps": list(steps)}
        return await self.desk.add("/v1/approval-rules", **values)

    async def draft(self, team, *, discount="0.2", **facts):
        """A quote of the team with a discount, for 20 at list prices."""
        return await self.quotes.draft(team_id=team["id"], discount=discount, **facts)

    async def post(self, path, body=None, client=None):
        headers = {"Idempotency-Key": str(uuid4())}
        return await (client or self.crm.client).post(path, json=body, headers=headers)

    async def act(self, quote, act, client=None, **values):
        return await self.post(f"/v1/quotes/{quote['id']}/{act}", values or None, client)

    async def changes(self, quote, **values):
        reply = await self.quotes.change(quote, **values)
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def submits(self, quote, client=None):
        """The approval that the quote waits for."""
        reply = await self.act(quote, "submit", client)
        assert reply.status_code == 200, reply.text
        return {"id": reply.json()["approval"]["approval_id"], "quote": quote}

    async def decides(self, client, asked, act="approve"):
        return await self.post(f"/v1/approvals/{asked['id']}/{act}", {"note": "Seen."}, client)

    async def sends(self, quote, client=None):
        return await self.act(quote, "send", client, channel="email")

    async def state(self, asked):
        """How the approval and its quote stand."""
        approval = await self.desk.see(f"/v1/approvals/{asked['id']}")
        quote = await self.quotes.get(asked["quote"])
        return approval["state"], quote["state"]

    async def progress(self, asked):
        return await self.desk.see(f"/v1/approvals/{asked['id']}/progress")

    async def log(self, asked):
        return [one["what"] for one in (await self.progress(asked))["log"]]

    async def swept(self):
        async with self.crm.database.transaction() as work:
            await sweep(work, APPROVALS)


@pytest.fixture
def approving(quotes):
    return Approving(quotes)

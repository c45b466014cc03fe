"""Quotes as the tests have them."""

import pytest


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

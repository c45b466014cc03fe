"""Contracts and templates as the tests have them."""

import pytest
from services.crm.tests.quotes.conftest import Quotes

CLAUSES = [
    {
        "heading": "Parties",
        "body": "This contract {{ contract.number }} is made with {{ account.name }}.",
    },
    {"heading": "Term", "body": "It holds from {{contract.starts_on}}."},
]


class Contracts:
    """What authors and sellers do with templates and contracts, by the API."""

    path, templates = "/v1/contracts", "/v1/contract-templates"

    def __init__(self, crm, desk):
        self.crm, self.desk = crm, desk

    async def template(self, *clauses, **facts):
        """A draft of a template; without clauses, of two."""
        values = {"code": self.desk.word("T"), "name": "Supply", "language": "en"}
        values["clauses"] = list(clauses) or CLAUSES
        return await self.desk.add(self.templates, **values | facts)

    async def published(self, *clauses, **facts):
        template = await self.template(*clauses, **facts)
        return await self.act(template, "publish", at=self.templates)

    async def act(self, record, act, *, at=None, expected=200, **values):
        reply = await self.try_act(record, act, at=at, **values)
        assert reply.status_code == expected, reply.text
        return reply.json()

    async def try_act(self, record, act, *, at=None, **values):
        body = values if values or act in {"void", "end"} else None
        return await self.crm.post(f"{at or self.path}/{record['id']}/{act}", body)

    async def change(self, record, *, at=None, **values):
        path = f"{at or self.path}/{record['id']}"
        return await self.desk.change(path, values, revision=record["version"])

    async def get(self, record, at=None):
        return await self.desk.see(f"{at or self.path}/{record['id']}")

    async def text(self, record, version=None):
        asked = f"?contract_version={version}" if version else ""
        return await self.desk.see(f"{self.path}/{record['id']}/text{asked}")

    async def draft(self, template=None, **facts):
        """A contract with an account, from a published template."""
        template = template or await self.published()
        if "account_id" not in facts:
            facts["account_id"] = (await self.desk.account())["id"]
        values = {"name": self.desk.word("Contract"), "template_id": template["id"]}
        return await self.desk.add(self.path, **values | {"starts_on": "2026-12-01"} | facts)

    async def generated(self, template=None, **facts):
        return await self.act(await self.draft(template, **facts), "generate")

    async def sent(self, template=None, **facts):
        return await self.act(await self.generated(template, **facts), "send")

    async def signed(self, template=None, **facts):
        sent = await self.sent(template, **facts)
        return await self.act(sent, "sign", signer="Wang Fang")


@pytest.fixture
def contracts(crm, desk):
    return Contracts(crm, desk)


@pytest.fixture
def quotes(crm, desk):
    return Quotes(crm, desk)

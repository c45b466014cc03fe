"""Contract templates: clauses with variables, published, fixed, revised (C29)."""

import asyncio
import time

import asyncpg
import pytest

from crm.contracts.rules.clauses import rendered, variables_of, wrong_clauses
from crm.contracts.rules.variables import VARIABLES


def clause(body, heading=""):
    return {"heading": heading, "body": body}


async def test_a_template_has_versions(contracts):
    """C29: a published version stays, a revision is the next one and supersedes it."""
    first = await contracts.published()
    assert (first["template_version"], first["state"]) == (1, "published")
    assert first["published_at"]
    at = contracts.templates
    second = await contracts.act(first, "revise", at=at, expected=201)
    assert (second["template_version"], second["state"]) == (2, "draft")
    assert second["clauses"] == first["clauses"]
    changed = await contracts.change(second, at=at, clauses=[clause("Other.")])
    assert changed.status_code == 200, changed.text
    assert (await contracts.get(first, at))["state"] == "published"
    published = await contracts.act(second, "publish", at=at)
    assert published["state"] == "published"
    former = await contracts.get(first, at)
    assert (former["state"], former["clauses"]) == ("superseded", first["clauses"])


async def test_what_was_published_is_not_changed(contracts, problem):
    template = await contracts.published()
    at = contracts.templates
    for values in ({"name": "Other"}, {"clauses": [clause("x")]}, {"language": "zh-CN"}):
        refused = await contracts.change(template, at=at, **values)
        assert template["code"] in problem(refused, 409, "contract_template_fixed")["detail"]
    noted = await contracts.change(template, at=at, note="For Ningbo.")
    assert noted.json()["note"] == "For Ningbo."
    problem(
        await contracts.try_act(template, "publish", at=at), 409, "contract_template_state_refused"
    )


async def test_the_database_keeps_what_was_published(contracts):
    """C29: whoever writes."""
    template = await contracts.get(await contracts.published(), contracts.templates)
    for statement in (
        "update contract_template set clauses = '[{}]' where id = $1",
        "update contract_template set language = 'zh-CN' where id = $1",
        "update contract_template set template_version = 9 where id = $1",
        "update contract_template set state = 'draft', published_at = null where id = $1",
        "delete from contract_template where id = $1",
    ):
        async with contracts.crm.database.driver() as sql:
            with pytest.raises(asyncpg.PostgresError):
                await sql.execute(statement, template["id"])
    assert await contracts.get(template, contracts.templates) == template


async def test_a_template_without_clauses_is_not_published(contracts, problem):
    empty = await contracts.desk.add(
        contracts.templates, code=contracts.desk.word("T"), name="Nothing"
    )
    refused = await contracts.try_act(empty, "publish", at=contracts.templates)
    problem(refused, 409, "contract_template_incomplete")


async def test_a_code_names_one_template(contracts, problem):
    template = await contracts.published()
    again = await contracts.crm.post(
        contracts.templates, {"code": template["code"], "name": "Again"}
    )
    problem(again, 409, "contract_template_taken")
    await contracts.act(template, "revise", at=contracts.templates, expected=201)
    refused = await contracts.try_act(template, "revise", at=contracts.templates)
    problem(refused, 409, "contract_template_in_work")


async def test_of_versions_published_at_once_one_is_in_use(contracts):
    first = await contracts.published()
    second = await contracts.act(first, "revise", at=contracts.templates, expected=201)
    replies = await asyncio.gather(
        *(contracts.try_act(second, "publish", at=contracts.templates) for _ in range(4))
    )
    assert sorted(one.status_code for one in replies) == [200, 409, 409, 409]
    codes = await asyncio.gather(
        *(
            contracts.crm.post(contracts.templates, {"code": f"{first['code']}-x", "name": "N"})
            for _ in range(4)
        )
    )
    assert sorted(one.status_code for one in codes) == [201, 409, 409, 409]


@pytest.mark.parametrize(
    ("body", "code", "line"),
    [
        ("{{ account.nmae }}", "unknown_variable", 1),
        ("One\nTwo {{ ''.__class__.__mro__ }}", "not_a_variable", 2),
        ("{% for x in range(1000000000) %}x{% endfor %}", "not_a_variable", 1),
        ("{# hidden #}", "not_a_variable", 1),
        ("{{ account.name", "not_a_variable", 1),
        ("{{ account.name | upper }}", "not_a_variable", 1),
        ("{{ contract.number }} and {{- account.name -}}", "not_a_variable", 1),
        ("{{ con tract.number }}", "not_a_variable", 1),
        ("{{ account.name.x }}", "not_a_variable", 1),
        ("{{" + "(" * 9000, "not_a_variable", 1),
        ("{{ a" + ".a" * 4900 + " }}", "not_a_variable", 1),
    ],
)
async def test_only_declared_variables_are_taken(contracts, problem, body, code, line):
    """What else stands in braces is refused at saving, with where it stands."""
    values = {"code": contracts.desk.word("T"), "name": "N"}
    sent = values | {"clauses": [clause("Fine {{ account.name }}."), clause(body)]}
    refused = problem(await contracts.crm.post(contracts.templates, sent), 422, "invalid_input")
    [error] = refused["errors"]
    assert (error["pointer"], error["code"]) == ("/clauses/1/body", code)
    assert f"Line {line}" in error["message"]
    chinese = await contracts.crm.client.post(
        contracts.templates,
        json=sent,
        headers={"Accept-Language": "zh-CN", "Idempotency-Key": values["code"]},
    )
    assert f"第 {line} 行" in chinese.json()["errors"][0]["message"]


async def test_clauses_are_long_but_have_an_end(contracts, problem):
    """10,000 characters are a clause; all together have at most 100,000."""
    long = await contracts.template(clause("契" * 10_000))
    assert len(long["clauses"][0]["body"]) == 10_000
    for clauses in (
        [clause("x" * 10_001)],
        [clause("x" * 10_000)] * 11,
        [clause("x")] * 101,
        [clause(" ")],
    ):
        values = {"code": contracts.desk.word("T"), "name": "N", "clauses": clauses}
        problem(await contracts.crm.post(contracts.templates, values), 422, "invalid_input")


def test_what_a_value_says_is_no_template():
    """A customer's name is text, whatever it looks like."""
    evil = "{{ contract.number }}{% for x in y %}{{ 7 * 7 }}"
    [made] = rendered([clause("For {{ account.name }}!")], {"account.name": evil})
    assert made.body == f"For {evil}!"


def test_filling_in_is_as_quick_as_reading():
    """Six thousand variables cost milliseconds: nothing is compiled, nothing evaluated."""
    clauses = [clause("{{account.name}}" * 600)] * 10
    began = time.perf_counter()
    assert wrong_clauses(clauses) == []
    assert variables_of(clauses) == {"account.name": 6000}
    assert len(rendered(clauses, {"account.name": "N"})) == 10
    assert time.perf_counter() - began < 1


def test_every_variable_may_be_named():
    for name in VARIABLES:
        assert wrong_clauses([clause(f"{{{{ {name} }}}}")]) == []

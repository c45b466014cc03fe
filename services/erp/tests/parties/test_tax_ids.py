"""One tax id, one active customer and one active supplier, however it is written."""

import asyncio

import pytest


@pytest.fixture(params=["customers", "suppliers"])
def path(request):
    return f"/v1/{request.param}"


@pytest.fixture
def tax_id(desk):
    return f"91{desk.word('')[1:]}X"


def spellings(tax_id):
    """As people write it: blanks, dashes, points and small letters make no other tax id."""
    return [
        tax_id,
        tax_id.lower(),
        f"{tax_id[:4]} {tax_id[4:]}",
        f"{tax_id[:4]}-{tax_id[4:9]}-{tax_id[9:]}",
        ".".join(tax_id),
    ]


async def test_a_second_active_one_is_refused_however_it_is_written(desk, problem, path, tax_id):
    first = await desk.add(path, name="First", tax_id=tax_id)
    other = await desk.add(path, name="Other")
    for written in spellings(tax_id):
        reply = await desk.erp.post(path, {"name": "Twin", "tax_id": written})
        told = problem(reply, 409, "duplicate_tax_id")
        assert told["facts"]["existing_id"] == first["id"]
        reply = await desk.change(f"{path}/{other['id']}", {"tax_id": written}, revision=1)
        problem(reply, 409, "duplicate_tax_id")
    assert await desk.see(f"{path}/{other['id']}") == other


async def test_an_archived_one_lets_go_of_it(desk, problem, path, tax_id):
    first = await desk.add(path, name="First", tax_id=tax_id)
    await desk.erp.post(f"{path}/{first['id']}/archive", None)
    await desk.add(path, name="Second", tax_id=f"{tax_id[:4]} {tax_id[4:]}")
    problem(await desk.erp.post(f"{path}/{first['id']}/restore", None), 409, "duplicate_tax_id")


async def test_a_customer_and_a_supplier_may_be_one_firm(desk, tax_id):
    await desk.add("/v1/customers", name="Firm", tax_id=tax_id)
    await desk.add("/v1/suppliers", name="Firm", tax_id=tax_id)


async def test_of_several_at_once_one_gets_it(desk, path, tax_id):
    replies = await asyncio.gather(
        *(desk.erp.post(path, {"name": "Twin", "tax_id": one}) for one in spellings(tax_id))
    )
    assert sorted(one.status_code for one in replies) == [201, 409, 409, 409, 409]


async def test_old_doubles_may_be_changed_but_not_their_tax_id(desk, problem, path, tax_id):
    """The migration marks them; a mark ends with a tax id of their own."""
    first = await desk.add(path, name="First", tax_id=tax_id)
    double = await desk.add(path, name="Double")
    written = f"{tax_id[:4]} {tax_id[4:]}"
    async with desk.erp.database.driver() as sql:
        await sql.execute(
            f"update {path[4:-1]} set tax_id = $1, tax_id_shared = true where id = $2",
            written,
            double["id"],
        )
    one = f"{path}/{double['id']}"
    assert (await desk.change(one, {"phone": "123456"}, revision=1)).status_code == 200
    reply = await desk.change(one, {"tax_id": "-".join(tax_id)}, revision=2)
    assert problem(reply, 409, "duplicate_tax_id")["facts"]["existing_id"] == first["id"]
    assert (await desk.change(one, {"tax_id": f"{tax_id}7"}, revision=2)).status_code == 200
    assert await desk.count(path[4:-1], "id = $1 and not tax_id_shared", double["id"]) == 1


async def test_a_branch_has_the_tax_id_of_another_one(desk, problem, path, tax_id):
    """Decision 0050: said by a mark; whoever is not marked is still refused."""
    first = await desk.add(path, name="First", tax_id=tax_id)
    branch = await desk.add(path, name="Branch", tax_id=tax_id, tax_id_shared=True)
    assert (first["tax_id_shared"], branch["tax_id_shared"]) == (False, True)
    problem(await desk.erp.post(path, {"name": "Twin", "tax_id": tax_id}), 409, "duplicate_tax_id")
    one = f"{path}/{branch['id']}"
    assert (await desk.change(one, {"phone": "123456"}, revision=1)).status_code == 200
    unmarked = await desk.change(one, {"tax_id_shared": False}, revision=2)
    told = problem(unmarked, 409, "duplicate_tax_id")
    assert told["facts"]["existing_id"] == first["id"]
    assert (await desk.see(one))["tax_id_shared"] is True


async def test_a_branch_stands_in_nobodys_way(desk, path, tax_id):
    """The first one is archived and restored although branches have its tax id."""
    first = await desk.add(path, name="First", tax_id=tax_id)
    await desk.add(path, name="Branch", tax_id=tax_id, tax_id_shared=True)
    await desk.add(path, name="Other branch", tax_id=tax_id, tax_id_shared=True)
    for act in ("archive", "restore"):
        assert (await desk.erp.post(f"{path}/{first['id']}/{act}", None)).is_success


async def test_the_mark_ends_with_the_tax_id_it_was_given_with(desk, problem, path, tax_id):
    first = await desk.add(path, name="First", tax_id=tax_id)
    other = await desk.add(path, name="Other", tax_id=f"{tax_id}2")
    one = f"{path}/{(await desk.add(path, name='B', tax_id=tax_id, tax_id_shared=True))['id']}"
    moved = {"tax_id": f"{tax_id}2"}
    told = problem(await desk.change(one, moved, revision=1), 409, "duplicate_tax_id")
    assert told["facts"]["existing_id"] == other["id"]
    both = await desk.change(one, moved | {"tax_id_shared": True}, revision=1)
    assert both.json()["tax_id_shared"] is True
    own = await desk.change(one, {"tax_id": f"{tax_id}3"}, revision=2)
    assert own.json()["tax_id_shared"] is False
    assert (await desk.see(f"{path}/{first['id']}"))["version"] == 1


@pytest.mark.parametrize("mark", [None, "yes", 1])
async def test_the_mark_is_true_or_false(desk, problem, path, mark):
    problem(await desk.erp.post(path, {"name": "B", "tax_id_shared": mark}), 422, "invalid_input")

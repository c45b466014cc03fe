"""C12, C13: two accounts or contacts become one; nothing is left on the one that goes."""

from uuid import uuid4


async def test_all_that_names_the_one_names_the_other(desk, merger):
    """C12: foreign keys and references by type and id; the catalogue finds no row left."""
    winner, loser = await merger.full_account(), await merger.full_account()
    seen = await merger.preview("accounts", winner["id"], loser["id"])
    assert seen["obstacle"] is None
    counts = {one["table"]: one["count"] for one in seen["moves"]}
    assert counts == dict.fromkeys(
        ("contact", "customer_order", "note", "attachment", "record_tag", "external_reference"), 1
    )
    assert await merger.rows_left("account", loser["id"]) != []
    done = await merger.merged("accounts", winner["id"], loser["id"])
    assert done["moved"] == seen["moves"]
    assert await merger.rows_left("account", loser["id"]) == []
    at = f"/v1/accounts/{winner['id']}"
    contact = await merger.get(f"/v1/contacts/{loser['contact']}")
    assert contact["account_id"] == winner["id"]
    assert contact["primary"] is False
    assert (await merger.get(f"/v1/contacts/{winner['contact']}"))["primary"] is True
    assert (await merger.get(f"/v1/orders/{loser['order']}"))["account_id"] == winner["id"]
    notes = await merger.get(f"{at}/notes")
    assert {one["id"] for one in notes["items"]} == {winner["note"], loser["note"]}
    account = await merger.get(at)
    assert {one["id"] for one in account["tags"]} == {winner["tag"], loser["tag"]}
    systems = {one["system"] for one in account["external_refs"]}
    assert systems == {winner["system"], loser["system"]}
    sent = await desk.send("/v1/accounts", "X", 1, system=loser["system"], name="Renamed")
    assert sent.json()["id"] == winner["id"]


async def test_events_of_all_that_moved_are_published(desk, merger):
    """What moved, and both records, say so; versions follow each other."""
    winner, loser = await merger.full_account(), await merger.full_account()
    done = await merger.merged("accounts", winner["id"], loser["id"])
    [merged] = await desk.events_of(done["id"])
    assert merged["type"] == "tandem.crm.merge-changed.v1"
    facts = merged["payload"]
    assert (facts["winner_id"], facts["loser_id"]) == (winner["id"], loser["id"])
    last = (await desk.events_of(loser["id"]))[-1]["payload"]
    assert (last["status"], last["changed"]) == ("archived", ["status"])
    contact = (await desk.events_of(loser["contact"]))[-1]["payload"]
    assert contact["account_id"] == winner["id"]
    assert contact["changed"] == ["account_id", "primary"]
    order = (await desk.events_of(loser["order"]))[-1]["payload"]
    assert (order["account_id"], order["changed"]) == (winner["id"], ["account_id"])
    note = (await desk.events_of(loser["note"]))[-1]["payload"]
    assert (note["record_id"], note["changed"]) == (winner["id"], ["record_id"])


async def test_the_id_of_the_loser_gives_the_winner(desk, merger, problem):
    """C12: a redirect; lists, search and matches do not offer the merged record."""
    name = desk.word("Mill")
    winner, loser = await desk.account(name=f"{name} A"), await desk.account(name=f"{name} B")
    await merger.merged("accounts", winner["id"], loser["id"])
    reply = await desk.client.get(f"/v1/accounts/{loser['id']}")
    assert reply.status_code == 200
    assert reply.json()["id"] == winner["id"]
    assert reply.headers["content-location"] == f"/v1/accounts/{winner['id']}"
    assert reply.headers["etag"] == await merger.etag(f"/v1/accounts/{winner['id']}")
    for status in ("active", "archived"):
        page = await merger.get(f"/v1/accounts?q={name}&status={status}")
        assert loser["id"] not in {one["id"] for one in page["items"]}
    patch = await desk.client.patch(
        f"/v1/accounts/{loser['id']}", json={"name": "Other"}, headers={"If-Match": "*"}
    )
    told = problem(patch, 409, "record_merged")
    assert told["facts"]["into_id"] == winner["id"]
    reply = await desk.crm.post("/v1/contacts", {"account_id": loser["id"], "name": "Late"})
    problem(reply, 422, "missing_reference")
    reply = await desk.crm.post(f"/v1/accounts/{loser['id']}/notes", {"text": "Late."})
    problem(reply, 404, "not_found")


async def test_a_chain_of_merges_ends_in_the_last(desk, merger, problem):
    first, second, third = [await desk.account() for _ in range(3)]
    await merger.merged("accounts", second["id"], first["id"])
    await merger.merged("accounts", third["id"], second["id"])
    assert (await merger.get(f"/v1/accounts/{first['id']}"))["id"] == third["id"]
    cycle = await merger.merge("accounts", first["id"], third["id"])
    assert problem(cycle, 409, "record_merged")["facts"]["into_id"] == third["id"]


async def test_merging_again_answers_the_same(desk, merger, problem):
    winner, loser, other = [await desk.account() for _ in range(3)]
    version = int((await merger.etag(f"/v1/accounts/{loser['id']}")).strip('"'))
    done = await merger.merged("accounts", winner["id"], loser["id"])
    again = await merger.merged("accounts", winner["id"], loser["id"], loser_version=version)
    assert again == done
    reply = await merger.merge("accounts", other["id"], loser["id"], loser_version=version)
    problem(reply, 409, "record_merged")


async def test_nothing_is_done_to_what_changed_meanwhile(desk, merger, problem):
    """If-Match of both."""
    winner, loser = await desk.account(), await desk.account()
    reply = await merger.merge("accounts", winner["id"], loser["id"], etag='"7"')
    problem(reply, 412, "stale_revision")
    reply = await merger.merge("accounts", winner["id"], loser["id"], loser_version=7)
    problem(reply, 412, "stale_revision")
    reply = await merger.merge("accounts", winner["id"], winner["id"])
    problem(reply, 422, "invalid_input")
    reply = await merger.merge("accounts", winner["id"], str(uuid4()), loser_version=1)
    problem(reply, 404, "not_found")
    assert (await merger.get(f"/v1/accounts/{loser['id']}"))["id"] == loser["id"]


async def test_fields_are_chosen_from_both(desk, merger):
    """C13: the declared winner holds for relations as for scalars; empty fields are filled."""
    mine, theirs = await desk.user(), await desk.user()
    winner = await desk.account(
        owner_id=mine["id"], email="a@mill.example", industry="Steel", stage="prospect"
    )
    loser = await desk.account(
        owner_id=theirs["id"],
        email="b@mill.example",
        phone="+86 138 1234 5678",
        industry="Wood",
        billing_address={"city": "Ningbo"},
        stage="customer",
    )
    seen = await merger.preview(
        "accounts", winner["id"], loser["id"], from_loser="owner_id,email", from_winner="phone"
    )
    by_name = {one["field"]: one for one in seen["fields"]}
    assert by_name["industry"]["conflict"] is True
    assert by_name["stage"]["source"] == "rule"
    sources = {name: by_name[name]["source"] for name in ("owner_id", "email", "phone")}
    assert sources == {"owner_id": "loser", "email": "loser", "phone": "winner"}
    fields = {"owner_id": "loser", "email": "loser", "phone": "winner"}
    await merger.merged("accounts", winner["id"], loser["id"], fields=fields)
    account = await merger.get(f"/v1/accounts/{winner['id']}")
    assert account["owner_id"] == theirs["id"]
    assert account["email"] == "b@mill.example"
    assert account["phone"] == ""
    assert account["industry"] == "Steel"
    assert account["stage"] == "customer"
    assert account["billing_address"]["city"] == "Ningbo"
    assert {name: account[name] for name in by_name} == {
        name: one["after"] for name, one in by_name.items()
    }
    history = await merger.get(f"/v1/accounts/{winner['id']}/history")
    assert history["items"][0]["way"] == "merge"
    timeline = await merger.get(f"/v1/accounts/{winner['id']}/timeline?kind=change")
    assert {one["change"]["way"] for one in timeline["items"]} >= {"merge"}
    assert len(timeline["items"]) > len(history["items"])


async def test_a_choice_of_no_field_is_refused(desk, merger, problem):
    winner, loser = await desk.account(), await desk.account()
    reply = await merger.merge("accounts", winner["id"], loser["id"], fields={"zodiac": "loser"})
    told = problem(reply, 422, "invalid_input")
    assert told["errors"][0]["pointer"] == "/fields/zodiac"


async def test_two_links_to_one_system_are_for_a_person_to_decide(desk, merger, problem):
    winner, loser = await desk.account(), await desk.account()
    for one in (winner, loser):
        link = {"system": "shop", "external_id": one["id"]}
        assert (await desk.crm.post(f"/v1/accounts/{one['id']}/external-refs", link)).is_success
    assert (await merger.preview("accounts", winner["id"], loser["id"]))[
        "obstacle"
    ] == "linked_twice"
    reply = await merger.merge("accounts", winner["id"], loser["id"])
    assert problem(reply, 409, "linked_twice")["facts"]["systems"] == "shop"
    assert (await merger.get(f"/v1/accounts/{loser['id']}"))["status"] == "active"


async def test_the_account_that_the_erp_knows_stays(desk, merger, problem):
    """The bridge goes on writing to the customer of the ERP, so its account wins."""
    known = (await desk.send("/v1/accounts", str(uuid4()), 1, system="erp", name="Mill")).json()
    twin = (await desk.send("/v1/accounts", str(uuid4()), 1, system="erp", name="Mill")).json()
    plain = await desk.account(tax_id="91330200MA2ABCDE12")
    reply = await merger.merge("accounts", plain["id"], known["id"])
    problem(reply, 409, "linked_record_must_win")
    reply = await merger.merge("accounts", known["id"], twin["id"])
    problem(reply, 409, "linked_twice")
    await merger.merged("accounts", known["id"], plain["id"])
    account = await merger.get(f"/v1/accounts/{known['id']}")
    assert account["tax_id"] == "", "the ERP leads in it"


async def test_the_same_tag_on_both_stays_once(desk, merger):
    winner, loser = await desk.account(), await desk.account()
    tag = await desk.add("/v1/tags", name=desk.word("Tag"))
    for one in (winner, loser):
        await desk.client.put(f"/v1/accounts/{one['id']}/tags/{tag['id']}")
    done = await merger.merged("accounts", winner["id"], loser["id"])
    assert [(one["count"], one["removed"]) for one in done["moved"]] == [(0, 1)]
    account = await merger.get(f"/v1/accounts/{winner['id']}")
    assert [one["id"] for one in account["tags"]] == [tag["id"]]


async def test_custom_fields_that_refer_to_the_loser_refer_to_the_winner(desk, merger):
    key = desk.word("parent").lower().replace("-", "_")
    field = {"record_type": "account", "key": key, "kind": "reference", "refers_to": "account"}
    await desk.add("/v1/custom-fields", label="Parent", **field)
    winner, loser = await desk.account(), await desk.account()
    child = await desk.account(custom={key: loser["id"]})
    seen = await merger.preview("accounts", winner["id"], loser["id"])
    done = await merger.merged("accounts", winner["id"], loser["id"])
    assert done["moved"] == seen["moves"]
    now = await merger.get(f"/v1/accounts/{child['id']}")
    assert now["custom"][key] == winner["id"]
    assert now["version"] == child["version"] + 1
    await merger.undone(done["id"])
    assert (await merger.get(f"/v1/accounts/{child['id']}"))["custom"][key] == loser["id"]

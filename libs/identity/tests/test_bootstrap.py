"""The bootstrap file: first keys and users, made once."""

import json
from uuid import uuid4

import pytest

from chassis.clock import utc_now
from identity import keys, users
from identity.bootstrap import bootstrap
from identity.passwords import hash_password


def content(**other):
    name = uuid4().hex[:8]
    return {
        "keys": [{"name": name, "secret": keys.new_secret("sample"), "scopes": ["notes.read"]}],
        "users": [
            {"login": f"boss.{name}", "name": "Boss", "password": "first password!", "roles": []}
        ],
        **other,
    }


@pytest.fixture
async def make(sample, tmp_path):
    async def made(document):
        path = tmp_path / "bootstrap.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        async with sample.database.driver() as sql:
            return await bootstrap(sql, sample.service, path, settings=sample.settings)

    return made


async def test_keys_and_users_are_made_once(sample, make):
    document = content()
    made = await make(document)
    assert (made.keys, made.users) == (1, 1)
    client = sample.with_key(document["keys"][0]["secret"])
    assert (await client.get("/v1/me")).json()["scopes"] == ["notes.read"]
    again = await make(document)
    assert (again.keys, again.users) == (0, 0)


async def test_a_changed_password_survives_the_next_start(sample, make):
    document = content()
    await make(document)
    login = document["users"][0]["login"]
    async with sample.database.driver() as sql:
        user = await users.find_user(sql, login=login)
        hashed = await hash_password("a word of my own")
        await users.set_password(sql, user.id, hashed, now=utc_now())
    await make(document)
    body = {"login": login, "password": "a word of my own"}
    assert (await sample.client.post("/v1/sessions", json=body)).status_code == 201


async def test_scopes_of_a_key_follow_the_file(sample, make):
    document = content()
    await make(document)
    document["keys"][0]["scopes"] = ["notes.write"]
    await make(document)
    client = sample.with_key(document["keys"][0]["secret"])
    assert (await client.get("/v1/me")).json()["scopes"] == ["notes.write"]


async def test_systems_of_a_key_follow_the_file_where_it_tells_them(sample, make):
    """A file from before keys were bound leaves the binding of a later migration as it is."""
    document = content()
    key = document["keys"][0]
    await make(document | {"keys": [key | {"systems": ["twin"]}]})
    await make(document)
    client = sample.with_key(key["secret"])
    assert (await client.get("/v1/me")).json()["systems"] == ["twin"]
    await make(document | {"keys": [key | {"systems": []}]})
    later = sample.with_key(key["secret"])
    sample.app.state.authenticator.forget(key["secret"])
    assert (await later.get("/v1/me")).json()["systems"] == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"keys": [{"name": "x", "secret": "hunter2", "scopes": ["notes.read"]}]}, "of the form"),
        ({"keys": [{"name": "x", "secret": "S", "scopes": ["nope"]}]}, "no such permission"),
        ({"keys": [{"name": "x", "secret": "S", "scopes": []}]}, "at least one permission"),
        ({"keys": [{"name": "x", "scopes": []}]}, "keys.0.secret"),
        (
            {"keys": [{"name": "x", "secret": "S", "scopes": ["notes.read"], "systems": ["y"]}]},
            "No such name is reserved",
        ),
        ({"users": [{"login": "b", "name": "B", "password": "short", "roles": []}]}, "12 to 200"),
        ({"other": []}, "other"),
    ],
)
async def test_what_cannot_be_used_is_told_without_secrets(make, change, told):
    document = content(**change)
    for key in document["keys"]:
        if key.get("secret") == "S":
            key["secret"] = keys.new_secret("sample")
    with pytest.raises(ValueError, match=told) as refused:
        await make(document)
    assert "hunter2" not in str(refused.value)
    assert "short" not in str(refused.value)


async def test_a_file_that_is_no_json_or_not_there_is_told(sample, make, tmp_path):
    with pytest.raises(ValueError, match="cannot use the bootstrap file"):
        await make("{")
    async with sample.database.driver() as sql:
        missing = tmp_path / "nowhere.json"
        with pytest.raises(ValueError, match="No such file"):
            await bootstrap(sql, sample.service, missing, settings=sample.settings)

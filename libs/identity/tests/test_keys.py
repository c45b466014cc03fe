"""API keys: made once, shown once, rotated, revoked; and what a caller without one gets."""

from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.clock import frozen, utc_now
from chassis.problems.standard import InvalidInput, NotFound, Unauthorized
from identity import keys
from identity.authenticate import CACHE_LIFE_SECONDS, Authenticator


class Watch:
    """A clock that a test moves on."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def authenticator(sample, watch):
    return Authenticator(sample.service, sample.settings, sample.database, clock=watch)


async def issue(sample, *scopes, expires_at=None, name="till", systems=()):
    async with sample.database.driver() as sql:
        return await keys.issue(
            sql,
            service="sample",
            name=name,
            scopes=scopes or ["notes.read"],
            permissions=sample.service.permissions,
            created_by="system:test",
            now=utc_now(),
            expires_at=expires_at,
            systems=systems,
            reserved=sample.service.reserved_systems,
        )


async def revoke(sample, issued):
    async with sample.database.driver() as sql:
        await keys.revoke(sql, issued.key.id, by="user:ann", now=utc_now())


def bearer(secret):
    return {"authorization": f"Bearer {secret}"}


async def test_a_key_is_known_by_either_header(sample, authenticator):
    issued = await issue(sample, "notes.write")
    actor = await authenticator.identify(bearer(issued.secret))
    assert (actor.kind, actor.id, actor.name) == ("key", str(issued.key.id), "till")
    assert actor.scopes == {"notes.write"}
    assert await authenticator.identify({"x-api-key": issued.secret}) == actor
    assert await authenticator.identify({"authorization": f"bearer {issued.secret}"}) == actor


async def test_only_the_hash_of_a_key_is_stored(sample):
    issued = await issue(sample)
    async with sample.database.driver() as sql:
        row = await sql.fetchrow("select * from api_key where id = $1", issued.key.id)
    assert issued.secret not in str(dict(row))
    assert issued.secret.split("_")[3] not in str(dict(row))
    assert issued.secret.startswith(f"tdm_sample_{row['prefix']}_")
    assert len(issued.secret.split("_")[3]) == 64


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": "Basic dGlsbDpzZWNyZXQ="},
        bearer("tdm_sample_00000000_" + "0" * 64),
        bearer("tds_sample_" + "0" * 64),
        bearer("a.b.c"),
        {"x-api-key": "nonsense"},
        {"x-api-key": ""},
    ],
)
async def test_who_shows_nothing_valid_is_not_known(authenticator, headers):
    with pytest.raises(Unauthorized):
        await authenticator.identify(headers)


async def test_a_known_key_costs_no_statement_for_five_seconds(sample, authenticator, watch):
    """Authentication takes no statement on the hot path; a revoked key ends within five seconds."""
    issued = await issue(sample)
    await authenticator.identify(bearer(issued.secret))
    await revoke(sample, issued)
    watch.now += CACHE_LIFE_SECONDS - 0.1
    await authenticator.identify(bearer(issued.secret))
    watch.now += 0.2
    with pytest.raises(Unauthorized):
        await authenticator.identify(bearer(issued.secret))


async def test_an_unknown_key_is_remembered_as_well(sample, authenticator, watch):
    secret = keys.new_secret("sample")
    with pytest.raises(Unauthorized):
        await authenticator.identify(bearer(secret))
    async with sample.database.driver() as sql:
        await keys.install(
            sql,
            secret=secret,
            name="late",
            scopes=["notes.read"],
            permissions=sample.service.permissions,
            now=utc_now(),
        )
    with pytest.raises(Unauthorized):
        await authenticator.identify(bearer(secret))
    watch.now += CACHE_LIFE_SECONDS
    assert (await authenticator.identify(bearer(secret))).name == "late"


async def test_an_expired_key_is_refused_to_the_second(sample, authenticator, watch):
    now = utc_now()
    issued = await issue(sample, expires_at=now + timedelta(seconds=2))
    with frozen(now):
        await authenticator.identify(bearer(issued.secret))
    watch.now += 2.1
    with frozen(now + timedelta(seconds=2.1)), pytest.raises(Unauthorized):
        await authenticator.identify(bearer(issued.secret))


async def test_the_cache_does_not_grow_without_end(authenticator, monkeypatch):
    monkeypatch.setattr("identity.authenticate._CACHE_SIZE_MAX", 3)
    for _ in range(5):
        with pytest.raises(Unauthorized):
            await authenticator.identify(bearer(keys.new_secret("sample")))
    assert len(authenticator._known) == 3


async def test_last_use_is_noted_at_most_once_a_minute(sample, authenticator, watch):
    issued = await issue(sample)

    async def last_used():
        async with sample.database.driver() as sql:
            return await sql.fetchval(
                "select last_used_at from api_key where id = $1", issued.key.id
            )

    assert await last_used() is None
    await authenticator.identify(bearer(issued.secret))
    first = await last_used()
    watch.now += CACHE_LIFE_SECONDS
    await authenticator.identify(bearer(issued.secret))
    assert await last_used() == first
    watch.now += CACHE_LIFE_SECONDS
    with frozen(first + timedelta(seconds=61)):
        await authenticator.identify(bearer(issued.secret))
    assert await last_used() > first


async def test_two_keys_of_one_name_live_side_by_side_for_rotation(sample, authenticator):
    old, new = await issue(sample, name="shop"), await issue(sample, name="shop")
    await authenticator.identify(bearer(old.secret))
    await authenticator.identify(bearer(new.secret))
    await revoke(sample, old)
    authenticator.forget(old.secret)
    with pytest.raises(Unauthorized):
        await authenticator.identify(bearer(old.secret))
    await authenticator.identify(bearer(new.secret))


async def test_unknown_permissions_and_past_expiry_are_named(sample):
    with pytest.raises(InvalidInput) as refused:
        await issue(sample, "notes.read", "nothing.known", expires_at=utc_now())
    assert [(one.pointer, one.code) for one in refused.value.errors] == [
        ("/scopes/1", "unknown_scope"),
        ("/expires_at", "in_the_past"),
    ]


async def test_revoking_twice_keeps_the_first_time_and_needs_a_key(sample):
    issued = await issue(sample)
    async with sample.database.driver() as sql:
        first = await keys.revoke(sql, issued.key.id, by="user:ann", now=utc_now())
        again = await keys.revoke(
            sql, issued.key.id, by="user:bob", now=utc_now() + timedelta(days=1)
        )
        assert again.revoked_at == first.revoked_at
        with pytest.raises(NotFound):
            await keys.revoke(sql, uuid4(), by="user:ann", now=utc_now())


async def test_an_administrator_makes_lists_and_revokes_keys(sample):
    made = await sample.post("/v1/api-keys", {"name": "web shop", "scopes": ["notes.write"]})
    assert made.status_code == 201, made.text
    key = made.json()
    client = sample.with_key(key["secret"])
    me = (await client.get("/v1/me")).json()
    assert (me["id"], me["kind"], me["scopes"]) == (key["id"], "key", ["notes.write"])
    listed = (await sample.client.get("/v1/api-keys", params={"limit": 1})).json()["items"]
    assert listed[0]["id"] == key["id"]
    assert "secret" not in listed[0]
    revoked = await sample.post(f"/v1/api-keys/{key['id']}/revoke", {})
    assert revoked.json()["revoked_at"]


async def test_the_secret_is_shown_once_even_to_a_repeat(sample):
    """E13: the repeat makes no second key; what is stored for it holds no secret."""
    headers = {"Idempotency-Key": f"key-{uuid4()}"}
    body = {"name": "once", "scopes": ["notes.read"]}
    first = await sample.client.post("/v1/api-keys", json=body, headers=headers)
    again = await sample.client.post("/v1/api-keys", json=body, headers=headers)
    assert again.status_code == 201
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json() | {"secret": None}
    async with sample.database.driver() as sql:
        kept = await sql.fetchval(
            "select reply from idempotency_key where key = $1", headers["Idempotency-Key"]
        )
    assert first.json()["secret"].encode() not in kept


async def test_a_key_with_an_unknown_permission_is_refused_and_not_made(sample):
    reply = await sample.post("/v1/api-keys", {"name": "wrong", "scopes": ["notes.destroy"]})
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["pointer"] == "/scopes/0"
    listed = (await sample.client.get("/v1/api-keys")).json()["items"]
    assert "wrong" not in [key["name"] for key in listed]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/api-keys"),
        ("POST", "/v1/api-keys"),
        ("POST", f"/v1/api-keys/{UUID(int=7)}/revoke"),
        ("GET", "/v1/jobs"),
        ("POST", f"/v1/jobs/{UUID(int=7)}/retry"),
    ],
)
async def test_only_administrators_may(sample, method, path):
    body = {"json": {"name": "x", "scopes": ["admin"]}} if method == "POST" else {}
    headers = {"Idempotency-Key": str(uuid4())}
    clerk = await sample.as_("notes.write")
    reply = await clerk.request(method, path, headers=headers, **body)
    assert (reply.status_code, reply.json()["code"]) == (403, "forbidden")
    stranger = sample.with_key("tdm_sample_00000000_" + "f" * 64)
    reply = await stranger.request(method, path, headers=headers, **body)
    assert (reply.status_code, reply.json()["code"]) == (401, "unauthorized")
    assert reply.headers["www-authenticate"] == "Bearer"


async def test_without_any_credential_me_is_refused(sample):
    transport = httpx.ASGITransport(app=sample.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sample.test") as nobody:
        assert (await nobody.get("/v1/me")).status_code == 401


async def test_a_key_speaks_for_the_systems_it_is_bound_to(sample, authenticator):
    bare, bound = await issue(sample), await issue(sample, systems=["twin", "twin"])
    assert (await authenticator.identify(bearer(bare.secret))).systems == frozenset()
    assert (await authenticator.identify(bearer(bound.secret))).systems == {"twin"}
    assert bound.key.systems == ["twin"]
    told = await sample.with_key(bound.secret).get("/v1/me")
    assert told.json()["systems"] == ["twin"]


async def test_a_key_is_bound_only_to_reserved_systems(sample):
    with pytest.raises(InvalidInput) as refused:
        await issue(sample, systems=["twin", "shop"])
    assert [(one.pointer, one.code) for one in refused.value.errors] == [
        ("/systems/1", "system_not_reserved")
    ]


async def test_an_administrator_binds_a_key_and_takes_it_back(sample):
    made = await sample.post("/v1/api-keys", {"name": "twin", "scopes": ["notes.read"]})
    path = f"/v1/api-keys/{made.json()['id']}/systems"
    assert made.json()["systems"] == []
    bound = await sample.client.put(path, json={"systems": ["twin"]})
    assert (bound.status_code, bound.json()["systems"]) == (200, ["twin"])
    freed = await sample.client.put(path, json={"systems": []})
    assert freed.json()["systems"] == []
    wrong = await sample.client.put(path, json={"systems": ["shop"]})
    assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (422, "system_not_reserved")
    unknown = await sample.client.put(f"/v1/api-keys/{uuid4()}/systems", json={"systems": ["twin"]})
    assert unknown.status_code == 404
    reader = await sample.as_("notes.read", systems=["twin"])
    assert (await reader.put(path, json={"systems": []})).status_code == 403

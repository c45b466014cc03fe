"""What every reply says to browsers and caches, whatever was asked and however it ended."""

from uuid import uuid4

import pytest

KEY = "Idempotency-Key"


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("GET", "/v1/notes", None, 200),
        ("POST", "/v1/notes", {"title": "Seen"}, 201),
        ("POST", "/v1/notes", {}, 422),
        ("POST", "/v1/notes", {"title": "unwanted"}, 409),
        ("POST", "/v1/broken", {}, 404),
        ("POST", "/v1/notes/broken", {}, 500),
        ("DELETE", "/v1/notes", None, 405),
        ("TRACE", "/v1/notes", None, 405),
        ("GET", "/v1/audit-entries", None, 200),
        ("GET", "/livez", None, 200),
        ("GET", "/openapi.json", None, 200),
        ("GET", "/docs", None, 200),
    ],
)
async def test_every_reply_has_the_headers_of_all(sample, method, path, content, status):
    """ASVS 3.4.4, 3.4.5, 13.4.4, 14.2.2: also refusals and faults of ours."""
    headers = {KEY: str(uuid4())}
    reply = await sample.client.request(method, path, json=content, headers=headers)
    assert reply.status_code == status, reply.text
    assert reply.headers.get_list("x-content-type-options") == ["nosniff"]
    assert reply.headers.get_list("referrer-policy") == ["no-referrer"]
    if path.startswith("/v1/"):
        assert reply.headers.get_list("cache-control") == ["no-store"]


async def test_https_stays_https(sample):
    """ASVS 3.4.1: what came over https, as the proxy says, may come by nothing else for a year."""
    for path, status in (("/v1/notes", 200), ("/v1/nothing", 404), ("/docs", 200)):
        reply = await sample.client.get(f"https://sample.test{path}")
        assert reply.status_code == status
        header = reply.headers.get_list("strict-transport-security")
        assert header == ["max-age=31536000; includeSubDomains"]
        plain = await sample.client.get(path)
        assert "strict-transport-security" not in plain.headers


async def test_a_stranger_is_answered_with_them_too(sample):
    reply = await sample.with_key("nonsense").get("/v1/notes")
    assert reply.status_code == 401
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["referrer-policy"] == "no-referrer"


async def test_what_is_sent_is_decoded_once(sample):
    """ASVS 1.1.1: `%2541` is the text `%41` and never an A."""
    word = uuid4().hex
    for title in (f"{word} %41", f"{word} A"):
        headers = {KEY: str(uuid4())}
        made = await sample.client.post("/v1/notes", json={"title": title}, headers=headers)
        assert made.status_code == 201
    twice = await sample.client.get(f"/v1/notes?title={word}%20%2541")
    assert [one["title"] for one in twice.json()["items"]] == [f"{word} %41"]
    once = await sample.client.get(f"/v1/notes?title={word}%20%41")
    assert [one["title"] for one in once.json()["items"]] == [f"{word} A"]
    for path in ("/v1/%256eotes", "/v1/notes%252Freader"):
        assert (await sample.client.get(path)).status_code == 404

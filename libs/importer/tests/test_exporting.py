"""Export: pages followed to the end, nested fields as columns, no formula left alive."""

import csv
from typing import Any

import httpx
import pytest

from importer.errors import SendingFailed
from importer.exporting import export

RECORDS: dict[str, Any] = {"get": {"responses": {"200": {"content": {"application/json": {}}}}}}
FILE: dict[str, Any] = {"get": {"responses": {"200": {"content": {"text/csv": {}}}}}}
KNOWN = {
    "/readyz": RECORDS,
    "/v1/things": RECORDS,
    "/v1/things/{thing_id}/lines": RECORDS,
    "/v1/things/export": FILE,
    "/v1/things/merge": {"post": RECORDS["get"]},
    "/v1/orders": RECORDS,
    "/v1/events": RECORDS,
    "/v1/reports/trial-balance": RECORDS,
}
"""What the API says that it has."""


def client(answer):
    def answered(request):
        if request.url.path == "/openapi.json":
            return httpx.Response(200, json={"paths": KNOWN})
        return answer(request)

    return httpx.AsyncClient(transport=httpx.MockTransport(answered), base_url="http://api.test")


async def test_all_pages_become_one_file(tmp_path):
    pages = {
        None: {
            "items": [{"id": "1", "credit": None, "tags": ["a", 2], "on": True}],
            "next_cursor": "c2",
        },
        "c2": {
            "items": [{"id": "2", "credit": {"amount": "-1.50"}, "tags": [], "name": "茶"}],
            "next_cursor": None,
        },
    }

    def answer(request):
        assert request.url.params["limit"] == "200"
        return httpx.Response(200, json=pages[request.url.params.get("cursor")])

    async with client(answer) as api:
        assert await export(api, "/v1/things", tmp_path / "out.csv") == 2
    content = (tmp_path / "out.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(content.decode("utf-8-sig").splitlines()))
    assert rows[0]["tags"] == '["a",2]'
    assert (rows[0]["on"], rows[0]["credit"], rows[0]["name"]) == ("true", "", "")
    assert (rows[1]["credit.amount"], rows[1]["name"], rows[1]["on"]) == ("-1.50", "茶", "")


async def test_a_refusal_or_a_missing_answer_is_reported(tmp_path):
    async with client(lambda _request: httpx.Response(403, text="no")) as api:
        with pytest.raises(SendingFailed, match="403 no"):
            await export(api, "/v1/things", tmp_path / "out.csv")

    def gone(_request):
        message = "gone"
        raise httpx.ConnectError(message)

    async with client(gone) as api:
        with pytest.raises(SendingFailed, match="does not answer"):
            await export(api, "/v1/things", tmp_path / "out.csv")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "path",
    [
        "/v1/../readyz",
        "/readyz",
        "/v1/nothing",
        "/v1/things/",
        "/v1/things/../lines",
        "/v1/things/export",
        "/v1/things/merge",
        "//evil.example/v1/things",
        "http://evil.example/v1/things",
    ],
)
async def test_only_what_the_api_has_is_exported(tmp_path, path):
    asked: list[Any] = []
    async with client(asked.append) as api:
        with pytest.raises(SendingFailed, match="nothing to export") as refused:
            await export(api, path, tmp_path / "out.csv")
    assert "there are: things, orders, events" in str(refused.value)
    assert (asked, list(tmp_path.iterdir())) == ([], [])


async def written(tmp_path, answer, path):
    async with client(answer) as api:
        await export(api, path, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


async def test_the_filters_of_a_list_hold_on_every_page(tmp_path):
    asked: list[Any] = []

    def answer(request):
        asked.append(dict(request.url.params))
        following = None if "cursor" in request.url.params else "c2"
        return httpx.Response(200, json={"items": [{"id": "1"}], "next_cursor": following})

    assert len(await written(tmp_path, answer, "/v1/orders?state=open&limit=50")) == 2
    assert asked == [
        {"state": "open", "limit": "50"},
        {"state": "open", "limit": "50", "cursor": "c2"},
    ]


async def test_the_parts_of_one_record_are_written(tmp_path):
    def answer(request):
        assert request.url.path == "/v1/things/T-1/lines"
        return httpx.Response(200, json={"items": [{"id": "1"}], "next_cursor": None})

    assert await written(tmp_path, answer, "/v1/things/T-1/lines") == [{"id": "1"}]


async def test_the_lines_of_a_report_are_written(tmp_path):
    def answer(request):
        assert dict(request.url.params) == {"on": "2026-01-31"}
        lines = [{"account": "1002", "debit": "5.00"}]
        return httpx.Response(200, json={"on": "2026-01-31", "debit": "5.00", "accounts": lines})

    rows = await written(tmp_path, answer, "/v1/reports/trial-balance?on=2026-01-31")
    assert rows == [{"account": "1002", "debit": "5.00"}]


async def test_events_are_followed_to_the_end_of_the_feed(tmp_path):
    def answer(request):
        if "after" in request.url.params:
            return httpx.Response(200, json=[], headers={"Link": '</v1/events>; rel="next"'})
        link = '</v1/events?after=7&limit=200>; rel="next"'
        events = [{"id": "e1", "data": {"name": "＝1+1"}}]
        return httpx.Response(200, json=events, headers={"Link": link})

    assert await written(tmp_path, answer, "/v1/events") == [{"id": "e1", "data.name": "'＝1+1"}]

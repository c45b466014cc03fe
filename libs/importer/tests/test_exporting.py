"""Export: pages followed to the end, nested fields as columns, no formula left alive."""

import csv

import httpx
import pytest

from importer.errors import SendingFailed
from importer.exporting import export
from importer.files import neutral


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30 1234", "'+49 30 1234"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("-12.30", "-12.30"),
        ("-5", "-5"),
        ("12", "12"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_what_a_spreadsheet_would_run_is_made_text(cell, safe):
    assert neutral(cell) == safe


def client(answer):
    return httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://api.test")


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


async def test_a_refusal_or_silence_is_told(tmp_path):
    async with client(lambda _request: httpx.Response(403, text="no")) as api:
        with pytest.raises(SendingFailed, match="403 no"):
            await export(api, "/v1/things", tmp_path / "out.csv")

    def gone(_request):
        message = "gone"
        raise httpx.ConnectError(message)

    async with client(gone) as api:
        with pytest.raises(SendingFailed, match="does not answer"):
            await export(api, "/v1/things", tmp_path / "out.csv")

"""What people look for is found: by its own words, however they are typed, in every list."""

import csv
import os
from pathlib import Path
from uuid import uuid4

import pytest

SHARED = os.environ.get("TANDEM_SHARED", Path(__file__).resolve().parents[4] / "shared")
DATA = Path(SHARED) / "data"
LISTS = {
    "/v1/customers": lambda name: {"name": name},
    "/v1/suppliers": lambda name: {"name": name},
    "/v1/items": lambda name: {"name": name, "sku": f"I-{uuid4().hex[:12]}"},
}


SOURCES = [
    ("zh_company_names", "company_short_names.csv", "short_name"),
    ("unicode_names", "item.csv", "pk"),
]


async def found(desk, path, q):
    reply = await desk.client.get(path, params={"q": q, "limit": 200})
    assert reply.status_code == 200, reply.text
    return [one["id"] for one in reply.json()["items"]]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("Électricité de Sud", "ÉLECTRICITÉ sud"),
        ("Électricité de Nord", "electricite nord"),
        ("Иванов и Ко", "ИВАНОВ"),
        ("Λουκάς Παπαδόπουλος", "ΠΑΠΑΔΌΠΟΥΛΟΣ λουκας"),
        ("Straße Bau", "STRASSE bau"),
        ("ＡＢＣ灯具", "abc 灯"),
        ("蓝港贸易有限公司", "蓝港"),
        ("蓝港贸易有限公司", "langang"),
        ("蓝港贸易有限公司", "lgmy"),
        ("蓝港贸易有限公司", "公司 蓝港贸"),
        ("Blue Harbour Ltd.", "harbour, BLUE"),
        ("Müller 100%_Nord", "nord (muller)"),
    ],
)
async def test_a_record_is_found_however_it_is_typed(desk, path, name, asked):
    word = uuid4().hex[:10]
    made = await desk.add(path, **LISTS[path](f"{name} {word}"))
    assert await found(desk, path, f"{asked} {word}") == [made["id"]]
    assert await found(desk, path, f"{asked} {word}x") == []


@pytest.mark.parametrize(
    "phone", ["+86 139 1234 5678", "(010) 6552-9988", "０１０－６５５２９９８８"]
)
async def test_a_phone_is_found_as_it_is_shown_and_by_its_last_digits(desk, phone):
    customer = await desk.add("/v1/customers", name=desk.word("Phone"), phone=phone)
    for asked in (phone, customer["phone"], customer["phone"][-5:]):
        assert customer["id"] in await found(desk, "/v1/customers", asked)


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("q", ["", "   ", "%", "-_-", "（）", "。"])
async def test_a_question_without_a_word_is_refused(desk, path, q):
    reply = await desk.client.get(path, params={"q": q})
    assert reply.status_code == 422, reply.text
    assert reply.json()["errors"][0]["code"] == ("nothing_to_search" if q.strip() else "empty")


def names(folder, file, column):
    """Names of a public data set, from its beginning to its end."""
    path = DATA / folder / file
    if not path.exists():
        pytest.skip(f"the public data {folder}/{file} are not here")
    with path.open(encoding="utf-8", newline="") as rows:
        found = [" ".join(row[column].split()) for row in csv.DictReader(rows)]
    found = [name for name in dict.fromkeys(found) if name]
    return found[:: -(-len(found) // SAMPLE)]


SAMPLE = 200
BATCHES = {
    "/v1/customers": lambda at, name: {"name": name},
    "/v1/suppliers": lambda at, name: {"name": name},
    "/v1/items": lambda at, name: {"name": name, "sku": f"I-{at}-{uuid4().hex[:12]}"},
    "/v1/item-categories": lambda at, name: {"name": name, "code": f"C-{uuid4().hex[:12]}"},
}
"""What is made in batches, and of which facts."""


async def each_finds_itself(desk, path, made):
    """Every name finds its record."""
    lost = [name for name, record in made if record not in await found(desk, path, name)]
    assert lost == []


@pytest.mark.parametrize("path", BATCHES)
@pytest.mark.parametrize("source", SOURCES)
async def test_every_name_finds_itself(desk, path, source):
    sample, run = names(*source), uuid4().hex[:8]
    items = [
        {"external_id": f"{run}-{at}", "source_version": 1} | BATCHES[path](at, name)
        for at, name in enumerate(sample)
    ]
    reply = await desk.erp.post(f"{path}/by-external/names/batch", {"items": items})
    assert reply.status_code == 200, reply.text
    made = [one["id"] for one in reply.json()["items"]]
    await each_finds_itself(desk, path, zip(sample, made, strict=True))


@pytest.mark.parametrize("path", ["/v1/customers", "/v1/suppliers"])
async def test_a_party_is_found_by_its_legal_name(desk, path):
    word = uuid4().hex[:10]
    made = await desk.add(path, name="Short", legal_name=f"ÉTS. ŁÓDŹ {word}")
    assert await found(desk, path, f"éts łódź {word}") == [made["id"]]


async def test_an_item_is_found_by_its_sku(desk):
    sku = f"ÖBB-{uuid4().hex[:10]}-1"
    made = await desk.add("/v1/items", sku=sku, name="plain")
    assert await found(desk, "/v1/items", sku) == [made["id"]]

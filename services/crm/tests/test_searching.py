"""What people look for is found: by its own words, however they are typed, in every list."""

import csv
import os
from pathlib import Path
from uuid import uuid4

import pytest

SHARED = os.environ.get("TANDEM_SHARED", Path(__file__).resolve().parents[4] / "shared")
DATA = Path(SHARED) / "data"
LISTS = {
    "/v1/accounts": lambda name: {"name": name},
    "/v1/products": lambda name: {"name": name, "code": f"P-{uuid4().hex[:12]}"},
    "/v1/teams": lambda name: {"name": f"{name} {uuid4().hex[:8]}"},
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
    account = await desk.add("/v1/accounts", name=desk.word("Phone"), phone=phone)
    for asked in (phone, account["phone"], account["phone"][-5:]):
        assert account["id"] in await found(desk, "/v1/accounts", asked)


@pytest.mark.parametrize("path", [*LISTS, "/v1/contacts", "/v1/users"])
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
    "/v1/accounts": lambda at, name: {"name": name},
    "/v1/contacts": lambda at, name: {"name": name},
    "/v1/products": lambda at, name: {"name": name, "code": f"P-{at}-{uuid4().hex[:12]}"},
}
"""What is made in batches, and of which facts."""
_USERS = """insert into local_user (id, login, name, password_hash, roles)
  select gen_random_uuid(), 'u' || at || '-' || $1, name, 'none', '{seller}'
    from unnest($2::text[]) with ordinality as n(name, at) returning id"""


async def each_finds_itself(desk, path, made):
    """Every name finds its record."""
    lost = [name for name, record in made if record not in await found(desk, path, name)]
    assert lost == []


@pytest.mark.parametrize("path", BATCHES)
@pytest.mark.parametrize("source", SOURCES)
async def test_every_name_finds_itself(desk, path, source):
    sample, run = names(*source), uuid4().hex[:8]
    to = {"account_id": (await desk.account())["id"]} if path == "/v1/contacts" else {}
    items = [
        {"external_id": f"{run}-{at}", "source_version": 1, **to} | BATCHES[path](at, name)
        for at, name in enumerate(sample)
    ]
    reply = await desk.crm.post(f"{path}/by-external/names/batch", {"items": items})
    assert reply.status_code == 200, reply.text
    made = [one["id"] for one in reply.json()["items"]]
    await each_finds_itself(desk, path, zip(sample, made, strict=True))


@pytest.mark.parametrize("source", SOURCES)
async def test_every_user_is_found_by_name(desk, source):
    sample = names(*source)
    made = [str(row["id"]) for row in await desk.rows(_USERS, uuid4().hex[:8], sample)]
    await each_finds_itself(desk, "/v1/users", zip(sample, made, strict=True))

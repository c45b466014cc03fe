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


UNSEEN = ["\u200b", "\u2060 \ufeff", "\u00ad", "\u3164", "\u202e", "\u061c", "\u0301", "'’`", "،؟"]
"""Questions without anything that names something."""


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
        ("蓝港贸易有限公司", "lan gang mao yi"),
        ("蓝港贸易有限公司", "LánGǎng MàoYì"),
        ("绿色女装", "lvse nü"),
        ("绿色女装", "lüse nv"),
        ("绿色女装", "lu se nu zhuang"),
        ("IŞIK ve IRMAK", "ışık ırmak"),
        ("ışık ve ırmak", "ISIK irmak"),
        ("İstanbul", "istanbul"),
        ("ΟΔΟΣ Λουκάς", "οδος ΛΟΥΚΑΣ"),
        ("STRAẞE", "strasse"),
        ("Łódź Ørsted Đà Ħal Þór", "lodz orsted da hal thor"),
        ("Cœur & Æther", "COEUR aether"),
        ("e\u0301te\u0301", "ÉTÉ"),
        ("\u00e9t\u00e9", "E\u0301TE\u0301"),
        ("O’Brien", "o'brien"),
        ("O'Brien", "OBRIEN"),
        ("Coca-Cola", "cocacola"),
        ("A.B.C. Trading", "abc"),
        ("ab\u200bcd\ufeffef\u00adgh", "abcdefgh"),
        ("abcdefgh", "abcd\u200d\u2060efgh"),
        ("مُحَمَّد أحمد", "محمد احمد"),
        ("שָׁלוֹם", "שלום"),
        ("佐々木", "佐々"),
        ("ｶﾞｽ ﾊﾝﾊﾞｲ", "ガス ハンバイ"),
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
    ("phone", "others"),
    [
        ("+86 139 1234 5678", ["13912345678", "0086 139-1234-5678", "345678"]),
        ("139 1234 5678", ["+8613912345678", "+86 (139) 1234.5678", "45678"]),
        ("(010) 6552-9988", ["+86 10 6552 9988", "010 65 52 99 88", "29988"]),
        ("０１０－６５５２９９８８", ["010-65529988", "+861065529988", "29988"]),
        ("01 44 55 66 77", ["0144556677", "+33 1 44 55 66 77", "566 77"]),
        ("+49 30 901820 ext. 12", ["+49 30 901820", "030 901820", "01820"]),
    ],
)
async def test_a_phone_is_found_as_it_is_shown_and_by_its_last_digits(desk, phone, others):
    customer = await desk.add("/v1/customers", name=desk.word("Phone"), phone=phone)
    for asked in (phone, customer["phone"], *others):
        assert customer["id"] in await found(desk, "/v1/customers", asked), asked


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("q", ["", "   ", "%", "-_-", "（）", "。", *UNSEEN])
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
    word = uuid4().hex[:10]
    made = await desk.add("/v1/items", sku=f"ÖBB-{word}-1/A", name="plain")
    for asked in (f"ÖBB-{word}-1/A", f"obb {word}", f"ÖBB{word}1A", f"öbb{word}-1-a", f"{word}1a"):
        assert await found(desk, "/v1/items", asked) == [made["id"]], asked


async def test_a_party_is_found_by_its_number_however_it_is_written(desk):
    made = await desk.add("/v1/customers", name=desk.word("Number"))
    number = made["number"]
    for asked in (number, number.lower(), number.replace("-", "")):
        assert made["id"] in await found(desk, "/v1/customers", asked), asked


async def rows(desk, statement, *values):
    async with desk.erp.database.driver() as sql:
        return [tuple(row) for row in await sql.fetch(statement, *values)]


_ROW = "select ctid::text, xmin::text from customer_search where customer_id = $1::text::uuid"


async def test_what_a_record_is_found_by_is_written_when_it_changes(desk):
    """By whatever statement, and by no change of another fact."""
    word = uuid4().hex[:10]
    made = await desk.add("/v1/customers", name=f"First {word}")
    before = await rows(desk, _ROW, made["id"])
    await rows(
        desk,
        "update customer set payment_terms_days = 7, name = name, updated_at = now()"
        " where id = $1::text::uuid",
        made["id"],
    )
    assert await rows(desk, _ROW, made["id"]) == before
    await rows(
        desk,
        "update customer set name = $2, sort_key = $2 where id = $1::text::uuid",
        made["id"],
        word,
    )
    assert await rows(desk, _ROW, made["id"]) != before
    assert await found(desk, "/v1/customers", f"first {word}") == []
    assert await found(desk, "/v1/customers", word) == [made["id"]]

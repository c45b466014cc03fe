"""What people look for is found: by its own words, however they are typed, in every list."""

import csv
import os
from pathlib import Path
from uuid import uuid4

import pytest

from tests.records.kinds import KINDS

SHARED = os.environ.get("TANDEM_SHARED", Path(__file__).resolve().parents[3] / "shared")
DATA = Path(SHARED) / "data"
SOURCES = [
    ("zh_company_names", "company_short_names.csv", "short_name"),
    ("unicode_names", "item.csv", "pk"),
]
SAMPLE = 200
FOUND = [kind for kind in KINDS if kind.found]
FIRMS = [("crm", "/v1/accounts"), ("erp", "/v1/customers")]
UNSEEN = ["\u200b", "\u2060 \ufeff", "\u00ad", "\u3164", "\u202e", "\u061c", "\u0301", "'’`", "،؟"]
"""Questions without anything that names something."""


async def found(desk, path, q):
    return await desk.listed(path, q=q, limit=200)


@pytest.mark.parametrize("kind", FOUND, ids=str)
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
async def test_a_record_is_found_however_it_is_typed(desks, kind, name, asked):
    desk, word = desks[kind.half], uuid4().hex[:10]
    values = await kind.new(desk) | {"name": f"{name} {word}"}
    made = await desk.add(kind.path, **values)
    assert await found(desk, kind.path, f"{asked} {word}") == [made["id"]]
    assert await found(desk, kind.path, f"{asked} {word}x") == []


@pytest.mark.parametrize(("half", "path"), FIRMS)
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
async def test_a_phone_is_found_as_it_is_shown_and_by_its_last_digits(
    desks, half, path, phone, others
):
    desk = desks[half]
    firm = await desk.add(path, name=desk.word("Phone"), phone=phone)
    for asked in (phone, firm["phone"], *others):
        assert firm["id"] in await found(desk, path, asked), asked


@pytest.mark.parametrize(
    ("half", "path"), [*((kind.half, kind.path) for kind in FOUND), ("crm", "/v1/users")]
)
@pytest.mark.parametrize("q", ["", "   ", "%", "-_-", "（）", "。", *UNSEEN])
async def test_a_question_without_a_word_is_refused(desks, problem, half, path, q):
    refusal = problem(await desks[half].client.get(path, params={"q": q}), 422, "invalid_input")
    assert refusal["errors"][0]["code"] == ("nothing_to_search" if q.strip() else "empty")


def names(folder, file, column):
    """Names of a public data set, from its beginning to its end."""
    path = DATA / folder / file
    if not path.exists():
        pytest.skip(f"the public data {folder}/{file} are not here")
    with path.open(encoding="utf-8", newline="") as rows:
        found = [" ".join(row[column].split()) for row in csv.DictReader(rows)]
    found = [name for name in dict.fromkeys(found) if name]
    return found[:: -(-len(found) // SAMPLE)]


async def each_finds_itself(desk, path, made):
    """Every name finds its record."""
    lost = [name for name, record in made if record not in await found(desk, path, name)]
    assert lost == []


@pytest.mark.parametrize("kind", [kind for kind in FOUND if kind.sent], ids=str)
@pytest.mark.parametrize("source", SOURCES)
async def test_every_name_finds_itself(desks, kind, source):
    desk, sample, run = desks[kind.half], names(*source), uuid4().hex[:8]
    body = await kind.sent(desk)
    items = [
        {**body, "external_id": f"{run}-{at}", "source_version": 1, "name": name}
        | ({kind.code: desk.word(run)} if kind.code else {})
        for at, name in enumerate(sample)
    ]
    made = [one["id"] for one in await desk.send_many(kind.path, items, system="names")]
    await each_finds_itself(desk, kind.path, zip(sample, made, strict=True))


_USERS = """insert into local_user (id, login, name, password_hash, roles)
  select gen_random_uuid(), 'u' || at || '-' || $1, name, 'none', '{seller}'
    from unnest($2::text[]) with ordinality as n(name, at) returning id"""


@pytest.mark.parametrize("source", SOURCES)
async def test_every_user_is_found_by_name(desks, source):
    desk, sample = desks["crm"], names(*source)
    made = [str(row["id"]) for row in await desk.rows(_USERS, uuid4().hex[:8], sample)]
    await each_finds_itself(desk, "/v1/users", zip(sample, made, strict=True))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.code and kind.found], ids=str)
async def test_a_record_is_found_by_its_code(desks, kind):
    desk, word = desks[kind.half], uuid4().hex[:10]
    values = await kind.new(desk) | {"name": "plain", kind.code: f"ÖBB-{word}-1/A"}
    made = await desk.add(kind.path, **values)
    for asked in (f"ÖBB-{word}-1/A", f"obb {word}", f"ÖBB{word}1A", f"öbb{word}-1-a", f"{word}1a"):
        assert await found(desk, kind.path, asked) == [made["id"]], asked


@pytest.mark.parametrize(
    ("half", "path", "table", "unsearched"),
    [
        ("crm", "/v1/accounts", "account", "industry = 'x'"),
        ("erp", "/v1/customers", "customer", "payment_terms_days = 7, updated_at = now()"),
    ],
)
async def test_what_a_record_is_found_by_is_written_when_it_changes(
    desks, half, path, table, unsearched
):
    """By whatever statement, and by no change of another fact."""
    desk, word = desks[half], uuid4().hex[:10]
    kept = f"select ctid::text, xmin::text from {table}_search where {table}_id = $1::text::uuid"
    made = await desk.add(path, name=f"First {word}")
    before = await desk.rows(kept, made["id"])
    own = "where id = $1::text::uuid"
    await desk.rows(f"update {table} set {unsearched}, name = name {own}", made["id"])
    assert await desk.rows(kept, made["id"]) == before
    await desk.rows(f"update {table} set name = $2, sort_key = $2 {own}", made["id"], word)
    assert await desk.rows(kept, made["id"]) != before
    assert await found(desk, path, f"first {word}") == []
    assert await found(desk, path, word) == [made["id"]]

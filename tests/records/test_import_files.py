"""Files as people save them: what is read, what is refused, by row and column as they see them."""

from base64 import b64encode

import pytest

from tests.records.test_exports import rows_of
from tests.records.test_imports import brought, counts, csv_of, errors, run, started
from values.sheets.encodings import SINGLE_BYTE

MAPPING = {"external_id": "No", "name": "Name", "billing_address.postal_code": "Zip"}
PLAIN = "No,Name,Zip\r\n{}-1,{},00730\r\n"

READ = [
    ("utf-8", "No,Name,Zip\r\n{0}-1,Tree,00730\r\n\r\n{0}-2,Bush,1\r\n", (2, 0, 0, 0), []),
    ("utf-8", "\r\nNo,Name,Zip\r\n  ,,\r\n{0}-1,Tree,1\r\n\x1a", (1, 0, 0, 0), []),
    ("utf-8", "No,Name,Zip\r{0}-1,Tree,1\r{0}-2,Bush,1\r", (2, 0, 0, 0), []),
    ("utf-8", 'sep=;\r\nNo;Name;Zip\r\n{0}-1;"Tree; tall";1\r\n', (1, 0, 0, 0), []),
    (
        "utf-8",
        "No,Name,Zip\n{0}-1,A\0B,1\n{0}-2,Bush,1\n",
        (1, 0, 0, 1),
        [(2, "Name", "unreadable")],
    ),
    ("utf-8", "No,Name,Zip\n{0}-1,Tree\n{0}-2,Bush,1\n", (1, 0, 0, 1), [(2, "", "short_row")]),
    (
        "utf-8",
        "No,Name,Zip\n{0}-1,Tree, tall,1\n{0}-2,Bush,1\n",
        (1, 0, 0, 1),
        [(2, "D", "long_row")],
    ),
    (
        "utf-8",
        'No,Name,Zip\n{0}-1,"Tree,1\n{0}-2,Bush,1\n{0}-3,Fern,1\n',
        (2, 0, 0, 1),
        [(2, "", "bad_quotes")],
    ),
    (
        "utf-8",
        'No,Name,Zip\n{0}-1,"Tree\nand more",1\n{0}-2,,1\n',
        (0, 0, 0, 2),
        [(2, "Name", "string_pattern_mismatch"), (3, "Name", "missing")],
    ),
    (
        "utf-8",
        "No,Name,Zip\n{0}-1,Tree,1\n{0}-1,Bush,1\n{0}-1,Tree,1\n",
        (1, 0, 1, 1),
        [(3, "No", "id_twice")],
    ),
    (
        "utf-8",
        "No,Name,Zip\n1.23E+11,Tree,1\n{0}-2,Bush,4.1E+08\n#N/A,Fern,1\n",
        (0, 0, 0, 3),
        [(2, "No", "damaged"), (3, "Zip", "damaged"), (4, "No", "damaged")],
    ),
    (
        "utf-8",
        "No,Name,Zip\n{0}-1,Tree,1\nTotal,1,\n合计：1,,\n",
        (1, 0, 0, 2),
        [(3, "", "total_row"), (4, "", "total_row")],
    ),
]
"""Encoding, text, and what becomes of it: rows created, updated, unchanged and failed; errors."""


@pytest.mark.parametrize(("encoding", "text", "told", "wrong"), READ)
async def test_one_bad_row_never_ends_the_run(desks, encoding, text, told, wrong):
    desk = desks["crm"]
    content = text.format(desk.word("F")).encode(encoding)
    done = await run(desk, "account", content, mapping=MAPPING)
    assert (counts(done), await errors(desk, done)) == (told, wrong)


async def test_one_line_of_another_encoding_is_refused_alone(desks):
    """Also where it stands late, behind what was looked at when the file was brought."""
    desk = desks["crm"]
    key = desk.word("F")
    lines = [f"{key}-{at},公司{at},1\n".encode() for at in range(8)]
    bad = [f"{key}-x,".encode() + "上海".encode("gb18030") + b",1\n"]
    done = await run(desk, "account", b"No,Name,Zip\n" + b"".join(lines + bad), mapping=MAPPING)
    assert (counts(done), await errors(desk, done)) == ((8, 0, 0, 1), [(10, "Name", "unreadable")])
    reply = await desk.client.get(f"/v1/imports/{done['id']}/error-file")
    assert f"{key}-x" in reply.content.decode("utf-8-sig")


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("cp1252", "Müller & Größe"),
        ("cp1252", "Société Générale"),
        ("cp1251", "Москва и город"),
        ("big5", "臺灣貿易股份有限公司"),
        ("shift_jis", "株式会社東京商事"),
    ],
)
async def test_a_text_of_another_encoding_is_not_taken_for_chinese(desks, problem, encoding, name):
    """Bytes of nearly any encoding make Chinese letters; only common ones are Chinese."""
    desk = desks["crm"]
    content = PLAIN.format(desk.word("F"), name).encode(encoding)
    body = {"record_type": "account", "system": "legacy", "file_name": "list.csv"}
    reply = await desk.server.post("/v1/imports", body | {"content": _base64(content)})
    told = problem(reply, 422, "import_file_refused")
    assert [one["code"] for one in told["errors"]] == ["encoding"]
    if encoding in SINGLE_BYTE:
        made = await brought(desk, "account", content, encoding=encoding)
        assert made["sample"][0]["Name"] == name


@pytest.mark.parametrize("header", ["Name\0,No,Zip", "Näme,No,Zip"])
async def test_columns_that_cannot_be_read_are_told_before_anything_is_kept(desks, problem, header):
    desk = desks["crm"]
    lines = b"".join(f"公司{at},{desk.word('F')},1\n".encode() for at in range(3))
    content = header.encode("latin-1") + b"\n" + lines
    body = {"record_type": "account", "system": "legacy", "file_name": "list.csv"}
    reply = await desk.server.post("/v1/imports", body | {"content": _base64(content)})
    told = problem(reply, 422, "import_file_refused")
    assert [one["code"] for one in told["errors"]] == ["unreadable"]


PEOPLE = [
    ("+1 (503) 555-0147 ext. 4", "Ö. d'Arcy-Ñuñez"),
    ("0755-2658 1120", "=SUM(A1)"),
    ("+86 138 1234 5678", "＝一加一"),
    ("", "－Minus & ＋Plus"),
    ("+49 89 636-48018", "  'quoted' name"),
    ("+44 20 7946 0958", "欧阳　小明"),
]


async def test_phones_and_names_survive_export_and_import(desks):
    """As typed: out as CSV and as a workbook, in over the same records, nothing changes."""
    desk = desks["crm"]
    made = [
        await desk.add(
            "/v1/accounts", name=f"{name} {desk.word('P')}", **({"phone": phone} if phone else {})
        )
        for phone, name in PEOPLE
    ]
    for form in ("csv", "xlsx"):
        file = (await desk.client.get(f"/v1/accounts/export?format={form}")).content
        brought_in = await brought(desk, "account", file)
        done = await started(desk, brought_in, "run")
        assert counts(done)[:2] == (0, 0), await errors(desk, done)
        assert counts(done)[3] == 0
    for one in made:
        now = await desk.see(f"/v1/accounts/{one['id']}")
        assert (now["name"], now["phone"]) == (one["name"], one["phone"])
    text = (await desk.client.get("/v1/accounts/export")).content.decode("utf-8-sig")
    for sign in ("=SUM(A1)", "＝一加一", "－Minus & ＋Plus"):
        assert f"'{sign}" in text


NUMBERS = {
    "erp": ("customer", "number", "credit_limit", "payment_terms_days"),
    "crm": ("product", "code", "list_price", "unit_decimals"),
}
BAD_NUMBERS = ["1e27", "1" * 30, "1e9999999", "1e9999999999", "1_000", "NaN", "Infinity", "--1"]


@pytest.mark.parametrize("half", NUMBERS)
async def test_a_cell_that_no_number_can_have_is_refused_alone(desks, half):
    record_type, key_field, price, whole = NUMBERS[half]
    desk = desks[half]
    key = desk.word("N")
    cells = [*((text, "1") for text in BAD_NUMBERS), ("1.00", "9" * 5000), ("12.34", "2")]
    rows = [
        {
            "external_id": f"{key}-{at}",
            **({key_field: f"{key}-{at}"} if half == "crm" else {}),
            "name": key,
            f"{price}.amount": number,
            f"{price}.currency": "CNY",
            whole: many,
        }
        for at, (number, many) in enumerate(cells)
    ]
    made = await brought(desk, record_type, csv_of(*rows), decimal=".")
    for act in ("check", "run"):
        done = await started(desk, made, act)
        assert counts(done) == (1, 0, 0, len(rows) - 1)
        places = [(row, column) for row, column, _ in await errors(desk, done)]
        bad = [(at, f"{price}.amount") for at in range(2, 2 + len(BAD_NUMBERS))]
        assert places == [*bad, (len(rows), whole)]


FORMULAS = ["=1+1", "+1", "-1+1", "@SUM(A1)", "=cmd|'/c calc'!A1", "＝1+1", "＋1", "－1", "＠x"]
FORMULAS += ["%=1", "|x", ";=1", "'=1", '"=1"', '=HYPERLINK("http://a.example","x")', "-5", "-5.5"]


@pytest.mark.parametrize(("half", "record_type"), [("crm", "account"), ("erp", "supplier")])
async def test_formulas_are_names_as_others(desks, half, record_type):
    """They come in, but for an export's apostrophe, go out as text, and come in again unchanged."""
    desk = desks[half]
    key = desk.word("F")
    rows = [
        {"external_id": f"{key}-{at}", "name": name, "website": key}
        for at, name in enumerate(FORMULAS)
    ]
    assert counts(await run(desk, record_type, csv_of(*rows))) == (len(rows), 0, 0, 0)
    file = (await desk.client.get(f"/v1/{record_type}s/export")).content
    mine = [one for one in rows_of(file) if one["website"] == key]
    assert all(one["name"][0] not in "=+-@＝＋－＠" or is_number(one["name"]) for one in mine)
    assert counts(await run(desk, record_type, file))[:2] == (0, 0)
    stored = await desk.rows(f"select name from {record_type} where website = $1", key)
    assert {one["name"] for one in stored} == set(FORMULAS) - {"'=1"} | {"=1"}


def is_number(text):
    return text.lstrip("-").replace(".", "").isdigit()


ODD_FILES = [
    ("erp", b"No,Name\n{0}-1," + b"x" * 200_000 + b"\n{0}-2,Bush\n", (1, [(2, "")])),
    ("crm", b"No,Name\n{0}-1," + b"x" * 200_000 + b"\n{0}-2,Bush\n", (1, [(2, "")])),
    ("erp", b"No,Name\n{0}-1,a\r{0}-2,b\r\n{0}-3,c\n", (3, [])),
    ("crm", b"No,Name\n{0}-1,a\r{0}-2,b\r\n{0}-3,c\n", (3, [])),
    ("erp", b'No,Name\n{0}-1,a\0b\n{0}-2,"open\n', (0, [(2, "Name"), (3, "")])),
]


@pytest.mark.parametrize(("half", "content", "outcome"), ODD_FILES)
async def test_odd_files_are_read_row_by_row(desks, half, content, outcome):
    desk = desks[half]
    record_type = {"erp": "supplier", "crm": "account"}[half]
    content = content.replace(b"{0}", desk.word("O").encode())
    done = await run(desk, record_type, content, mapping={"external_id": "No", "name": "Name"})
    places = [(row, column) for row, column, _ in await errors(desk, done)]
    assert (done["created"], places) == outcome


@pytest.mark.parametrize("half", ["erp", "crm"])
@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"PK\x03\x04" + b"\0" * 100, b"\xd0\xcf\x11\xe0"]
)
async def test_what_is_no_table_is_refused(desks, problem, half, content):
    desk = desks[half]
    record_type = {"erp": "supplier", "crm": "account"}[half]
    body = {"record_type": record_type, "system": "legacy", "file_name": "list.xlsx"}
    reply = await desk.server.post("/v1/imports", body | {"content": _base64(content)})
    problem(reply, 422, "import_file_refused" if content else "invalid_input")


@pytest.mark.parametrize(("half", "record_type"), [("crm", "account"), ("erp", "supplier")])
async def test_a_file_that_comes_again_changes_nothing(desks, half, record_type):
    """Nor what it says of records that refuse it: no version, no history, no event more."""
    desk = desks[half]
    key = desk.word("A")
    rows = [{"external_id": f"{key}-{at}", "name": key, "email": "a@mill.example"} for at in (1, 2)]
    assert counts(await run(desk, record_type, csv_of(*rows))) == (2, 0, 0, 0)
    rows[1]["email"] = "no address"

    async def state():
        question = f"select id, name, email, version, updated_at from {record_type} where name = $1"
        records = await desk.rows(question + " order by id", key)
        ids = [str(one["id"]) for one in records]
        events = await desk.rows("select count(*) from outbox where aggregate_id = any($1)", ids)
        return records, events

    before = await state()
    for _ in range(2):
        again = await run(desk, record_type, csv_of(*rows))
        assert counts(again) == (0, 0, 1, 1)
        assert await errors(desk, again) == [(3, "email", "email_form")]
        assert await state() == before


def _base64(content: bytes) -> str:
    return b64encode(content).decode()

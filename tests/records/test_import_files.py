"""Files as people save them: what is read, what is refused, by row and column as they see them."""

from base64 import b64encode

import pytest

from tests.records.test_imports import brought, counts, errors, run, started
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
        [(2, "", "long_row")],
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


def _base64(content: bytes) -> str:
    return b64encode(content).decode()

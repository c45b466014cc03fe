"""An import from CSV to the API: counts, errors by row, files to correct, repeats."""

import csv
import json
from uuid import uuid4

import httpx
import pytest

from importer import sending
from importer.errors import MappingError, SendingFailed
from importer.mapping import Mapping
from importer.running import run_import

NOTES = {
    "name": "notes",
    "file": "Notes.csv",
    "target": "/v1/notes/by-external/other/batch",
    "external_id": "ID",
    "batch_size": 2,
    "fields": {"title": {"column": "Title", "when_empty": "null"}},
}


def mapping(*resources):
    return Mapping.model_validate({"resources": list(resources) or [NOTES]})


@pytest.fixture
def system():
    """Ids of this test alone."""
    return uuid4().hex[:8]


@pytest.fixture
def folder(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    return source


def write(folder, system, *titles, name="Notes.csv"):
    lines = ["ID,Title", *(f"{system}-{at},{title}" for at, title in enumerate(titles, 1))]
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


async def load(sample, folder, **options):
    given = {"source": folder, "errors_to": folder.parent / "errors", **options}
    client = given.pop("client", sample.client)
    return await run_import(given.pop("mapping", mapping()), client, **given)


async def titles(sample, system):
    async with sample.database.driver() as sql:
        found = await sql.fetch(
            """select n.title from note n join external_reference e on e.entity_id = n.id
            where e.external_id like $1 order by e.external_id""",
            f"{system}-%",
        )
    return [row["title"] for row in found]


async def test_rows_become_records(sample, folder, system):
    write(folder, system, "one", "two", "three")
    report = await load(sample, folder)
    assert report.resources[0].counts == {"created": 3}
    assert report.failed == 0
    assert await titles(sample, system) == ["one", "two", "three"]


async def test_importing_again_makes_nothing_twice(sample, folder, system):
    """B41: rows are known by their external id; a changed row changes its record."""
    write(folder, system, "one", "two")
    fixed = mapping(NOTES | {"source_version": 1})
    await load(sample, folder, mapping=fixed)
    again = await load(sample, folder, mapping=fixed)
    assert again.resources[0].counts["created"] == 0
    assert again.resources[0].counts["failed"] == 0
    write(folder, system, "one", "TWO")
    changed = await load(sample, folder)
    assert changed.resources[0].counts["created"] == 0
    assert await titles(sample, system) == ["one", "TWO"]


async def test_a_dry_run_judges_every_row_and_changes_nothing(sample, folder, system):
    write(folder, system, "one", "unwanted", "three")
    report = await load(sample, folder, dry_run=True)
    assert report.resources[0].counts == {"created": 2, "failed": 1}
    assert await titles(sample, system) == []
    assert report.as_json()["dry_run"] is True


async def test_a_refused_row_is_told_and_leaves_the_others_alone(sample, folder, system):
    write(folder, system, "one", "unwanted", "three")
    report = await load(sample, folder)
    (error,) = report.resources[0].errors
    assert (error.row, error.external_id, error.code) == (3, f"{system}-2", "title_refused")
    assert "unwanted" in error.message
    assert await titles(sample, system) == ["one", "three"]


async def test_malformed_rows_do_not_take_their_batch_with_them(sample, folder, system):
    write(folder, system, "", "two", "x" * 201, "four", "")
    report = await load(sample, folder)
    assert report.resources[0].counts == {"created": 2, "failed": 3}
    told = [(error.row, error.field, error.column) for error in report.resources[0].errors]
    assert told == [(2, "title", "Title"), (4, "title", "Title"), (6, "title", "Title")]
    assert await titles(sample, system) == ["two", "four"]


async def test_failed_rows_are_written_corrected_and_sent_again(sample, folder, system):
    write(folder, system, "one", "unwanted", "", "four")
    report = await load(sample, folder)
    errors = folder.parent / "errors"
    assert report.resources[0].error_file == str(errors / "Notes.csv")
    with (errors / "Notes.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["ID"], row["import_row"]) for row in rows] == [
        (f"{system}-2", "3"),
        (f"{system}-3", "4"),
    ]
    assert "title" in rows[1]["import_error"]
    text = (errors / "Notes.csv").read_text(encoding="utf-8-sig")
    text = text.replace(",unwanted,", ",wanted,").replace(f"{system}-3,,", f"{system}-3,filled,")
    (errors / "Notes.csv").write_text(text, encoding="utf-8-sig")
    again = await load(sample, folder, rows_from=errors, errors_to=folder.parent / "more")
    assert again.resources[0].counts == {"created": 2}
    assert await titles(sample, system) == ["one", "wanted", "filled", "four"]


async def test_resources_of_one_file_share_the_file_of_failed_rows(sample, folder, system):
    """Each row once, with what each resource has against it; sent again, both get all of it."""
    write(folder, system, "one", "unwanted", "", "four")
    second = NOTES | {
        "name": "seconds",
        "external_id": f"{system}-second-{{ID}}",
        "fields": {"title": {"column": "Title", "default": "unwanted"}},
    }
    errors = folder.parent / "errors"
    both = mapping(NOTES, second)
    report = await load(sample, folder, mapping=both)
    assert [one.counts["failed"] for one in report.resources] == [2, 2]
    with (errors / "Notes.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["import_row"]: row["import_error"] for row in csv.DictReader(file)}
    assert {row: len(told.split("; ")) for row, told in rows.items()} == {"3": 2, "4": 2}
    text = (errors / "Notes.csv").read_text(encoding="utf-8-sig")
    (errors / "Notes.csv").write_text(text.replace(",,", ",filled,"), encoding="utf-8-sig")
    again = await load(sample, folder, mapping=both, rows_from=errors)
    assert [dict(one.counts) for one in again.resources] == [{"failed": 1, "created": 1}] * 2


async def test_errors_are_told_in_the_order_of_the_rows(sample, folder, system):
    """Whether they were found here or by the API."""
    demanding = NOTES | {"fields": {"title": {"column": "Title", "when_empty": "error"}}}
    write(folder, system, "unwanted", "", "unwanted", "", "five")
    report = await load(sample, folder, mapping=mapping(demanding))
    assert [error.row for error in report.resources[0].errors] == [2, 3, 4, 5]


async def test_resources_are_sent_in_order_and_each_up_to_the_limit(sample, folder, system):
    write(folder, system, "one", "two", "three")
    write(folder, f"{system}-b", "b-one", name="Other.csv")
    second = NOTES | {"name": "others", "file": "Other.csv"}
    report = await load(sample, folder, mapping=mapping(NOTES, second), limit=1)
    assert [one.counts["created"] for one in report.resources] == [1, 1]
    assert await titles(sample, system) == ["one", "b-one"]


async def test_nothing_is_sent_when_a_file_does_not_fit(sample, folder, system):
    write(folder, system, "one")
    second = NOTES | {"name": "others", "file": "Other.csv"}
    with pytest.raises(MappingError, match=r"Other\.csv"):
        await load(sample, folder, mapping=mapping(NOTES, second))
    assert await titles(sample, system) == []
    with pytest.raises(MappingError, match="none of the mapping's files"):
        await load(sample, folder, rows_from=folder.parent)


async def test_a_refused_key_ends_the_import(sample, folder, system):
    write(folder, system, "one")
    stranger = sample.with_key("tdm_sample_00000000_" + "f" * 64)
    with pytest.raises(SendingFailed, match="401"):
        await load(sample, folder, client=stranger)
    reader = await sample.as_("notes.read")
    with pytest.raises(SendingFailed, match="403"):
        await load(sample, folder, client=reader)


async def test_rows_that_cannot_be_read_are_mended_and_sent_again(sample, folder, system):
    """Their text stands in `import_line`; as long as the columns are empty they are refused."""
    good = "".join(f"{system}-g{at},good\n" for at in range(5))
    text = f'ID,Title\n{good}{system}-1\n{system}-2,a,b\n{system}-3,"open\n{system}-4,last\n'
    (folder / "Notes.csv").write_text(text)
    report = await load(sample, folder)
    assert report.resources[0].counts == {"created": 6, "failed": 3}
    assert [(error.row, error.code) for error in report.resources[0].errors] == [
        (7, "short_row"),
        (8, "long_row"),
        (9, "bad_quotes"),
    ]
    errors = folder.parent / "errors"
    again = await load(sample, folder, rows_from=errors)
    assert {error.code for error in again.resources[0].errors} == {"unread_row"}
    with (errors / "Notes.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["import_line"] for row in rows] == [
        f"{system}-1",
        f"{system}-2,a,b",
        f'{system}-3,"open',
    ]
    with (errors / "Notes.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(row | {"ID": f"{system}-{row['import_row']}"} for row in rows)
    nullable = NOTES | {"fields": {"title": {"column": "Title", "default": "mended"}}}
    mended = await load(sample, folder, mapping=mapping(nullable), rows_from=errors)
    assert mended.resources[0].counts == {"created": 3}
    assert not (errors / "Notes.csv").exists()
    assert (errors / "Notes.csv.2").exists()


@pytest.mark.parametrize("where", ["source", "source/../source", "linked"])
async def test_a_file_of_the_source_is_never_overwritten(sample, folder, system, where):
    write(folder, system, "one", "")
    (folder.parent / "linked").symlink_to(folder)
    before = (folder / "Notes.csv").read_bytes()
    with pytest.raises(MappingError, match="name another folder"):
        await load(sample, folder, errors_to=folder.parent / where)
    assert (folder / "Notes.csv").read_bytes() == before
    assert await titles(sample, system) == []


class Api:
    """An API whose answers a test scripts; it notes what it was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []

    def __call__(self, request):
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def keys(self):
        return [request.headers.get("idempotency-key") for request in self.requests]


@pytest.fixture
def send(folder, system, monkeypatch):
    """Imports rows through a scripted API, without waiting between tries."""
    monkeypatch.setattr(sending, "_pause", lambda _attempt, _asked: 0)

    async def sent(api, *names, resource=None, dry_run=False):
        write(folder, system, *names)
        transport = httpx.MockTransport(api)
        async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as client:
            return await run_import(
                mapping(resource or NOTES),
                client,
                source=folder,
                errors_to=folder.parent / "errors",
                dry_run=dry_run,
            )

    return sent


def accepted(*statuses):
    items = [{"external_id": "x", "status": status} for status in statuses]
    return httpx.Response(200, json={"items": items})


BUSY = httpx.Response(409, json={"code": "idempotency_in_flight"}, headers={"retry-after": "1"})


async def test_what_passes_is_tried_again_with_the_same_key(send):
    """E13: a reply that was lost on the way is no reason to do it twice."""
    api = Api(httpx.ConnectError("gone"), httpx.Response(503), BUSY, accepted("created"))
    report = await send(api, "one")
    assert report.resources[0].counts == {"created": 1}
    assert len(set(api.keys())) == 1
    assert api.keys()[0].startswith("import-")


async def test_each_batch_has_a_key_of_its_own(send):
    api = Api(accepted("created", "updated"), accepted("stale"))
    report = await send(api, "one", "two", "three")
    assert report.resources[0].counts == {"created": 1, "updated": 1, "stale": 1}
    assert len(set(api.keys())) == 2


async def test_an_api_that_stays_away_ends_the_import(send):
    with pytest.raises(SendingFailed, match="does not answer"):
        await send(Api(*[httpx.ConnectError("gone")] * sending.TRIES), "one")
    with pytest.raises(SendingFailed, match="503"):
        await send(Api(*[httpx.Response(503, text="down")] * sending.TRIES), "one")


async def test_a_refusal_that_names_no_item_ends_the_import(send):
    body = {"detail": "Too many items.", "errors": [{"pointer": "/items", "code": "too_long"}]}
    with pytest.raises(SendingFailed, match="422 Too many items"):
        await send(Api(httpx.Response(422, json=body)), "one")


async def test_an_api_that_goes_away_later_ends_the_import_with_a_report(send):
    """What was taken up to then is told, and so are the rows that failed."""
    api = Api(accepted("created", "created"), *[httpx.ConnectError("gone")] * sending.TRIES)
    report = await send(api, "one", "two", "three")
    assert report.resources[0].counts == {"created": 2}
    assert "does not answer" in report.stopped
    assert report.as_json()["stopped"] == report.stopped


async def test_a_batch_that_is_too_large_is_sent_in_parts(send, system):
    """A row that is too large alone is its own error."""
    large = httpx.Response(413, json={"code": "too_large", "detail": "Too large."})
    api = Api(large, accepted("created"), large, accepted("created"))
    report = await send(api, "one", "two", "three")
    assert report.resources[0].counts == {"created": 2, "failed": 1}
    assert [(one.row, one.code) for one in report.resources[0].errors] == [(3, "too_large")]
    assert len(set(api.keys())) == 4


async def test_a_large_batch_is_not_even_tried_whole(send, monkeypatch):
    monkeypatch.setattr(sending, "BODY_BYTES_MAX", 100)
    report = await send(Api(accepted("created"), accepted("created")), "one", "two")
    assert report.resources[0].counts == {"created": 2}


async def test_a_refused_item_of_a_posted_document_is_counted_as_refused(send):
    item = {"status": "failed", "problem": {"code": "opening_differs", "detail": "Other content."}}
    report = await send(Api(httpx.Response(200, json={"items": [item]})), "a", resource=POST)
    assert report.resources[0].counts == {"failed": 1}
    assert report.resources[0].errors[0].message == "Other content."


async def test_in_a_dry_run_rows_may_wait_for_rows_that_were_not_stored(send, system):
    """Those that nothing in the import would make are failed already."""

    def missing(reference):
        problem = {"code": "missing_reference", "detail": f"No {reference}."}
        return {"status": "failed", "problem": problem | {"facts": {"reference": reference}}}

    made = {"status": "created"}
    api = Api(
        httpx.Response(200, json={"items": [made, missing("kg")]}),
        httpx.Response(200, json={"items": [missing(f"other {system}-1")]}),
    )
    report = await send(api, "one", "two", "three", dry_run=True)
    assert report.resources[0].counts == {"created": 1, "failed": 1, "unresolved": 1}
    assert [error.message for error in report.resources[0].errors] == [
        "No kg.",
        f"No other {system}-1.",
    ]
    assert json.loads(api.requests[0].content)["items"][0]["title"] == "one"
    assert api.requests[0].url.query == b"dry_run=true"


PUT = NOTES | {"method": "put", "target": "/v1/notes/by-external/other/{external_id}"}
POST = NOTES | {"method": "post", "target": "/v1/notes", "source_version": "none"}


async def test_single_puts_are_counted_by_their_outcome(send, system):
    api = Api(
        httpx.Response(201, headers={"tandem-outcome": "created"}),
        httpx.Response(200, headers={"tandem-outcome": "unchanged"}),
        httpx.Response(200),
        httpx.Response(422, json={"errors": [{"pointer": "/title", "message": "Too long."}]}),
        httpx.Response(409, json={"code": "managed", "detail": "Managed elsewhere."}),
    )
    report = await send(api, *"abcde", resource=PUT)
    counts = {"created": 1, "unchanged": 1, "updated": 1, "failed": 2}
    assert report.resources[0].counts == counts
    assert [error.message for error in report.resources[0].errors] == [
        "Too long.",
        "Managed elsewhere.",
    ]
    assert api.requests[0].url.path == f"/v1/notes/by-external/other/{system}-1"
    assert set(api.keys()) == {None}


async def test_single_posts_have_a_key_made_of_the_rows_id(send):
    replayed = httpx.Response(201, headers={"idempotency-replayed": "true"})
    first, second = Api(httpx.Response(201)), Api(replayed)
    assert (await send(first, "a", resource=POST)).resources[0].counts == {"created": 1}
    assert (await send(second, "a", resource=POST)).resources[0].counts == {"unchanged": 1}
    assert first.keys() == second.keys()
    assert (await send(Api(), "a", resource=POST, dry_run=True)).resources[0].counts == {
        "checked": 1
    }
    with pytest.raises(SendingFailed, match="404"):
        await send(Api(httpx.Response(404, text="no such path")), "a", resource=POST)


OWNED = POST | {
    "fields": {
        "title": "Title",
        "owner_id": {
            "column": "Title",
            "reference": {"path": "/v1/users", "query": {"q": "{}"}, "match": "login"},
        },
    }
}


def found(*logins):
    items = [{"id": f"id-of-{login}", "login": login} for login in logins]
    return httpx.Response(200, json={"items": items, "next_cursor": None})


async def test_a_record_that_a_row_names_is_found_once(send):
    """By any filter of a list: here by login, of which the list finds more than equals."""
    made = httpx.Response(201)
    api = Api(found("amy", "amyrose"), made, made)
    report = await send(api, "amy", "amy", resource=OWNED)
    assert report.resources[0].counts == {"created": 2}
    assert api.requests[0].url.params["q"] == "amy"
    assert [json.loads(one.content)["owner_id"] for one in api.requests[1:]] == ["id-of-amy"] * 2


async def test_a_record_that_is_not_there_or_not_one_is_the_rows_error(send):
    api = Api(found(), found("bob", "bob"))
    report = await send(api, "amy", "bob", resource=OWNED)
    assert [(one.row, one.column, one.code) for one in report.resources[0].errors] == [
        (2, "Title", "missing_reference"),
        (3, "Title", "ambiguous_reference"),
    ]
    with pytest.raises(SendingFailed, match="GET /v1/users: 403"):
        await send(Api(httpx.Response(403, text="no")), "amy", resource=OWNED)


async def test_an_error_of_a_grouped_document_names_the_row_it_came_from(send, folder):
    lines = {"into": "lines", "fields": {"sku": "Title"}}
    orders = POST | {"fields": {"memo": {"const": "x"}}, "rows": lines, "external_id": "{Memo}"}
    errors = [{"pointer": "/lines/1/sku", "code": "unknown", "message": "No such item."}]
    api = Api(httpx.Response(422, json={"errors": errors}), httpx.Response(201))
    (folder / "Orders.csv").write_text("Memo,Title\nA,one\nB,other\nA,two\n")
    report = await send(api, resource=orders | {"file": "Orders.csv"})
    assert report.resources[0].counts == {"created": 1, "failed": 1}
    assert [(one.row, one.column) for one in report.resources[0].errors] == [(4, "Title")]
    with (folder.parent / "errors" / "Orders.csv").open(encoding="utf-8-sig", newline="") as file:
        told = {row["import_row"]: row["import_error"] for row in csv.DictReader(file)}
    assert told["2"] == "row: row 4 of the same document was refused"
    assert set(told) == {"2", "4"}


def test_the_pause_grows_and_honours_what_the_api_asks():
    assert sending._pause(1, None) == pytest.approx(0.4)
    assert sending._pause(3, "5") == 5
    assert sending._pause(6, "1") == pytest.approx(12.8)
    assert sending._pause(9, "3600") == 30
    assert sending._pause(1, "Wed, 21 Oct 2015") == pytest.approx(0.4)

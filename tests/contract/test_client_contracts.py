"""What generated clients rely on: a request may leave out, a reply never does (decision 0067)."""

import pytest

from chassis.api.openapi_sides import places_in
from contracts.generator.__main__ import registered
from contracts.generator.generate import openapi_of
from tests.architecture.sources import ROOT
from tests.contract.test_contracts import operations

SERVICES = registered(ROOT)
REFERENCE = "#/components/schemas/"


@pytest.fixture(scope="module", params=SERVICES)
def api(request) -> dict:
    return openapi_of(SERVICES[request.param])


def schemas_of(holder: dict, media: str = "application/json") -> list[dict]:
    content = holder.get("content", {}).get(media, {})
    return [content["schema"]] if "schema" in content else []


def every_place(api: dict, roots: list[dict]):
    """Each schema that the roots hold or refer to, with the name of its class."""
    known = api["components"]["schemas"]
    seen: set[str] = set()
    waiting = [("", root) for root in roots]
    while waiting:
        name, root = waiting.pop()
        for place in places_in(root):
            yield name, place
            target = str(place.get("$ref", "")).removeprefix(REFERENCE)
            if target and target not in seen:
                seen.add(target)
                waiting.append((target, known[target]))


def requests_of(api: dict):
    roots = []
    for _, operation in operations(api):
        roots += [one["schema"] for one in operation.get("parameters", [])]
        roots += schemas_of(operation.get("requestBody", {}))
    return list(every_place(api, roots))


def replies_of(api: dict):
    roots = []
    for _, operation in operations(api):
        for reply in operation["responses"].values():
            roots += schemas_of(reply)
    return list(every_place(api, roots))


def test_requests_have_no_defaults(api):
    """A client would send them; the server applies them, and the text says which."""
    places = requests_of(api)
    assert len(places) > 100
    assert not [(name, place) for name, place in places if "default" in place]


def test_what_is_taken_for_a_left_out_value_is_said():
    parameters = openapi_of(SERVICES["erp"])["paths"]["/v1/customers"]["get"]["parameters"]
    limit = next(one for one in parameters if one["name"] == "limit")
    assert limit["description"] == "Records a page. Left out: `50`."


def test_replies_say_every_field(api):
    places = [(name, place) for name, place in replies_of(api) if "properties" in place]
    assert len(places) > 20
    for name, place in places:
        assert place["required"] == list(place["properties"]), name


def test_states_in_replies_may_be_new_ones(api):
    """A list of values would fail in a client of today at the value of tomorrow."""
    places = replies_of(api)
    assert not [(name, place) for name, place in places if "enum" in place or "default" in place]
    assert any("more may come" in place.get("description", "") for _, place in places)


def test_requests_keep_their_lists_of_values(api):
    assert any("enum" in place for _, place in requests_of(api))


def test_headers_that_are_needed_are_required(api):
    for name, operation in operations(api):
        parameters = {one["name"]: one for one in operation.get("parameters", [])}
        for header in ("if-match", "idempotency-key"):
            if header in parameters and "dry_run" not in parameters:
                assert parameters[header]["required"], (name, header)
                assert parameters[header]["schema"]["type"] == "string", (name, header)


def test_replies_declare_the_headers_that_they_carry(api):
    for name, operation in operations(api):
        for status, reply in operation["responses"].items():
            if status == "429":
                assert "Retry-After" in reply["headers"], name
        changed = any(one["name"] == "if-match" for one in operation.get("parameters", []))
        if changed and name.startswith("PATCH"):
            assert "ETag" in operation["responses"]["200"].get("headers", {}), name


def test_tags_say_what_they_are_about(api):
    for tag in api["tags"]:
        assert tag["description"].endswith("."), tag
        assert len(tag["description"].split()) > 4, tag

"""The committed contracts are those of the code, and judges that are not ours accept them."""

import json
import re

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from chassis.events.json_schemas import event_schema, objects_in
from contracts.generator.__main__ import registered
from contracts.generator.accepted import accepted_breaks
from contracts.generator.check import broken_promises, closed, stale_files
from contracts.generator.generate import contracts_of, openapi_of
from contracts.generator.history import History
from tests.architecture.sources import ROOT

SERVICES = registered(ROOT)
EVENTS = [
    pytest.param(service, event, id=event.type_for(service.name))
    for service in SERVICES.values()
    for event in service.events
    if event.public
]


@pytest.fixture(scope="module", params=SERVICES)
def api(request) -> dict:
    """The OpenAPI document of each service."""
    return openapi_of(SERVICES[request.param])


def operations(api: dict):
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_no_contract_is_stale_and_every_event_has_an_example():
    assert not list(stale_files(ROOT, contracts_of(SERVICES)))


def test_no_promise_is_broken():
    """B56: compared with every earlier version, but for what is accepted."""
    accepted = accepted_breaks(ROOT)
    broken = list(broken_promises(History(ROOT), contracts_of(SERVICES)))
    assert not [fault for fault in broken if fault not in accepted]
    unused = [one for one in accepted.kinds if not any(one.fullmatch(fault) for fault in broken)]
    assert not unused


def test_openapi_is_valid(api):
    OpenAPIV31SpecValidator(api).validate()
    assert api["openapi"].startswith("3.1")


def test_operations_have_stable_names_tags_and_words(api):
    names = [operation["operationId"] for _, operation in operations(api)]
    assert len(names) == len(set(names))
    described = {tag["name"] for tag in api["tags"]}
    for name, operation in operations(api):
        assert operation.get("summary") or operation.get("description"), name
        assert set(operation["tags"]) <= described, name


SINGLE = {
    *("availability", "status", "chart_of_accounts", "forecast", "calendar_feed"),
    "earliest_promise",
}
"""Paths of which there is one."""


def singular(words: str) -> str:
    """`item-categories` -> `item_category`, `bills-of-material` -> `bill_of_material`."""
    word, of, rest = words.replace("-", "_").partition("_of_")
    if of:
        return f"{singular(word)}{of}{rest}"
    if word.endswith("ies"):
        return f"{word.removesuffix('ies')}y"
    if word.endswith("ches"):
        return word.removesuffix("es")
    return word if word.endswith(("ss", "us")) or word in SINGLE else word.removesuffix("s")


def nouns(path: str) -> set[str]:
    """What an operation of a path may be about, by its first part and the second under it."""
    first, *rest = [part for part in path.removeprefix("/v1/").split("/") if "{" not in part]
    found = {singular(first)}
    if rest:
        found |= {singular(rest[0]), f"{singular(first)}_{singular(rest[0])}"}
    return found


VERBS = {
    ("get", ""): "list",
    ("post", ""): "create",
    ("get", "/{}"): "get",
    ("patch", "/{}"): "update",
    ("delete", "/{}"): "delete",
    ("post", "/{}/archive"): "archive",
    ("post", "/{}/restore"): "restore",
    ("put", "/by-external/{}/{}"): "upsert",
    ("post", "/by-external/{}/batch"): "upsert_batch",
    ("post", "/batch"): "create_batch",
    ("post", "/{}/external-refs"): "link",
    ("post", "/external-refs/batch"): "link_batch",
    ("delete", "/{}/external-refs/{}/{}"): "unlink",
}
"""What the standard routes of a collection are called, with its singular before it."""


def test_operation_ids_are_noun_then_verb(api):
    """`customer_list`, `sales_order_confirm`: the path's singular, then what is done with it."""
    for path, methods in api["paths"].items():
        if not path.startswith("/v1/") or path == "/v1/me":
            continue
        collection, rest = re.fullmatch(r"/v1/([^/]+)(.*)", path).groups()
        for method, operation in methods.items():
            name = operation["operationId"]
            verb = VERBS.get((method, re.sub(r"{\w+}", "{}", rest)))
            if verb and collection.replace("-", "_") not in SINGLE:
                assert name == f"{singular(collection)}_{verb}", path
            else:
                assert any(name.startswith(f"{noun}_") for noun in nouns(path)), (path, name)


def test_class_names_need_no_module_in_front(api):
    """Also where a file system or a language does not tell `A` from `a`."""
    names = list(api["components"]["schemas"])
    assert not [name for name in names if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", name)]
    assert len({name.lower() for name in names}) == len(names)


def test_every_refusal_is_a_problem_document(api):
    for name, operation in operations(api):
        for status, reply in operation["responses"].items():
            if status[0] in "45":
                assert list(reply["content"]) == ["application/problem+json"], (name, status)


def test_every_path_under_v1_needs_credentials(api):
    open_ones = {name for name, operation in operations(api) if not operation.get("security")}
    for_all = {name for name in open_ones if " /v1/open-" in name}
    by_token = "POST /v1/password-invitations/accept"
    known = {name for name in open_ones - for_all if " /v1/" in name}
    assert known == {"POST /v1/sessions", by_token}
    assert api["components"]["securitySchemes"]


def test_no_number_of_the_business_is_a_float(api):
    """Decision 0013: decimals travel as text; a float loses cents. Spans of time may be floats."""
    floats = {
        f"{name}.{field}"
        for name, schema in api["components"]["schemas"].items()
        for field, place in schema.get("properties", {}).items()
        if any(one.get("type") == "number" for one in objects_in(place))
    }
    assert {name for name in floats if not name.endswith("_seconds")} == set()


@pytest.mark.parametrize(("service", "event"), EVENTS)
def test_event_schemas_are_open_and_exact(service, event):
    """B15, decision 0018: named by the dataschema of its envelope, open for fields to come."""
    schema = event_schema(event, service.name)
    assert schema["$id"] == f"/schemas/{service.name}.{event.event_name}.v{event.major}.json"
    assert schema["description"]
    for place in objects_in(schema):
        assert place.get("type") != "number"
        if "properties" in place:
            assert place.get("additionalProperties") is not False


@pytest.mark.parametrize(("service", "event"), EVENTS)
def test_we_are_strict_with_our_own_examples(service, event):
    """A field that a schema does not name is refused in our own events, if nowhere else."""
    strict = Draft202012Validator(closed(event_schema(event, service.name)))
    folder = ROOT / "contracts" / "examples" / service.name / f"{event.event_name}.v{event.major}"
    for example in folder.glob("*.json"):
        data = json.loads(example.read_text("utf-8"))
        strict.validate(data)
        assert not strict.is_valid(data | {"not_named": 1})


@pytest.mark.parametrize(("service", "event"), EVENTS)
def test_examples_are_read_by_the_event_itself(service, event):
    """B57: golden events of every released version decode with today's code."""
    folder = ROOT / "contracts" / "examples" / service.name / f"{event.event_name}.v{event.major}"
    for example in folder.glob("*.json"):
        event.model_validate(json.loads(example.read_text("utf-8")))

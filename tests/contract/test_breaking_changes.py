"""The gate against broken promises: each kind of breaking change is refused, the rest passes."""

import copy
import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from contracts.generator.check import broken_promises
from contracts.generator.history import History
from contracts.generator.promises import (
    asyncapi_breaks,
    event_breaks,
    openapi_breaks,
    problem_breaks,
    version_allows,
)

Document = dict[str, Any]

API: Document = {
    "info": {"version": "1.2.0"},
    "paths": {
        "/v1/parcels": {
            "get": {
                "operationId": "parcels_list",
                "parameters": [
                    {
                        "name": "status",
                        "in": "query",
                        "schema": {"type": "string", "enum": ["open", "sent"]},
                    }
                ],
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Parcel"}}
                        }
                    }
                },
            },
            "post": {
                "operationId": "parcels_register",
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/NewParcel"}}
                    }
                },
                "responses": {"201": {"headers": {"Location": {}}}, "409": {}},
            },
        },
        "/v1/parcels/{id}": {"get": {"operationId": "parcels_one", "responses": {"200": {}}}},
    },
    "components": {
        "schemas": {
            "Parcel": {
                "type": "object",
                "required": ["id", "status"],
                "properties": {
                    "id": {"type": "string", "format": "uuid"},
                    "status": {"type": "string", "enum": ["open", "sent"]},
                    "weight": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                    "inside": {"type": "array", "items": {"$ref": "#/components/schemas/Parcel"}},
                },
            },
            "NewParcel": {
                "type": "object",
                "required": ["to"],
                "properties": {
                    "to": {"type": "string", "maxLength": 100},
                    "pieces": {"type": "integer", "minimum": 1, "default": 1},
                    "marks": {"type": "array", "items": {"type": "string"}},
                    "labels": {"type": "object", "additionalProperties": True},
                    "weight": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                },
            },
        }
    },
}

EVENT: Document = {
    "title": "parcel-sent.v1",
    "type": "object",
    "required": ["id", "carrier"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "carrier": {"type": "string", "enum": ["rail", "road"]},
        "note": {"type": "string", "maxLength": 50},
        "amount": {"$ref": "#/$defs/Money"},
    },
    "$defs": {
        "Money": {
            "type": "object",
            "required": ["amount"],
            "properties": {"amount": {"type": "string", "pattern": "^[0-9.]+$"}},
        }
    },
}

Edit = Callable[[Document], object]


def parcel(api: Document) -> Document:
    return api["components"]["schemas"]["Parcel"]


def new_parcel(api: Document) -> Document:
    return api["components"]["schemas"]["NewParcel"]


def number_pieces(api: Document, *, default: int) -> None:
    """Pieces are described elsewhere; their default stands beside the reference."""
    api["components"]["schemas"]["Pieces"] = {"type": "integer", "minimum": 1}
    reference = {"$ref": "#/components/schemas/Pieces", "default": default}
    new_parcel(api)["properties"]["pieces"] = reference


def operation(api: Document, method: str = "get") -> Document:
    return api["paths"]["/v1/parcels"][method]


BREAKING: dict[str, tuple[Edit, str]] = {
    "path": (lambda api: api["paths"].pop("/v1/parcels/{id}"), "the path is gone"),
    "operation": (lambda api: api["paths"]["/v1/parcels"].pop("post"), "the operation is gone"),
    "operation id": (lambda api: operation(api).update(operationId="list"), "was renamed"),
    "credentials": (lambda api: operation(api).update(security=[{"key": []}]), "credentials"),
    "parameter": (lambda api: operation(api).update(parameters=[]), "the parameter is gone"),
    "new required parameter": (
        lambda api: operation(api)["parameters"].append(
            {"name": "depot", "in": "query", "required": True}
        ),
        "depot: is required now",
    ),
    "parameter required": (
        lambda api: operation(api)["parameters"][0].update(required=True),
        "status: is required now",
    ),
    "parameter value": (
        lambda api: operation(api)["parameters"][0]["schema"].update(enum=["open"]),
        "value sent is gone",
    ),
    "body gone": (lambda api: operation(api, "post").pop("requestBody"), "takes no body"),
    "body required": (
        lambda api: operation(api, "post")["requestBody"].update(required=True),
        "the body is required now",
    ),
    "media type": (
        lambda api: operation(api, "post")["requestBody"].update(content={"text/csv": {}}),
        "application/json is gone",
    ),
    "request field": (lambda api: new_parcel(api)["properties"].pop("pieces"), "pieces: the field"),
    "required request field": (
        lambda api: new_parcel(api).update(required=["to", "pieces"]),
        "pieces: is required now",
    ),
    "request type": (
        lambda api: new_parcel(api)["properties"]["pieces"].update(type="string"),
        "type integer became string",
    ),
    "request type by null": (
        lambda api: new_parcel(api)["properties"].update(weight={"type": "string"}),
        "weight: no longer null",
    ),
    "request length": (
        lambda api: new_parcel(api)["properties"]["to"].update(maxLength=50),
        "maxLength 100 became 50",
    ),
    "request minimum": (
        lambda api: new_parcel(api)["properties"]["pieces"].update(minimum=2),
        "minimum 1 became 2",
    ),
    "request pattern": (
        lambda api: new_parcel(api)["properties"]["to"].update(pattern="^[A-Z]+$"),
        "pattern None became",
    ),
    "request enum": (
        lambda api: new_parcel(api)["properties"]["to"].update(enum=["here"]),
        "only here from now on",
    ),
    "request closed": (
        lambda api: new_parcel(api).update(additionalProperties=False),
        "further fields are refused now",
    ),
    "request default": (
        lambda api: new_parcel(api)["properties"]["pieces"].update(default=2),
        "pieces: default 1 became 2",
    ),
    "request default gone": (
        lambda api: new_parcel(api)["properties"]["pieces"].pop("default"),
        "pieces: default 1 became None",
    ),
    "request default beside a reference": (
        lambda api: number_pieces(api, default=2),
        "pieces: default 1 became 2",
    ),
    "request items": (
        lambda api: new_parcel(api)["properties"]["marks"].update(items={"type": "integer"}),
        "marks[]: type string became integer",
    ),
    "request unique items": (
        lambda api: new_parcel(api)["properties"]["marks"].update(uniqueItems=True),
        "marks: uniqueItems changed",
    ),
    "request further values": (
        lambda api: new_parcel(api)["properties"]["labels"].update(
            additionalProperties={"type": "string"}
        ),
        "labels/*: type None became string",
    ),
    "request condition": (
        lambda api: new_parcel(api).update(dependentRequired={"pieces": ["weight"]}),
        "dependentRequired changed",
    ),
    "alternatives of one kind": (
        lambda api: new_parcel(api)["properties"].update(
            to={
                "anyOf": [
                    {"type": "string", "format": "uuid"},
                    {"type": "string", "maxLength": 100, "format": "date"},
                ]
            }
        ),
        "to: alternatives changed",
    ),
    "reply header": (
        lambda api: operation(api, "post")["responses"]["201"].pop("headers"),
        "reply 201: the header Location is gone",
    ),
    "reply items": (
        lambda api: parcel(api)["properties"]["inside"].pop("items"),
        "inside[]: type object became None",
    ),
    "reply": (lambda api: operation(api, "post")["responses"].pop("201"), "reply 201 is gone"),
    "reply field": (lambda api: parcel(api)["properties"].pop("weight"), "weight: the field is"),
    "reply field optional": (
        lambda api: parcel(api).update(required=["id"]),
        "status: may be missing now",
    ),
    "reply type": (
        lambda api: parcel(api)["properties"].update(id={"type": "integer"}),
        "type string became integer",
    ),
    "reply null": (
        lambda api: parcel(api)["properties"].update(
            id={"anyOf": [{"type": "string", "format": "uuid"}, {"type": "null"}]}
        ),
        "id: may now be null",
    ),
    "reply format": (
        lambda api: parcel(api)["properties"]["id"].pop("format"),
        "format uuid became None",
    ),
    "reply value": (
        lambda api: parcel(api)["properties"]["status"].update(enum=["open"]),
        "value sent is gone",
    ),
    "reply list": (
        lambda api: parcel(api)["properties"]["inside"].update(items={"type": "string"}),
        "type object became string",
    ),
}

HARMLESS: dict[str, Edit] = {
    "new path": lambda api: api["paths"].update({"/v1/depots": {}}),
    "new operation": lambda api: api["paths"]["/v1/parcels/{id}"].update(
        delete={"operationId": "parcels_drop", "responses": {}}
    ),
    "optional parameter": lambda api: operation(api)["parameters"].append(
        {"name": "q", "in": "query", "schema": {"type": "string"}}
    ),
    "optional request field": lambda api: new_parcel(api)["properties"].update(
        note={"type": "string"}
    ),
    "request accepts more": lambda api: new_parcel(api)["properties"]["to"].update(maxLength=200),
    "request number": lambda api: new_parcel(api)["properties"]["pieces"].update(type="number"),
    "request not required": lambda api: new_parcel(api).update(required=[]),
    "new reply field": lambda api: parcel(api)["properties"].update(colour={"type": "string"}),
    "reply always there": lambda api: parcel(api).update(required=["id", "status", "inside"]),
    "reply never null": lambda api: parcel(api)["properties"].update(weight={"type": "string"}),
    "open enum": lambda api: parcel(api)["properties"]["status"].update(
        enum=["open", "sent", "lost"]
    ),
    "another refusal": lambda api: operation(api, "post")["responses"].update({"422": {}}),
    "refusal gone": lambda api: operation(api, "post")["responses"].pop("409"),
    "words": lambda api: operation(api).update(summary="The parcels"),
    "the same by reference": lambda api: number_pieces(api, default=1),
}

EVENT_BREAKING: dict[str, tuple[Edit, str]] = {
    "removed": (lambda event: event["properties"].pop("note"), "note: the field is gone"),
    "renamed": (
        lambda event: event["properties"].update(remark=event["properties"].pop("note")),
        "note: the field is gone",
    ),
    "new required": (
        lambda event: event.update(required=["id", "carrier", "note"]),
        "note: is required now",
    ),
    "no longer required": (
        lambda event: event.update(required=["id"]),
        "carrier: may be missing now",
    ),
    "type": (lambda event: event["properties"]["note"].update(type="integer"), "became integer"),
    "nullable": (
        lambda event: event["properties"]["carrier"].update(type=["string", "null"]),
        "carrier: may now be null",
    ),
    "value": (lambda event: event["properties"]["carrier"].update(enum=["rail"]), "road is gone"),
    "format": (lambda event: event["properties"]["id"].pop("format"), "format uuid became None"),
    "shorter": (lambda event: event["properties"]["note"].update(maxLength=5), "maxLength 50"),
    "inside": (
        lambda event: event["$defs"]["Money"]["properties"]["amount"].update(type="number"),
        "amount/amount: type string became number",
    ),
}

TOPICS: Document = {
    "info": {"version": "1.2.0"},
    "channels": {
        "parcel-v1": {"address": "parcel.v1", "messages": {"parcel-sent-v1": {}}},
    },
    "components": {
        "messages": {
            "parcel-sent-v1": {
                "name": "tandem.parcel-sent.v1",
                "contentType": "application/json",
                "bindings": {"kafka": {"key": {"type": "string"}}},
            }
        },
        "schemas": {
            "Attributes": {
                "type": "object",
                "required": ["ce_id"],
                "properties": {"ce_id": {"type": "string"}},
            }
        },
    },
}


def sent(topics: Document) -> Document:
    return topics["components"]["messages"]["parcel-sent-v1"]


TOPICS_BREAKING: dict[str, tuple[Edit, str]] = {
    "topic": (lambda topics: topics["channels"].clear(), "parcel.v1: parcel-sent-v1 is no longer"),
    "address": (
        lambda topics: topics["channels"]["parcel-v1"].update(address="parcels.v1"),
        "parcel.v1: parcel-sent-v1 is no longer",
    ),
    "message": (
        lambda topics: topics["channels"]["parcel-v1"].update(messages={}),
        "parcel.v1: parcel-sent-v1 is no longer",
    ),
    "type": (lambda topics: sent(topics).update(name="parcel-sent"), "name changed"),
    "key": (lambda topics: sent(topics).pop("bindings"), "bindings changed"),
    "header": (
        lambda topics: topics["components"]["schemas"]["Attributes"]["properties"].clear(),
        "headers/ce_id: the field is gone",
    ),
}

EVENT_HARMLESS: dict[str, Edit] = {
    "optional field": lambda event: event["properties"].update(colour={"type": "string"}),
    "open enum": lambda event: event["properties"]["carrier"]["enum"].append("sea"),
    "longer": lambda event: event["properties"]["note"].update(maxLength=500),
    "words": lambda event: event.update(description="It has left."),
}


def edited(document: Document, edit: Edit) -> Document:
    changed = copy.deepcopy(document)
    edit(changed)
    return changed


@pytest.mark.parametrize("kind", BREAKING)
def test_a_breaking_change_of_an_api_is_refused(kind):
    edit, words = BREAKING[kind]
    assert words in "\n".join(openapi_breaks(API, edited(API, edit)))


@pytest.mark.parametrize("kind", HARMLESS)
def test_a_compatible_change_of_an_api_passes(kind):
    assert openapi_breaks(API, edited(API, HARMLESS[kind])) == []


@pytest.mark.parametrize("kind", EVENT_BREAKING)
def test_a_breaking_change_of_an_event_is_refused(kind):
    """B56: consumers of new events and of stored ones both rely on the schema."""
    edit, words = EVENT_BREAKING[kind]
    assert words in "\n".join(event_breaks(EVENT, edited(EVENT, edit)))


@pytest.mark.parametrize("kind", EVENT_HARMLESS)
def test_a_compatible_change_of_an_event_passes(kind):
    """B56: within a major, fields are only added."""
    assert event_breaks(EVENT, edited(EVENT, EVENT_HARMLESS[kind])) == []


@pytest.mark.parametrize("kind", TOPICS_BREAKING)
def test_a_breaking_change_of_the_topics_is_refused(kind):
    edit, words = TOPICS_BREAKING[kind]
    assert words in "\n".join(asyncapi_breaks(TOPICS, edited(TOPICS, edit)))


def test_a_new_topic_and_a_new_message_pass():
    def more(topics: Document) -> None:
        topics["channels"]["parcel-v1"]["messages"]["parcel-lost-v1"] = {}
        topics["channels"]["depot-v1"] = {"address": "depot.v1", "messages": {}}
        topics["components"]["schemas"]["Attributes"]["properties"]["ce_new"] = {"type": "string"}

    assert asyncapi_breaks(TOPICS, edited(TOPICS, more)) == []


def test_a_code_keeps_its_status():
    old = "### busy\n\n**409** Busy\n\n### gone\n\n**410** Gone\n"
    assert problem_breaks(old, old.replace("410", "404")) == ["gone: status 410 became 404"]
    assert problem_breaks(old, old + "\n### new\n\n**422** New\n") == []


@pytest.mark.parametrize(
    ("old", "new", "allowed"),
    [
        ("1.2.0", "1.3.0", False),
        ("1.2.0", "2.0.0", True),
        ("0.1.0", "0.1.1", False),
        ("0.1.0", "0.2.0", True),
        ("0.9.0", "1.0.0", True),
        ("2.0.0", "1.9.0", False),
    ],
)
def test_a_new_version_is_what_allows_a_break(old, new, allowed):
    assert version_allows(old, new) is allowed


@pytest.fixture
def committed(tmp_path):
    """A working tree whose contracts are committed, and a way to commit new ones."""

    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
        subprocess.run(["git", "-C", tmp_path, *identity, *arguments], check=True)

    def commit(files: dict[str, Document]) -> None:
        for path, document in files.items():
            target = tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(json.dumps(document, indent=2))
        git("add", ".")
        git("commit", "--quiet", "--message", "contracts")

    git("init", "--quiet")
    return commit


PARCEL_API = "contracts/openapi/parcels.json"
PARCEL_TOPICS = "contracts/asyncapi/parcels.yaml"
PARCEL_SENT = "contracts/events/parcels/parcel-sent.v1.json"


def faults(root, files: dict[str, Document]) -> str:
    texts = {path: json.dumps(document) for path, document in files.items()}
    return "\n".join(broken_promises(History(root), texts))


def test_what_was_committed_last_is_what_was_promised(committed, tmp_path):
    files = {PARCEL_API: API, PARCEL_SENT: EVENT}
    committed(files)
    assert faults(tmp_path, files) == ""

    without_path = edited(API, BREAKING["path"][0])
    assert "/v1/parcels/{id}: the path is gone" in faults(
        tmp_path, {**files, PARCEL_API: without_path}
    )
    renamed = edited(EVENT, EVENT_BREAKING["renamed"][0])
    assert "note: the field is gone" in faults(tmp_path, {**files, PARCEL_SENT: renamed})


def test_the_schema_of_an_event_stays_when_its_new_major_has_come(committed, tmp_path):
    """Who kept events of the old one reads them with it, for ever."""
    successor = {PARCEL_SENT.replace(".v1.", ".v2."): EVENT}
    committed({PARCEL_SENT: EVENT})
    committed({PARCEL_SENT: EVENT} | successor)
    assert "the schema is gone" in faults(tmp_path, {})
    assert "the schema is gone" in faults(tmp_path, successor)
    assert faults(tmp_path, {PARCEL_SENT: EVENT} | successor) == ""


@pytest.mark.parametrize(
    ("path", "document", "edit"),
    [
        (PARCEL_API, API, BREAKING["path"][0]),
        (PARCEL_SENT, EVENT, EVENT_BREAKING["renamed"][0]),
        (PARCEL_TOPICS, TOPICS, TOPICS_BREAKING["topic"][0]),
    ],
    ids=["api", "event", "topics"],
)
def test_a_break_that_is_committed_already_is_seen(committed, tmp_path, path, document, edit):
    """A server checks commits, not the tree of whoever made them."""
    committed({path: document})
    broken = edited(document, edit)
    committed({path: broken})
    assert faults(tmp_path, {path: broken}) != ""


def test_a_branch_of_several_commits_is_compared_with_its_base(committed, tmp_path, monkeypatch):
    committed({PARCEL_SENT: EVENT})
    broken = edited(EVENT, EVENT_BREAKING["removed"][0])
    committed({PARCEL_SENT: broken})
    committed({PARCEL_API: API})
    assert faults(tmp_path, {PARCEL_SENT: broken}) == ""
    monkeypatch.setenv("CONTRACTS_BASE", "HEAD~2")
    assert "note: the field is gone" in faults(tmp_path, {PARCEL_SENT: broken})
    monkeypatch.setenv("CONTRACTS_BASE", "nowhere")
    assert "CONTRACTS_BASE names no commit" in faults(tmp_path, {PARCEL_SENT: EVENT})


def test_a_shallow_clone_does_not_pass_silently(committed, tmp_path):
    committed({PARCEL_API: API})
    committed({PARCEL_SENT: EVENT})
    shallow = tmp_path / "shallow"
    origin = f"file://{tmp_path}"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", origin, shallow], check=True)
    assert "this clone is shallow" in faults(shallow, {PARCEL_API: API, PARCEL_SENT: EVENT})


def test_a_released_version_binds_when_a_later_commit_hid_the_break(committed, tmp_path):
    committed({PARCEL_API: API})
    broken = edited(API, BREAKING["operation"][0])
    broken["info"]["version"] = "1.3.0"
    committed({PARCEL_API: broken})
    assert "against 1.2.0: POST /v1/parcels: the operation is gone" in faults(
        tmp_path, {PARCEL_API: broken}
    )
    broken["info"]["version"] = "2.0.0"
    assert faults(tmp_path, {PARCEL_API: broken}) == ""


@pytest.mark.parametrize("version", ["1.3.0-rc1", "1.3.0.dev1", "1.3.0rc2"])
def test_a_version_of_other_signs_than_digits_binds(committed, tmp_path, version):
    was = edited(API, lambda api: api["info"].update(version=version))
    committed({PARCEL_API: was})
    broken = edited(was, BREAKING["operation"][0])
    broken["info"]["version"] = "1.4.0"
    committed({PARCEL_API: broken})
    committed({PARCEL_API: edited(broken, lambda api: api["info"].update(title="Other"))})
    assert f"against {version}: POST /v1/parcels" in faults(tmp_path, {PARCEL_API: broken})
    committed({PARCEL_API: edited(broken, lambda api: api["info"].update(version="next"))})
    with pytest.raises(ValueError, match="says no version"):
        faults(tmp_path, {PARCEL_API: broken})


def test_without_history_the_gate_does_not_pass_silently(tmp_path):
    assert "no git history" in faults(tmp_path, {PARCEL_API: API})

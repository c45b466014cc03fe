"""Breaks are accepted one by one or by kind, with a reason; nothing accepts everything."""

import json

import pytest

from contracts.generator.accepted import accepted_breaks
from contracts.generator.promises import openapi_breaks
from tests.architecture.sources import ROOT
from tests.contract.test_breaking_changes import API, BREAKING, edited


def test_a_break_is_accepted_only_by_its_own_words_and_with_a_reason(tmp_path):
    assert "a.json: gone" not in accepted_breaks(tmp_path)
    listed = tmp_path / "contracts" / "accepted.toml"
    listed.parent.mkdir()
    listed.write_text('[[accepted]]\nbreak = "a.json: gone"\nwhy = "nobody calls it"\n', "utf-8")
    accepted = accepted_breaks(tmp_path)
    assert "a.json: gone" in accepted
    assert "b.json: gone" not in accepted
    listed.write_text('[[accepted]]\nbreak = "a.json: gone"\n', "utf-8")
    with pytest.raises(KeyError):
        accepted_breaks(tmp_path)


def accepting(root, kind: str):
    listed = root / "contracts" / "accepted.toml"
    listed.parent.mkdir(exist_ok=True)
    listed.write_text(f"[[accepted]]\nbreak = {json.dumps(kind)}\nwhy = 'it is'\n", "utf-8")
    return accepted_breaks(root)


def test_a_kind_of_breaks_is_accepted_in_its_own_words(tmp_path):
    renamed = "contracts/openapi/{}.json: against 0.1.0: GET /v1/a: operationId one was renamed"
    accepted = accepting(
        tmp_path, "contracts/openapi/erp.json: against 0.1.…: …: operationId … was renamed"
    )
    assert renamed.format("erp") in accepted
    assert renamed.format("crm") not in accepted
    assert "contracts/openapi/erp.json: against 0.1.0: GET /v1/a: is required now" not in accepted


@pytest.mark.parametrize(
    "kind",
    [
        "…",
        "……: …",
        "contracts/openapi/erp.json: …",
        "contracts/openapi/erp.json: against 0.1.0: …",
        "contracts/openapi/erp.json: against …: GET /v1/customers …",
        "contracts/openapi/erp.json: against 0.1.0: GET /v1/a …: …",
        "contracts/openapi/erp.json: against 0.1.0: …: … became …",
        "contracts/events/…: … gone",
    ],
)
def test_a_kind_cannot_accept_everything(tmp_path, kind):
    with pytest.raises(ValueError, match="does not say which kind"):
        accepting(tmp_path, kind)


def test_a_kind_of_ours_is_one_kind():
    """What an entry of `accepted.toml` says fits the words of one break, not of several."""
    lines = {
        f"contracts/openapi/erp.json: against 0.1.0: {fault}"
        for edit, _ in BREAKING.values()
        for fault in openapi_breaks(API, edited(API, edit))
    }
    assert len(lines) > 20
    for kind in accepted_breaks(ROOT).kinds:
        assert len({line.split(" ")[-1] for line in lines if kind.fullmatch(line)}) <= 1

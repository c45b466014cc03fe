"""What is made of the records that the other half says may be the same firm (B52)."""

from uuid import uuid4

import pytest

from sync_bridge.identity.matching import MatchSubject, match_result_of

SUBJECT = uuid4()
PROBE = MatchSubject(SUBJECT, tax_id="T-1", external_refs={"shop": "7"})


def match(*reasons, linked_to=None, status="active", tax_id="", refs=()):
    links = [{"system": "crm", "external_id": str(linked_to)}] if linked_to else []
    links += [{"system": system, "external_id": one} for system, one in refs]
    return {
        "id": str(uuid4()),
        "number": "C-1",
        "name": "Elm",
        "status": status,
        "tax_id": tax_id,
        "external_refs": links,
        "reasons": list(reasons),
    }


def judged(*found, source_record=PROBE):
    """The place of the twin among the finds, and the places of those for a person."""
    finding = match_result_of(source_record, found, sender="crm")
    places = {one["id"]: at for at, one in enumerate(found)}
    twin = places[str(finding.twin)] if finding.twin else None
    return twin, [places[str(one.id)] for one in finding.candidates]


@pytest.mark.parametrize("reason", ["tax_id", "external_id"])
def test_a_single_free_find_by_an_exact_id_is_the_twin(reason):
    assert judged(match(reason)) == (0, [])
    assert judged(match("email"), match(reason, "email")) == (1, [])


@pytest.mark.parametrize("reason", ["email", "phone", "name_and_address"])
def test_what_may_agree_by_chance_is_for_a_person(reason):
    assert judged(match(reason)) == (None, [0])
    assert judged(match("email", "phone", "name_and_address")) == (None, [0])


def test_nothing_found_is_new():
    assert judged() == (None, [])


def test_whoever_is_linked_to_the_record_is_its_twin():
    assert judged(match("tax_id"), match("email", linked_to=SUBJECT, status="archived")) == (1, [])


def test_two_of_one_exact_id_are_for_a_person():
    assert judged(match("tax_id"), match("tax_id")) == (None, [0, 1])
    assert judged(match("tax_id"), match("tax_id", linked_to=uuid4())) == (None, [0, 1])


def test_one_that_is_linked_elsewhere_is_shown_where_an_exact_id_names_it():
    assert judged(match("tax_id", linked_to=uuid4())) == (None, [0])
    assert judged(match("email", linked_to=uuid4())) == (None, [])


def test_an_archived_record_is_no_twin():
    assert judged(match("tax_id", status="archived")) == (None, [])
    assert judged(match("tax_id", status="archived"), match("tax_id")) == (1, [])


def test_another_tax_id_speaks_against_the_same_foreign_id():
    assert judged(match("external_id", tax_id="T-2")) == (None, [0])
    assert judged(match("external_id", tax_id="ｔ 1")) == (0, [])
    assert judged(match("external_id", tax_id="")) == (0, [])


def test_another_foreign_id_speaks_against_the_same_tax_id():
    assert judged(match("tax_id", refs=[("shop", "8")])) == (None, [0])
    assert judged(match("tax_id", refs=[("shop", "7"), ("till", "9")])) == (0, [])


def test_a_person_sees_all_that_agrees():
    (one,) = match_result_of(PROBE, [match("email", "phone")], sender="crm").candidates
    assert (one.label, one.why, one.reasons) == ("C-1 Elm", "email", ("email", "phone"))

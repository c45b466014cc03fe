"""C7 to C11: two records of one person are hinted at with a score and its reasons."""

import csv
import os
import time
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path

import pytest

from values.address import Address
from values.persons import LIKELY, Declared, likeness, person_keys

SHARED = Path(os.environ.get("TANDEM_SHARED", Path(__file__).parents[4] / "shared"))
FEBRL = SHARED / "data" / "febrl"
PROSPECTS = SHARED / "data" / "prospects" / "prospective_buyers.csv"
SECONDS_MAX = 60


def reasons(one, other):
    """What two records have in common, and the points of it."""
    found = likeness(person_keys(**one), person_keys(**other))
    assert found.score == sum(found.reasons.values())
    return dict(found.reasons)


def test_an_address_is_one_in_any_case_and_spelling_of_the_domain():
    """C7."""
    one = {"name": "Lin", "email": "Lin.Wei@BÜCHER.example"}
    other = {"name": "Lin", "email": "lin.wei@xn--bcher-kva.example"}
    assert reasons(one, other) == {"email": 65, "name": 25}


@pytest.mark.parametrize(
    ("one", "other", "country"),
    [
        ("(512) 867-5309", "+1 512 867 5309", "US"),
        ("512.867.5309", "+1 512 867 5309", "US"),
        ("020 7946 0018", "+44 (0)20 7946 0018", "GB"),
        ("138 1234 5678", "+86 138-1234-5678", "CN"),
    ],
)
def test_a_number_is_one_in_any_spelling(one, other, country):
    """C8."""
    here = {"name": "Lin", "phone": one, "address": Address(country=country)}
    assert reasons(here, {"name": "Lin", "phone": other})["phone"] == 45


def test_a_number_that_no_plan_knows_is_compared_by_its_last_digits():
    """C9."""
    one, other = {"name": "Ana", "phone": "+55 11 8765-4321"}, {"name": "Ana", "phone": "8765 4321"}
    assert reasons(one, other)["phone"] == 45


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Acme GmbH", "ACME, Inc."),
        ("Acme GmbH", "Acme Co., Ltd."),
        ("上海艾克米有限公司", "上海艾克米"),
    ],
)
def test_a_firm_is_one_without_its_legal_form(one, other):
    """C10."""
    assert reasons({"name": "Lin", "company": one}, {"name": "Lin", "company": other}) == {
        "name": 25,
        "company": 15,
    }


def test_a_domain_where_anybody_has_an_address_links_nobody():
    """C10."""
    for domain, found in (("mill.example", {"domain": 15}), ("gmail.com", {}), ("QQ.com", {})):
        one = {"name": "Lin", "email": f"lin@{domain}"}
        other = {"name": "Xu", "email": f"xu@{domain}"}
        assert reasons(one, other) == found | {"name": -10}
        assert not [
            word for word in person_keys(**one).blocks if "gmail" in word and " at " in word
        ]


def test_one_name_at_a_firm_is_a_hint_and_a_like_one_is_a_colleague():
    """C10, C11: the domain and the name alone are enough where the name is the same."""
    place = Address(city="Ningbo", postal_code="315000")
    one = {"name": "Lin Wei", "email": "lin.wei@mill.example", "address": place}
    same = {"name": "Wei LIN", "email": "sales@mill.example"}
    like = {"name": "Lin Wen", "email": "wen@mill.example", "address": place}
    assert likeness(person_keys(**one), person_keys(**same)).is_hint
    colleague = likeness(person_keys(**one), person_keys(**like))
    assert (colleague.reasons["name"], colleague.reasons["domain"]) == (15, 15)
    assert not colleague.is_hint
    assert likeness(person_keys(**one | {"phone": "1"}), person_keys(**one)).is_hint


def test_a_name_is_one_with_its_words_turned_round():
    assert reasons({"name": "Madeline Mason"}, {"name": "MASON, Madéline"}) == {"name": 25}


def read(number):
    """The records of a set, as keys and as whose each is."""
    with (FEBRL / f"dataset{number}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    keys = [
        person_keys(
            name=f"{row['given_name']} {row['surname']}",
            address=Address(
                line1=f"{row['street_number']} {row['address_1']}",
                line2=row["address_2"],
                city=row["suburb"],
                postal_code=row["postcode"],
            ),
            declared={
                "date_of_birth": Declared(row["date_of_birth"], 35),
                "national_id": Declared(row["soc_sec_id"], 50),
            },
        )
        for row in rows
    ]
    return keys, [row["rec_id"].split("-")[1] for row in rows]


@pytest.mark.skipif(not FEBRL.exists(), reason="the public data set febrl is not there")
@pytest.mark.parametrize("number", [1, 3])
def test_duplicates_of_a_public_set_are_found(number):
    """C11: of FEBRL's sets 1 and 3, by declared fields too; 99 of 100 hints are right."""
    began = time.monotonic()
    keys, person = read(number)
    blocks = defaultdict(list)
    for at, one in enumerate(keys):
        for word in one.blocks:
            blocks[word].append(at)
    compared = {pair for members in blocks.values() for pair in combinations(members, 2)}
    hinted = [(a, b) for a, b in compared if likeness(keys[a], keys[b]).score >= LIKELY]
    right = sum(person[a] == person[b] for a, b in hinted)
    true = sum(count * (count - 1) // 2 for count in Counter(person).values())
    assert right / len(hinted) >= 0.99
    assert right / true >= 0.95
    assert time.monotonic() - began < SECONDS_MAX


@pytest.mark.skipif(not PROSPECTS.exists(), reason="the public data set prospects is not there")
def test_colleagues_of_a_public_set_are_no_hints():
    """C10, C11: of 1,030 prospects at 21 firms none is hinted at for its firm's domain alone."""
    with PROSPECTS.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    keys = [
        person_keys(
            name=f"{row['FirstName']} {row['LastName']}",
            email=row["EmailAddress"],
            address=Address(
                line1=row["AddressLine1"], city=row["City"], postal_code=row["PostalCode"]
            ),
        )
        for row in rows
    ]
    blocks = defaultdict(list)
    for at, one in enumerate(keys):
        for word in one.blocks:
            blocks[word].append(at)
    compared = {pair for members in blocks.values() for pair in combinations(members, 2)}
    hinted = [(a, b) for a, b in compared if likeness(keys[a], keys[b]).is_hint]
    born = [row["BirthDate"] for row in rows]
    assert len(keys) == 1030
    assert all(keys[a].email == keys[b].email or born[a] == born[b] for a, b in hinted)

"""What an actor may do."""

import pytest

from chassis.actor import SYSTEM, Actor


def with_scopes(*scopes):
    return Actor(kind="key", id="k1", name="till", scopes=frozenset(scopes))


@pytest.mark.parametrize(
    ("scopes", "asked", "allowed"),
    [
        (["parties.read"], "parties.read", True),
        (["parties.write"], "parties.read", True),
        (["parties.write"], "parties.write", True),
        (["parties.read"], "parties.write", False),
        (["catalog.write"], "parties.read", False),
        (["admin"], "parties.write", True),
        (["admin"], "admin", True),
        (["parties.write"], "admin", False),
        (["read"], ".read", False),
        ([], "parties.read", False),
    ],
)
def test_a_scope_allows_what_it_says_and_writing_includes_reading(scopes, asked, allowed):
    assert with_scopes(*scopes).may(asked) is allowed


def test_the_reference_tells_kinds_apart():
    assert with_scopes().reference == "key:k1"
    assert SYSTEM.reference == "system:system"
    assert SYSTEM.may("anything.write")

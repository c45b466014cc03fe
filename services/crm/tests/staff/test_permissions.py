"""The rule: nobody gives more than they have."""

import pytest

from chassis.actor import Actor
from crm.app import SERVICE
from crm.staff.rules.permissions import missing_permission

ROLES = SERVICE.roles


def holder(*scopes):
    return Actor(kind="user", id="1", name="Lin", scopes=frozenset(scopes))


@pytest.mark.parametrize("role", ROLES)
def test_an_administrator_gives_every_role(role):
    assert missing_permission(holder("admin").may, [role], ROLES) is None


def test_a_manager_gives_the_roles_below_and_the_own_one():
    manager = holder(*ROLES["sales_manager"])
    given = {role for role in ROLES if missing_permission(manager.may, [role], ROLES) is None}
    assert given == {"seller", "sales_manager", "service_agent", "marketer"}


def test_the_permission_lacking_is_named():
    assert missing_permission(holder("staff.write").may, ["seller"], ROLES) == "absences.read"
    lacking = missing_permission(holder("accounts.write").may, ["marketer"], ROLES)
    assert lacking == "activities.read"


@pytest.mark.parametrize("roles", [[], ["nobody"]])
def test_what_holds_nothing_is_no_more_than_anybody_has(roles):
    assert missing_permission(holder().may, roles, ROLES) is None


def test_roles_hold_permissions_that_there_are():
    assert {scope for role in ROLES.values() for scope in role} <= SERVICE.permissions.keys()

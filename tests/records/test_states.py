"""The words of a state stand once: the database has those of the models, which take the enums."""

import re

import pytest
from sqlalchemy import CheckConstraint

from approvals.states import ApprovalState
from chassis.work.ways import Way
from tests.records.kinds import HALVES

DEFINED = """select c.conname, pg_get_constraintdef(c.oid) as text from pg_constraint c
  join pg_namespace n on n.oid = c.connamespace
  where n.nspname = current_schema() and c.conname like '%\\_known'"""


def words(text: str) -> set[str]:
    """The words in quotes of a constraint."""
    return set(re.findall(r"'(\w+)'", text))


@pytest.mark.parametrize("half", HALVES)
async def test_the_database_knows_the_words_that_the_models_list(desks, half):
    """Migrations and models name the same constraints, with the same words; so does the history."""
    listed = {
        str(check.name): words(str(check.sqltext))
        for table in HALVES[half].metadata.sorted_tables
        for check in table.constraints
        if isinstance(check, CheckConstraint) and str(check.name).endswith("_known")
    }
    listed["ck_record_change_way_known"] = set(Way)
    # The library of approvals has tables, and no models.
    listed["ck_approval_state_known"] = set(ApprovalState)
    found = {row["conname"]: words(row["text"]) for row in await desks[half].rows(DEFINED)}
    assert found == listed

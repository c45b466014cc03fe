"""States and kinds of records: an enum's words are the only ones that a column may hold.

Where it is said which state may follow which, a trigger of the table refuses all other ways.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint

__all__ = ["REFUSE_TRANSITION", "enum_check", "transition_trigger"]

REFUSE_TRANSITION = """create function refuse_transition() returns trigger language plpgsql as $$
  begin
    raise exception 'no % goes from % to %', tg_table_name, to_jsonb(old) ->> tg_argv[0],
      to_jsonb(new) ->> tg_argv[0] using errcode = 'restrict_violation', constraint = tg_name;
  end $$"""
"""The function of all these triggers; the triggers themselves say what is refused."""


def enum_check(
    column: str,
    states: type[StrEnum],
    following: Mapping[Any, Collection[StrEnum]] | None = None,
) -> CheckConstraint:
    """The constraint `<column>_known`: the column has one of the words of the enum.

    `following`: state -> those that may follow it; a migration makes the `transition_trigger`.
    """
    words = ", ".join(f"'{state}'" for state in states)
    name = f"{column}_known"
    info = {"states": states, "column": column, "following": following}
    return CheckConstraint(f"{column} in ({words})", name=name, info=info)


def transition_trigger(table: str, column: str, following: Mapping[str, Collection[str]]) -> str:
    """The trigger that lets a state go along these ways only, in place of the one before.

    A row may be added in any state, as imports of a history do.
    """
    ways = sorted((before, after) for before, states in following.items() for after in states)
    listed = ", ".join(f"('{before}', '{after}')" for before, after in ways)
    beyond = f" and (old.{column}, new.{column}) not in ({listed})" if ways else ""
    return f"""create or replace trigger {table}_{column}_follows before update of {column}
      on {table} for each row when (old.{column} is distinct from new.{column}{beyond})
      execute function refuse_transition('{column}')"""

"""Leads are merged: their touches and consents go over by a merge, and by nothing else.

Revision ID: 0651
Revises: 0650
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS

revision = "0651"
down_revision = "0650"

_OF_TOUCH = "source, campaign, medium, touched_at, created_at"
_OF_CONSENT = "form_id, channel, state, text, text_version, proof, agreed_at"
_MERGED = """exists (select from record_merge m where m.record_type = 'lead'
      and (m.undone_at is null and (m.loser_id, m.winner_id) = (old.lead_id, new.lead_id)
        or m.undone_at is not null and (m.winner_id, m.loser_id) = (old.lead_id, new.lead_id)))"""
"""That the row went from one lead to the other by a merge, or came back by its undo."""


def _fields(row: str, names: str) -> str:
    return ", ".join(f"{row}.{name}" for name in ("id", *names.split(", ")))


def _stays(table: str, words: str, names: str, emptied: str, *, moved: str) -> str:
    """A trigger's function: only an erasure empties a row, and only `moved` changes otherwise."""
    same = f"({_fields('new', names)}) is not distinct from ({_fields('old', names)})"
    stays = " and ".join(f"new.{name} = old.{name}" for name in moved.split(", "))
    moves = f"(new.{emptied}, new.emptied) = (old.{emptied}, old.emptied)"
    return f"""create or replace function {table}_stays() returns trigger
      language plpgsql as $$ begin
      if tg_op = 'UPDATE' and {same}
        and (new.{emptied} = '' and new.emptied and {stays} or {moves}) then
        return new;
      end if;
      raise exception '{words} of leads are never changed' using errcode = 'restrict_violation';
    end $$"""


FUNCTIONS = (
    _stays("lead_touch", "touches", _OF_TOUCH, "referrer", moved="lead_id, is_first"),
    _stays("lead_consent", "consents", _OF_CONSENT, "source_address", moved="lead_id"),
    f"""create function lead_rows_move_by_merge() returns trigger language plpgsql as $$ begin
      if old.lead_id <> new.lead_id and not {_MERGED} then
        raise exception 'only a merge gives rows of a lead to another one'
          using errcode = 'restrict_violation';
      end if;
      return null;
    end $$""",
    # However touches came and went: of those that a lead has one is the first.
    """create function lead_has_a_first_touch() returns trigger language plpgsql as $$ begin
      if not exists (select from record_merge m where m.record_type = 'lead'
          and new.lead_id in (m.winner_id, m.loser_id))
        or exists (select from lead_touch t where t.lead_id in (old.lead_id, new.lead_id)
          group by t.lead_id having count(*) filter (where t.is_first) <> 1) then
        raise exception 'the first touch of a lead stays' using errcode = 'restrict_violation';
      end if;
      return null;
    end $$""",
    """create or replace function lead_source_stays() returns trigger language plpgsql as $$ begin
      if exists (select from lead_touch t where t.lead_id = new.id and t.is_first
          and (t.source, t.campaign) <> (new.source, new.campaign)) then
        raise exception 'the first touch of a lead stays' using errcode = 'restrict_violation';
      end if;
      return new;
    end $$""",
)
TRIGGERS = (
    *(
        f"""create constraint trigger {table}_moves_by_merge after update of lead_id on {table}
          deferrable initially deferred for each row execute function lead_rows_move_by_merge()"""
        for table in ("lead_touch", "lead_consent", "lead_form_post", "lead_confirmation")
    ),
    """create constraint trigger lead_touch_first after update of lead_id, is_first on lead_touch
      deferrable initially deferred for each row
      when (old.lead_id <> new.lead_id or old.is_first <> new.is_first)
      execute function lead_has_a_first_touch()""",
)


def upgrade() -> None:
    """Let merges move what stands at a lead; whatever else would is refused at COMMIT."""
    for statement in (*FUNCTIONS, *TRIGGERS, PIN_FUNCTIONS):
        op.execute(statement)


def downgrade() -> None:
    """Take the triggers away, and let nothing move any more."""
    fixed = (f"{_OF_TOUCH}, lead_id, is_first", f"{_OF_CONSENT}, lead_id")
    op.execute(_stays("lead_touch", "touches", fixed[0], "referrer", moved="lead_id"))
    op.execute(_stays("lead_consent", "consents", fixed[1], "source_address", moved="lead_id"))
    for table in ("lead_touch", "lead_consent", "lead_form_post", "lead_confirmation"):
        op.execute(f"drop trigger {table}_moves_by_merge on {table}")
    op.execute("drop trigger lead_touch_first on lead_touch")
    op.execute("drop function lead_rows_move_by_merge(), lead_has_a_first_touch()")

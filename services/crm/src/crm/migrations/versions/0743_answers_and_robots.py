"""Answers to quotes are emptied of erased persons; posts of robots are deleted after some days.

Revision ID: 0743
Revises: 0742
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS

revision = "0743"
down_revision = "0742"

_PERSON = "ck_quote_answer_person_given"
UP = (
    "alter table quote_answer add column emptied boolean default false not null",
    f"alter table quote_answer drop constraint {_PERSON}",
    f"""alter table quote_answer add constraint {_PERSON} check (
      case when emptied then person = '' and note = '' and source_address = ''
        else person <> '' end)""",
    "drop trigger quote_answer_append_only on quote_answer",
    """create trigger quote_answer_append_only before delete on quote_answer
      for each row execute function append_only()""",
    """create function quote_answer_stays() returns trigger language plpgsql as $$
    declare
      emptied text[] := array['person', 'note', 'source_address', 'emptied'];
    begin
      if new.emptied and not old.emptied and to_jsonb(new) - emptied = to_jsonb(old) - emptied then
        return new;
      end if;
      raise exception 'the answer to quote % stays as it was given', old.quote_id
        using errcode = 'restrict_violation';
    end $$""",
    """create trigger quote_answer_stays before update on quote_answer
      for each row execute function quote_answer_stays()""",
    """create index ix_lead_form_post_robots on lead_form_post (created_at)
      where outcome = 'robot'""",
    """create function lead_form_post_stays() returns trigger language plpgsql as $$
    begin
      if old.outcome = 'robot' then
        return old;
      end if;
      raise exception 'what made a lead stays' using errcode = 'restrict_violation';
    end $$""",
    """create trigger lead_form_post_stays before delete on lead_form_post
      for each row execute function lead_form_post_stays()""",
    PIN_FUNCTIONS,
)
DOWN = (
    "drop trigger lead_form_post_stays on lead_form_post",
    "drop function lead_form_post_stays()",
    "drop index ix_lead_form_post_robots",
    "drop trigger quote_answer_stays on quote_answer",
    "drop function quote_answer_stays()",
    "drop trigger quote_answer_append_only on quote_answer",
    f"alter table quote_answer drop constraint {_PERSON}",
    "update quote_answer set person = '[erased]' where emptied",
    f"alter table quote_answer add constraint {_PERSON} check (person <> '')",
    "alter table quote_answer drop column emptied",
    """create trigger quote_answer_append_only before update or delete on quote_answer
      for each row execute function append_only()""",
)


def upgrade() -> None:
    """Let answers be emptied, once, and posts of robots be deleted; nothing else."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Let both stay as they are."""
    for statement in DOWN:
        op.execute(statement)

"""Texts of contracts name whom they were made for; those that nobody agreed to may be deleted.

Revision ID: 0755
Revises: 0750
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS

revision = "0755"
down_revision = "0750"

PARTIES = {"account_id": "account", "contact_id": "contact"}


def _contract_fixed(more: str) -> str:
    """The function that keeps what was sent; `more`: what else of it is free, by SQL."""
    return f"""create or replace function contract_fixed() returns trigger language plpgsql as $$
    declare
      free text[] := array['version', 'updated_at', 'state', 'status', 'owner_id', 'team_id',
        'note', 'custom', 'account_id', 'contact_id', 'notice_on'] || case old.state
          when 'sent' then array['signer', 'signed_on', 'closed_on', 'closing_reason']
          when 'signed' then array['renewal_on', 'ends_on', 'closed_on', 'closing_reason']
          else '{{}}' end;
    begin
      {more}
      if old.state = 'draft' or tg_op = 'UPDATE'
          and to_jsonb(old) - free = to_jsonb(new) - free then
        return case when tg_op = 'DELETE' then old else new end;
      end if;
      raise exception 'contract % was sent: it stays as it is', old.id
        using errcode = 'check_violation', constraint = 'ck_contract_fixed', table = 'contract';
    end $$"""


_EMPTIED = """if tg_op = 'UPDATE' and old.sent_on is null and new.contract_version is null then
        free := free || array['contract_version', 'text_hash'];
      end if;"""


def _text_fixed(allowed: str) -> str:
    return f"""create or replace function contract_text_fixed() returns trigger
    language plpgsql as $$
    declare
      changed jsonb := case when tg_op = 'DELETE' then to_jsonb(old) else to_jsonb(new) end;
      wanted uuid := (changed ->> 'contract_id')::uuid;
    begin
      if {allowed} then
        return case when tg_op = 'DELETE' then old else new end;
      end if;
      raise exception 'texts of the contract % stay as they are', wanted
        using errcode = 'check_violation', constraint = 'ck_contract_text_fixed',
          table = 'contract_text';
    end $$"""


_OF_DRAFTS = """tg_op <> 'UPDATE' and exists (
          select from contract c where c.id = wanted and c.state = 'draft')"""
_NOT_AGREED_TO = """(case tg_op
        when 'INSERT' then exists (
          select from contract c where c.id = wanted and c.state = 'draft')
        when 'DELETE' then exists (
          select from contract c where c.id = wanted and (c.sent_on is null
            or c.contract_version <> (changed ->> 'contract_version')::smallint))
        else to_jsonb(old) - array['account_id', 'contact_id']
          = to_jsonb(new) - array['account_id', 'contact_id'] end)"""


def upgrade() -> None:
    """Add whom texts name, as their contracts do now; let what bound nobody be deleted."""
    for column, table in PARTIES.items():
        op.execute(
            f"""alter table contract_text add column {column} uuid
              constraint fk_contract_text_{column}_{table} references {table} (id)"""
        )
    op.execute(_contract_fixed(_EMPTIED))
    op.execute(_text_fixed(_NOT_AGREED_TO))
    op.execute(
        """update contract_text t set account_id = c.account_id, contact_id = c.contact_id
          from contract c where c.id = t.contract_id"""
    )
    for column in PARTIES:
        op.execute(f"create index ix_contract_text_{column} on contract_text ({column})")
    op.execute(PIN_FUNCTIONS)


def downgrade() -> None:
    """Let texts name nobody, and all but those of drafts stay."""
    op.execute(_text_fixed(_OF_DRAFTS))
    op.execute(_contract_fixed(""))
    for column in PARTIES:
        op.execute(f"alter table contract_text drop column {column}")
    op.execute(PIN_FUNCTIONS)

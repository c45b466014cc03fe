"""Accounts have known roles, each of which some account has; codes may be exchanged at once.

Revision ID: e450
Revises: e420
"""

from alembic import op

revision = "e450"
down_revision = "e420"

_ROLES = (
    *("bank", "receivable", "inventory", "payable", "grni", "customer_credit", "tax_output"),
    *("tax_input", "equity_opening", "retained", "sales", "freight_income", "cogs"),
    *("inventory_adjustment", "purchase_variance", "bad_debt", "payment_difference"),
)
_KNOWN = ", ".join(f"'{one}'" for one in _ROLES)
_CONTROL = "('receivable', 'payable', 'inventory', 'grni')"
_KEPT = """create trigger account_is_kept before update of {columns} or delete on account
  for each row execute function refuse_change()"""
_STATEMENTS = (
    f"""alter table account
      add constraint ck_account_role_known check (role in ({_KNOWN})),
      drop constraint uq_account_code,
      add constraint uq_account_code unique (code) deferrable""",
    """create function role_keeps_an_account() returns trigger language plpgsql as $$
    begin
      if not exists (select from account where role = old.role) then
        raise exception 'no account has the role % any more', old.role
          using errcode = 'check_violation', constraint = 'ck_account_role_kept';
      end if;
      return null;
    end $$""",
    """create constraint trigger account_role_is_kept after update of role or delete on account
      deferrable initially deferred for each row when (old.role is not null)
      execute function role_keeps_an_account()""",
    "drop trigger account_is_kept on account",
    _KEPT.format(columns="id"),
    f"""create function account_with_entries_stays() returns trigger language plpgsql as $$
    begin
      if (old.kind <> new.kind or old.role in {_CONTROL} or new.role in {_CONTROL})
          and exists (select from journal_line where account_id = old.id) then
        raise exception 'account % has entries', old.code using errcode = 'restrict_violation';
      end if;
      return new;
    end $$""",
    """create trigger account_with_entries_stays before update on account
      for each row when (old.kind <> new.kind or old.role is distinct from new.role)
      execute function account_with_entries_stays()""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    for function in ("account_with_entries_stays", "role_keeps_an_account"):
        op.execute(f"drop function {function}() cascade")
    op.execute("drop trigger account_is_kept on account")
    op.execute(_KEPT.format(columns="id, kind, role"))
    op.execute(
        """alter table account drop constraint ck_account_role_known,
             drop constraint uq_account_code, add constraint uq_account_code unique (code)"""
    )

"""Small differences and bad debts are written off.

Revision ID: e242
Revises: e221
"""

from alembic import context, op

from chassis.ids import uuid7

revision = "e242"
down_revision = "e221"

_KINDS = {
    ("payment", "ck_payment_kind_known", "kind"): (
        "('payment', 'credit_note')",
        "('payment', 'credit_note', 'small_difference', 'bad_debt')",
    ),
    ("invoice", "ck_invoice_state_known", "state"): (
        "('issued', 'partly_paid', 'paid', 'credited')",
        "('issued', 'partly_paid', 'paid', 'credited', 'written_off')",
    ),
}
_OPEN = "amount > 0 and open_amount >= 0 and credited >= 0"
_BEFORE = f"{_OPEN} and open_amount + credited <= amount"
_NOW = f"{_OPEN} and written_off >= 0 and open_amount + credited + written_off <= amount"
_NAME = "ck_open_item_open_within_amount"

_ACCOUNT = """insert into account (id, version, created_at, updated_at, code, name, name_zh, kind,
    role, active)
  select '{id}', 1, now(), now(), coalesce((select c
      from (values ('6604'), ('6604.1'), ('6604.2')) as codes(c)
      where not exists (select from account a where a.code = c) order by c limit 1),
    'payment-difference'), 'Payment differences', '收付差异', 'expense', 'payment_difference',
    true
    where not exists (select from account where role = 'payment_difference')"""


def upgrade() -> None:
    op.execute("alter table open_item add column written_off numeric(20, 4) not null default 0")
    _judge(_NOW)
    op.execute(f"alter table open_item validate constraint {_NAME}")
    for (table, name, column), (_, now) in _KINDS.items():
        _know(table, name, f"{column} in {now}")
        op.execute(f"alter table {table} validate constraint {name}")
    op.execute("create index ix_payment_kind_created_at on payment (kind, created_at, id)")
    if not context.is_offline_mode():
        op.execute(_ACCOUNT.format(id=uuid7()))


def downgrade() -> None:
    # What was written off meanwhile stays: older rows are not judged anew.
    op.execute("drop index ix_payment_kind_created_at")
    for (table, name, column), (before, _) in _KINDS.items():
        _know(table, name, f"{column} in {before}")
    _judge(_BEFORE)
    op.execute("alter table open_item drop column written_off")


def _know(table: str, name: str, rule: str) -> None:
    op.execute(
        f"""alter table {table} drop constraint {name},
              add constraint {name} check ({rule}) not valid"""
    )


def _judge(rule: str) -> None:
    _know("open_item", _NAME, rule)

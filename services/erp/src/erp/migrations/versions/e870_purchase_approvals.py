"""Purchase orders wait for approval where a rule wants it (E71).

Revision ID: e870
Revises: e860
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS
from chassis.storage.states import transition_trigger

revision = "e870"
down_revision = "e860"

_BEFORE = {
    "ordered": ("closed", "partly_received", "received"),
    "partly_received": ("closed", "ordered", "received"),
    "received": ("closed", "ordered", "partly_received"),
    "closed": ("ordered", "partly_received", "received"),
}
_FOLLOWING = _BEFORE | {
    "pending_approval": ("closed", "ordered"),
    "ordered": ("closed", "partly_received", "pending_approval", "received"),
}
# An order waits as long as somebody is asked about it, and meanwhile nothing is expected of it.
_PROOF = """create function purchase_order_waits_for_approval() returns trigger
  language plpgsql as $$
  declare
    order_id uuid;
    waits boolean;
  begin
    order_id := case tg_table_name
      when 'purchase_order' then to_jsonb(new) ->> 'id'
      when 'purchase_receipt' then to_jsonb(new) ->> 'purchase_order_id'
      when 'approval' then to_jsonb(new) ->> 'subject_id'
      else (select l.purchase_order_id::text from purchase_order_line l
        where l.id = (to_jsonb(new) ->> 'source_line_id')::uuid) end;
    select o.state = 'pending_approval' into waits from purchase_order o where o.id = order_id;
    if not found then
      return null;
    end if;
    if waits <> exists (select from approval a where a.kind = 'purchase'
        and a.subject_id = order_id and a.state = 'pending') then
      raise exception 'purchase order % waits for approval exactly as long as it is asked for',
        order_id using errcode = 'check_violation', constraint = tg_name;
    end if;
    if waits and (
        exists (select from purchase_receipt r where r.purchase_order_id = order_id
          and not exists (select from purchase_return t
            where t.purchase_receipt_id = r.id and t.kind = 'reversal'))
        or exists (select from purchase_order_line l where l.purchase_order_id = order_id
          and (l.received > 0 or l.returned > 0 or l.billed > 0
            or exists (select from incoming i where i.source_line_id = l.id)))) then
      raise exception 'nothing is expected or received of purchase order % before its approval',
        order_id using errcode = 'check_violation', constraint = tg_name;
    end if;
    return null;
  end $$"""
_TRIGGERS = (
    (
        "purchase_order",
        "new_purchase_order_waits_for_approval",
        "insert",
        "new.state = 'pending_approval'",
    ),
    (
        "purchase_order",
        "purchase_order_waits_for_approval",
        "update of state",
        "old.state <> new.state and 'pending_approval' in (old.state, new.state)",
    ),
    (
        "approval",
        "approval_of_purchase_order",
        "insert or update of state",
        "new.kind = 'purchase'",
    ),
    ("incoming", "incoming_is_not_pending", "insert", ""),
    ("purchase_receipt", "purchase_receipt_is_not_pending", "insert", ""),
)
"""Table, trigger, on which acts, under which condition."""


def _trigger(table: str, name: str, acts: str, condition: str) -> str:
    when = f" when ({condition})" if condition else ""
    return f"""create constraint trigger {name} after {acts} on {table}
      deferrable initially deferred for each row{when}
      execute function purchase_order_waits_for_approval()"""


def _known(*states: str) -> str:
    listed = ", ".join(f"'{state}'" for state in states)
    return f"""alter table purchase_order drop constraint ck_purchase_order_state_known,
      add constraint ck_purchase_order_state_known check (state in ({listed}))"""


def upgrade() -> None:
    """Add the state, and let the database promise what it means."""
    op.execute(_known("pending_approval", "ordered", "partly_received", "received", "closed"))
    op.execute(transition_trigger("purchase_order", "state", _FOLLOWING))
    op.execute(_PROOF)
    for one in _TRIGGERS:
        op.execute(_trigger(*one))
    op.execute(PIN_FUNCTIONS)


def downgrade() -> None:
    """Close what waits, and let nothing wait."""
    op.execute("drop function purchase_order_waits_for_approval() cascade")
    op.execute("alter table approval disable trigger user")
    op.execute(
        """update approval set state = 'withdrawn', version = version + 1, updated_at = now()
            where kind = 'purchase' and state = 'pending'"""
    )
    op.execute("alter table approval enable trigger user")
    op.execute(
        """update purchase_order set state = 'closed', version = version + 1, updated_at = now()
            where state = 'pending_approval'"""
    )
    op.execute(_known("ordered", "partly_received", "received", "closed"))
    op.execute(transition_trigger("purchase_order", "state", _BEFORE))

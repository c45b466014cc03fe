"""What leads are converted to, and that they stay converted.

Revision ID: 0650
Revises: 0640
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS

revision = "0650"
down_revision = "0640"

COLUMNS = {"account_id": "account", "contact_id": "contact", "opportunity_id": "opportunity"}
RULES = {
    "converted_has_time": "(status = 'converted') = (converted_at is not null)",
    "converted_to_something": (
        "(status = 'converted') = (account_id is not null or opportunity_id is not null)"
    ),
    "contact_at_account": "contact_id is null or account_id is not null",
}
STAYS = (
    # Accounts and contacts that are merged take their leads along; nothing else moves one.
    """create function lead_stays_converted() returns trigger language plpgsql as $$ begin
      if tg_op = 'DELETE' then
        raise exception 'a lead that was converted stays' using errcode = 'restrict_violation';
      elsif new.status <> 'converted'
        or (new.converted_at, new.opportunity_id) is distinct from
          (old.converted_at, old.opportunity_id)
        or (new.account_id is null) <> (old.account_id is null)
        or (new.contact_id is null) <> (old.contact_id is null) then
        raise exception 'a lead that was converted stays so' using errcode = 'restrict_violation';
      end if;
      return new;
    end $$""",
    """create trigger lead_stays_converted before update or delete on lead
      for each row when (old.status = 'converted') execute function lead_stays_converted()""",
)


def upgrade() -> None:
    """Add the columns with their indexes, what must hold of them, and the trigger.

    No act made a lead converted before, so rules are valid for what is there.
    """
    for column, table in COLUMNS.items():
        op.execute(f"alter table lead add column {column} uuid")
        name = f"fk_lead_{column}_{table}"
        foreign = f"foreign key ({column}) references {table} (id)"
        op.execute(f"alter table lead add constraint {name} {foreign}")
        op.execute(f"create index ix_lead_{column} on lead ({column}) where {column} is not null")
    op.execute("alter table lead add column converted_at timestamptz")
    for name, rule in RULES.items():
        op.execute(f"alter table lead add constraint ck_lead_{name} check ({rule})")
    for statement in (*STAYS, PIN_FUNCTIONS):
        op.execute(statement)


def downgrade() -> None:
    """Take them away; what leads were converted to is forgotten."""
    op.execute("drop trigger lead_stays_converted on lead")
    op.execute("drop function lead_stays_converted()")
    for name in RULES:
        op.execute(f"alter table lead drop constraint ck_lead_{name}")
    for column in (*COLUMNS, "converted_at"):
        op.execute(f"alter table lead drop column {column}")

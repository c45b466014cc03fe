"""Bills can be taken back, may be of nothing, and have numbers as a person reads them.

Revision ID: e190
Revises: e160
"""

from alembic import op
from sqlalchemy import text

from values.comparing import same_when_read

revision = "e190"
down_revision = "e160"

_BATCH = 1_000

_COLUMNS = (
    "drop trigger bill_is_kept on bill",
    """alter table bill
         add column state text not null default 'entered',
         add column billed_on date,
         add column number_key text,
         add column reversed_on date,
         add column reversal_reason text not null default '',
         drop constraint ck_bill_adds_up,
         drop constraint uq_bill_supplier_id_supplier_number_year""",
    """alter table bill
         add constraint ck_bill_adds_up
           check (net >= 0 and tax >= 0 and net + tax = gross and received >= 0) not valid,
         add constraint ck_bill_state_known check (state in ('entered', 'reversed')) not valid,
         add constraint ck_bill_reversed_on_a_day
           check ((state = 'reversed') = (reversed_on is not null)) not valid""",
)

_LINES = """create table bill_line (
  id uuid not null,
  bill_id uuid not null,
  position smallint not null,
  order_line_id uuid not null,
  quantity numeric(20, 6) not null,
  unit_price numeric(20, 6) not null,
  net numeric(20, 4) not null,
  received numeric(20, 4) not null,
  constraint pk_bill_line primary key (id),
  constraint uq_bill_line_bill_id_position unique (bill_id, position),
  constraint fk_bill_line_bill_id_bill foreign key (bill_id) references bill (id),
  constraint ck_bill_line_not_negative
    check (quantity > 0 and unit_price >= 0 and net >= 0 and received >= 0)
)"""

_KEPT = (
    """create trigger bill_is_kept before delete or update of id, created_at, supplier_id,
         supplier_number, year, purchase_order_id, effective_on, due_on, currency, net, tax,
         gross, received on bill for each row execute function refuse_change()""",
    """create trigger bill_stays_reversed before update on bill for each row
         when (old.state = 'reversed') execute function refuse_change()""",
    """create trigger bill_line_is_kept before update or delete on bill_line
         for each row execute function refuse_change()""",
    """create trigger bill_line_is_not_emptied before truncate on bill_line
         for each statement execute function refuse_change()""",
)


def upgrade() -> None:
    for statement in _COLUMNS:
        op.execute(statement)
    for named in ("adds_up", "state_known", "reversed_on_a_day"):
        op.execute(f"alter table bill validate constraint ck_bill_{named}")
    op.execute("update bill set billed_on = effective_on")
    _fill_keys()
    op.execute("drop index uq_bill_number_alike")
    # A release before this one writes no key: its bills are compared in capitals, as it does.
    op.execute(
        """create unique index uq_bill_number_alike on bill
             (supplier_id, coalesce(number_key, upper(supplier_number)), year)
             where state = 'entered'"""
    )
    op.execute(_LINES)
    for statement in _KEPT:
        op.execute(statement)


def _fill_keys() -> None:
    """Give every bill its key. Of bills that are alike only the first keeps the plain one."""
    sql, taken = op.get_bind(), set[tuple[object, str, int]]()
    rows = sql.execute(text("select id, supplier_id, supplier_number, year from bill order by id"))
    filled = []
    for bill_id, supplier_id, number, year in rows:
        key = same_when_read(number)
        owner = (supplier_id, key, year)
        filled.append({"id": bill_id, "key": f"{key} {bill_id}" if owner in taken else key})
        taken.add(owner)
    for start in range(0, len(filled), _BATCH):
        part = filled[start : start + _BATCH]
        sql.execute(
            text(
                """update bill b set number_key = n.key
                     from unnest(cast(:ids as uuid[]), cast(:keys as text[])) as n(id, key)
                     where b.id = n.id"""
            ),
            {"ids": [one["id"] for one in part], "keys": [one["key"] for one in part]},
        )


def downgrade() -> None:
    op.execute("drop table bill_line")
    op.execute("drop trigger bill_is_kept on bill")
    op.execute("drop trigger bill_stays_reversed on bill")
    op.execute("drop index uq_bill_number_alike")
    op.execute(
        """alter table bill drop constraint ck_bill_adds_up, drop constraint ck_bill_state_known,
             drop constraint ck_bill_reversed_on_a_day, drop column state, drop column billed_on,
             drop column number_key, drop column reversed_on, drop column reversal_reason,
             add constraint ck_bill_adds_up check
               (net >= 0 and tax >= 0 and net + tax = gross and gross > 0 and received >= 0),
             add constraint uq_bill_supplier_id_supplier_number_year
               unique (supplier_id, supplier_number, year)"""
    )
    op.execute(
        "create unique index uq_bill_number_alike on bill"
        " (supplier_id, upper(supplier_number), year)"
    )
    op.execute(
        """create trigger bill_is_kept before update or delete on bill
             for each row execute function refuse_change()"""
    )

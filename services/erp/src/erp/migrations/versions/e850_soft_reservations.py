"""Soft reservations: goods promised for a day and a time; order lines name the one they use.

Revision ID: e850
Revises: e844
"""

from alembic import op

from chassis.storage.states import transition_trigger

revision = "e850"
down_revision = "e844"

_UP = (
    "create sequence soft_reservation_number_seq",
    """create table soft_reservation (
      id uuid not null constraint pk_soft_reservation primary key,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      version integer not null,
      number text not null constraint uq_soft_reservation_number unique,
      state text not null constraint ck_soft_reservation_state_known
        check (state in ('open', 'used', 'released')),
      item_id uuid not null constraint fk_soft_reservation_item_id_item references item (id),
      customer_id uuid
        constraint fk_soft_reservation_customer_id_customer references customer (id),
      quantity numeric(20, 6) not null
        constraint ck_soft_reservation_quantity_positive check (quantity > 0),
      wanted_on date not null,
      promised_on date not null,
      expires_at timestamptz not null,
      used numeric(20, 6) not null default 0,
      order_id uuid,
      order_line_id uuid,
      reference text not null,
      note text not null,
      place bigint not null default nextval('demand_place_seq'::regclass),
      actor text not null,
      constraint ck_soft_reservation_promised_from_wanted check (promised_on >= wanted_on),
      constraint ck_soft_reservation_used_by_a_line check (
        (state = 'used') = (order_line_id is not null)
        and (order_line_id is null) = (order_id is null)),
      constraint ck_soft_reservation_used_of_it check (
        used >= 0 and used <= quantity and (used > 0) = (state = 'used')),
      constraint ck_soft_reservation_expires_later check (expires_at > created_at))""",
    """create unique index uq_soft_reservation_order_line_id
      on soft_reservation (order_line_id)""",
    """create index ix_soft_reservation_open on soft_reservation (item_id, expires_at)
      where state = 'open'""",
    *(
        f"create index ix_soft_reservation_{name} on soft_reservation ({columns})"
        for name, columns in (
            ("created_at", "created_at, id"),
            ("updated_at", "updated_at, id"),
            ("state_created_at", "state, created_at, id"),
            ("expires_at", "expires_at, id"),
            ("promised_on", "promised_on, id"),
            ("item_id", "item_id, id"),
            ("customer_id", "customer_id"),
            ("order_id", "order_id"),
        )
    ),
    """create index ix_soft_reservation_search on soft_reservation using gin
      (search_grams(search_fold(((((number || ' ') || replace(number, '-', '')) || ' ')
        || ltrim(regexp_replace(number, '^.*-', ''), '0')))))""",
    "alter table stock_level add column soft_reserved_until timestamptz",
    """alter table sales_order_line add column soft_reservation_id uuid
      constraint fk_sales_order_line_soft_reservation_id_soft_reservation
      references soft_reservation (id)""",
    """create index ix_sales_order_line_soft_reservation_id
      on sales_order_line (soft_reservation_id) where soft_reservation_id is not null""",
)
_FOLLOWING = {"open": ("used", "released"), "used": (), "released": ()}


def upgrade() -> None:
    """Add the table, and what finds it."""
    for statement in _UP:
        op.execute(statement)
    op.execute(transition_trigger("soft_reservation", "state", _FOLLOWING))


def downgrade() -> None:
    """Take it away; goods are kept for orders alone again."""
    op.execute("alter table sales_order_line drop column soft_reservation_id")
    op.execute("alter table stock_level drop column soft_reserved_until")
    op.execute("drop table soft_reservation")
    op.execute("drop sequence soft_reservation_number_seq")

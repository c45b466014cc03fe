"""Orders follow what the ERP decides; units, price lists and archived customers of the ERP.

Revision ID: 0150
Revises: 0130
"""

from alembic import op

revision = "0150"
down_revision = "0130"

_WHOLE = "'BG', 'BO', 'BX', 'C62', 'CA', 'CT', 'DZN', 'EA', 'PF', 'PK', 'PR', 'RO', 'SET'"

_UP = (
    "alter table product add unit_decimals smallint not null default 6",
    f"update product set unit_decimals = 0 where unit in ({_WHOLE})",
    """alter table product add constraint ck_product_unit_decimals_range
      check (unit_decimals between 0 and 6)""",
    """create table price_list (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      code text not null,
      name text not null,
      is_default boolean not null,
      constraint pk_price_list primary key (id),
      constraint ck_price_list_code_given check (code <> '')
    )""",
    "create index ix_price_list_created_at on price_list (created_at, id)",
    "create index ix_price_list_is_default on price_list (updated_at) where is_default",
    "alter table account add erp_archived boolean not null default false",
    """alter table customer_order_line add external_line_id text not null default ''""",
    """create unique index uq_customer_order_line_external_line_id
      on customer_order_line (order_id, external_line_id) where external_line_id <> ''""",
    """alter table customer_order add content_version integer not null default 1,
      add refusal jsonb, add base jsonb""",
    "update customer_order set content_version = version where version > 1",
    """alter table customer_order drop constraint ck_customer_order_state_known,
      add constraint ck_customer_order_state_known
        check (state in ('placed', 'rejected', 'cancelled')),
      add constraint ck_customer_order_content_version_reached
        check (content_version >= 1 and content_version <= version),
      add constraint ck_customer_order_rejected_for_a_reason
        check (state <> 'rejected' or refusal is not null)""",
)

_DOWN = (
    "update customer_order set state = 'placed' where state = 'rejected'",
    """alter table customer_order drop constraint ck_customer_order_rejected_for_a_reason,
      drop constraint ck_customer_order_content_version_reached,
      drop constraint ck_customer_order_state_known,
      add constraint ck_customer_order_state_known check (state in ('placed', 'cancelled')),
      drop content_version, drop refusal, drop base""",
    "alter table customer_order_line drop external_line_id",
    "alter table account drop erp_archived",
    "drop table price_list",
    "alter table product drop unit_decimals",
)


def upgrade() -> None:
    """Add the columns, with what is known of the records that are there."""
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    for statement in _DOWN:
        op.execute(statement)

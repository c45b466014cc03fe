"""Rush requests.

Revision ID: e880
Revises: e871
"""

from alembic import op

from chassis.storage.states import transition_trigger

revision = "e880"
down_revision = "e871"

_TABLES = (
    "create sequence rush_request_number_seq",
    """create table rush_request (
      id uuid not null constraint pk_rush_request primary key,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      version integer not null,
      number text not null constraint uq_rush_request_number unique,
      order_id uuid not null constraint fk_rush_request_order_id_sales_order
        references sales_order (id),
      order_number text not null,
      state text not null constraint ck_rush_request_state_known
        check (state in ('open', 'granted', 'refused', 'withdrawn')),
      wanted_on date not null,
      reason text not null,
      asked_by text not null,
      granted_on date,
      answer text not null,
      currency text not null,
      surcharge_percent numeric(20, 4) not null,
      surcharge numeric(20, 4) not null,
      delays jsonb not null,
      decided_at timestamptz,
      decided_by text not null,
      constraint ck_rush_request_surcharge_not_negative
        check (surcharge >= 0 and surcharge_percent >= 0),
      constraint ck_rush_request_granted_for_day
        check ((state = 'granted') = (granted_on is not null)),
      constraint ck_rush_request_decided check ((state = 'open') = (decided_at is null)),
      constraint ck_rush_request_refused_why check (state <> 'refused' or answer <> ''),
      constraint ck_rush_request_only_granted_costs
        check (state = 'granted' or delays = '[]' and surcharge = 0))""",
    """create unique index uq_rush_request_open on rush_request (order_id)
      where state = 'open'""",
    "create index ix_rush_request_order_id on rush_request (order_id)",
    "create index ix_rush_request_created_at on rush_request (created_at, id)",
    "create index ix_rush_request_updated_at on rush_request (updated_at, id)",
    "create index ix_rush_request_state_created_at on rush_request (state, created_at, id)",
    """create index ix_rush_request_search on rush_request using gin (search_grams(search_fold(
      ((((number || ' ') || replace(number, '-', '')) || ' ')
        || ltrim(regexp_replace(number, '^.*-', ''), '0')))))""",
)
_FOLLOWING = {
    "open": ("granted", "refused", "withdrawn"),
    "granted": (),
    "refused": (),
    "withdrawn": (),
}


def upgrade() -> None:
    """Add rush requests."""
    for statement in _TABLES:
        op.execute(statement)
    op.execute(transition_trigger("rush_request", "state", _FOLLOWING))


def downgrade() -> None:
    """Take them away; what was promised stays."""
    op.execute("drop table rush_request")
    op.execute("drop sequence rush_request_number_seq")

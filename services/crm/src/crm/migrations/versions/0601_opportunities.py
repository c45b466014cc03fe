"""Opportunities: their people, competitors and products, the stages they went through, their texts.

Revision ID: 0601
Revises: 0600
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS
from chassis.storage import search_functions
from records.custom.tables import add_values

revision = "0601"
down_revision = "0600"

TABLES = (
    """create table opportunity (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      name text not null,
      sort_key text collate "C" not null,
      account_id uuid,
      pipeline_id uuid not null,
      stage_id uuid not null,
      state text not null,
      stage_since timestamptz not null,
      currency text not null,
      amount numeric(20, 4),
      probability smallint not null,
      forecast_category text not null,
      opened_on date,
      closes_on date,
      closed_at timestamptz,
      owner_id uuid,
      team_id uuid,
      lost_reason_id uuid,
      source text not null,
      next_step text not null,
      note text not null,
      status text not null,
      constraint pk_opportunity primary key (id),
      constraint fk_opportunity_account_id_account
        foreign key (account_id) references account (id),
      constraint fk_opportunity_pipeline_id_pipeline
        foreign key (pipeline_id) references pipeline (id),
      constraint fk_opportunity_stage_id_pipeline_id_state_pipeline_stage
        foreign key (stage_id, pipeline_id, state)
        references pipeline_stage (id, pipeline_id, kind),
      constraint fk_opportunity_owner_id_staff_member
        foreign key (owner_id) references staff_member (id),
      constraint fk_opportunity_team_id_team foreign key (team_id) references team (id),
      constraint fk_opportunity_lost_reason_id_lost_reason
        foreign key (lost_reason_id) references lost_reason (id),
      constraint ck_opportunity_name_given check (name <> ''),
      constraint ck_opportunity_status_known check (status in ('active', 'archived')),
      constraint ck_opportunity_state_known check (state in ('open', 'won', 'lost')),
      constraint ck_opportunity_forecast_category_known check (forecast_category in
        ('pipeline', 'best_case', 'commit', 'closed', 'omitted')),
      constraint ck_opportunity_amount_not_negative check (amount >= 0),
      constraint ck_opportunity_probability_range check (probability between 0 and 100),
      constraint ck_opportunity_closed_at_says_when
        check ((state = 'open') = (closed_at is null)),
      constraint ck_opportunity_closed_on_a_day
        check (state = 'open' or closes_on is not null),
      constraint ck_opportunity_lost_for_a_reason
        check ((state = 'lost') = (lost_reason_id is not null)),
      constraint ck_opportunity_forecast_fits_state check (
        state = 'open' and forecast_category <> 'closed'
        or state = 'won' and probability = 100 and forecast_category = 'closed'
        or state = 'lost' and probability = 0 and forecast_category = 'omitted')
    )""",
    """create table opportunity_contact (
      opportunity_id uuid not null,
      contact_id uuid not null,
      position smallint not null,
      role text not null,
      constraint pk_opportunity_contact primary key (opportunity_id, contact_id),
      constraint fk_opportunity_contact_opportunity_id_opportunity
        foreign key (opportunity_id) references opportunity (id),
      constraint fk_opportunity_contact_contact_id_contact
        foreign key (contact_id) references contact (id)
    )""",
    "create index ix_opportunity_contact_contact_id on opportunity_contact (contact_id)",
    """create table opportunity_competitor (
      opportunity_id uuid not null,
      competitor_id uuid not null,
      position smallint not null,
      constraint pk_opportunity_competitor primary key (opportunity_id, competitor_id),
      constraint fk_opportunity_competitor_opportunity_id_opportunity
        foreign key (opportunity_id) references opportunity (id),
      constraint fk_opportunity_competitor_competitor_id_competitor
        foreign key (competitor_id) references competitor (id)
    )""",
    """create index ix_opportunity_competitor_competitor_id
      on opportunity_competitor (competitor_id)""",
    """create table opportunity_line (
      opportunity_id uuid not null,
      position smallint not null,
      product_id uuid not null,
      quantity numeric(20, 6) not null,
      unit_price numeric(20, 6) not null,
      discount numeric(7, 6) not null,
      net numeric(20, 4) not null,
      constraint pk_opportunity_line primary key (opportunity_id, position),
      constraint fk_opportunity_line_opportunity_id_opportunity
        foreign key (opportunity_id) references opportunity (id),
      constraint fk_opportunity_line_product_id_product
        foreign key (product_id) references product (id),
      constraint ck_opportunity_line_quantity_positive check (quantity > 0),
      constraint ck_opportunity_line_price_not_negative check (unit_price >= 0 and net >= 0),
      constraint ck_opportunity_line_discount_part check (discount between 0 and 1)
    )""",
    "create index ix_opportunity_line_product_id on opportunity_line (product_id)",
    """create table opportunity_stage_change (
      id uuid not null,
      opportunity_id uuid not null,
      revision integer not null,
      from_stage_id uuid,
      to_stage_id uuid not null,
      entered_at timestamptz not null,
      by text not null,
      amount numeric(20, 4),
      currency text not null,
      probability smallint not null,
      forecast_category text not null,
      closes_on date,
      constraint pk_opportunity_stage_change primary key (id),
      constraint uq_opportunity_stage_change_opportunity_id_revision
        unique (opportunity_id, revision),
      constraint fk_opportunity_stage_change_opportunity_id_opportunity
        foreign key (opportunity_id) references opportunity (id),
      constraint fk_opportunity_stage_change_from_stage_id_pipeline_stage
        foreign key (from_stage_id) references pipeline_stage (id),
      constraint fk_opportunity_stage_change_to_stage_id_pipeline_stage
        foreign key (to_stage_id) references pipeline_stage (id),
      constraint ck_opportunity_stage_change_goes_elsewhere
        check (from_stage_id <> to_stage_id)
    )""",
    """create index ix_opportunity_stage_change_to_stage_id_entered_at
      on opportunity_stage_change (to_stage_id, entered_at)""",
    """create trigger opportunity_stage_change_append_only
      before update or delete on opportunity_stage_change
      for each row execute function append_only()""",
    """create trigger opportunity_stage_change_append_only_truncate
      before truncate on opportunity_stage_change
      for each statement execute function append_only()""",
)
FILTERED = ("status", "pipeline_id", "stage_id", "state", "owner_id", "team_id", "account_id")
INDEXES = {
    "created_at": "(created_at, id)",
    "updated_at": "(updated_at, id)",
    "sort_key": "(sort_key, id)",
    **{f"{one}_created_at": f"({one}, created_at, id)" for one in FILTERED},
    "closes_on": "(coalesce(closes_on, 'infinity'), id)",
    "amount": "(coalesce(amount, 0), id)",
    "board": "(stage_id, closes_on, currency)"
    " include (state, amount, probability, owner_id, team_id)"
    " where status = 'active'",
    "lost_reason_id": "(lost_reason_id)",
}
SEARCHED = ("opportunity", "name, sort_key", "search_name(new.name, new.sort_key)")
# When the transaction ends: the products of a deal make its amount.
AMOUNT = (
    """create function opportunity_amount_of_lines() returns trigger language plpgsql as $$
    declare
      changed jsonb := case when tg_op = 'DELETE' then to_jsonb(old) else to_jsonb(new) end;
      deal uuid := (changed ->> tg_argv[0])::uuid;
    begin
      if exists (select from opportunity o cross join lateral (
          select sum(l.net) as net from opportunity_line l where l.opportunity_id = o.id) s
          where o.id = deal and s.net is not null and o.amount is distinct from s.net) then
        raise exception 'the amount of opportunity % is not the sum of its products', deal
          using errcode = 'check_violation', constraint = 'ck_opportunity_amount_of_lines',
            table = 'opportunity';
      end if;
      return null;
    end $$""",
    """create constraint trigger opportunity_amount_of_lines
      after update of amount on opportunity deferrable initially deferred
      for each row when (old.amount is distinct from new.amount)
      execute function opportunity_amount_of_lines('id')""",
    """create constraint trigger opportunity_line_amount
      after insert or update or delete on opportunity_line deferrable initially deferred
      for each row execute function opportunity_amount_of_lines('opportunity_id')""",
)


def upgrade() -> None:
    """Create the tables, their indexes and triggers, and the table of texts."""
    for statement in TABLES:
        op.execute(statement)
    for name, columns in INDEXES.items():
        op.execute(f"create index ix_opportunity_{name} on opportunity {columns}")
    op.execute(
        """create table opportunity_search (
          opportunity_id uuid not null,
          search text not null,
          constraint pk_opportunity_search primary key (opportunity_id),
          constraint fk_opportunity_search_opportunity_id_opportunity
            foreign key (opportunity_id) references opportunity (id)
            on delete cascade
        )"""
    )
    op.execute(
        "create index ix_opportunity_search_search on opportunity_search"
        " using gin (search_grams(search))"
    )
    kept = search_functions.kept_beside(*SEARCHED)
    for statement in (*kept, *add_values("opportunity"), *AMOUNT):
        op.execute(statement)
    op.execute(PIN_FUNCTIONS)


def downgrade() -> None:
    """Drop the tables, and the functions of their triggers."""
    op.execute(
        "drop table opportunity_search, opportunity_stage_change, opportunity_line,"
        " opportunity_competitor, opportunity_contact, opportunity"
    )
    op.execute("drop function keep_opportunity_search()")
    op.execute("drop function opportunity_amount_of_lines()")

"""For how long each deal was in each stage stands beside it, kept with each change of stage.

Revision ID: 0760
Revises: 0755
"""

from uuid import UUID

from alembic import op
from sqlalchemy import text

from chassis.schema.rights import PIN_FUNCTIONS

revision = "0760"
down_revision = "0755"

_BATCH = 5_000
DEAL = ("pipeline_id", "state", "status", "owner_id", "team_id", "opened_on", "closes_on")
"""What figures are asked by: as the deal has it."""
_NEW = ", ".join(f"{one} = excluded.{one}" for one in ("stage_ids", "microseconds", *DEAL))
_TOTALS = f"""with visit as (
      select c.opportunity_id, c.to_stage_id, c.entered_at,
        lead(c.entered_at) over (partition by c.opportunity_id order by c.revision) as left_at
      from opportunity_stage_change c
      where c.opportunity_id in (select opportunity_id from {{deals}})),
    spent as (
      select opportunity_id, to_stage_id, (sum(extract(epoch from
          greatest(left_at - entered_at, interval '0')))
          filter (where left_at is not null) * 1000000)::bigint as microseconds
      from visit group by 1, 2)
    insert into opportunity_stage_figure
        (opportunity_id, stage_ids, microseconds, {", ".join(DEAL)})
      select o.id, array_agg(to_stage_id order by to_stage_id),
        array_agg(microseconds order by to_stage_id), {", ".join(f"o.{one}" for one in DEAL)}
      from spent join opportunity o on o.id = spent.opportunity_id group by o.id order by o.id
    on conflict (opportunity_id) do update set {_NEW}"""
_COUNTED = f"""with batch as (
    select id as opportunity_id from opportunity where id > :after order by id limit :batch),
  kept as ({_TOTALS.format(deals="batch")})
  select opportunity_id from batch order by opportunity_id desc limit 1"""
# The functions act as the owner: processes that serve while `migrate` runs have no right to the
# table yet.
UP = (
    """create table opportunity_stage_figure (
      opportunity_id uuid not null,
      stage_ids uuid[] not null,
      microseconds bigint[] not null,
      pipeline_id uuid not null,
      state text not null,
      status text not null,
      owner_id uuid,
      team_id uuid,
      opened_on date,
      closes_on date,
      constraint pk_opportunity_stage_figure primary key (opportunity_id),
      constraint fk_opportunity_stage_figure_opportunity_id_opportunity
        foreign key (opportunity_id) references opportunity (id),
      constraint ck_opportunity_stage_figure_one_each check (
        cardinality(stage_ids) >= 1 and cardinality(microseconds) = cardinality(stage_ids)),
      constraint ck_opportunity_stage_figure_not_negative check (0 <= all(microseconds))
    )""",
    f"""create function keep_opportunity_stage_figure() returns trigger language plpgsql
      security definer as $$
    begin
      {_TOTALS.format(deals="added")};
      return null;
    end $$""",
    """create trigger keep_opportunity_stage_figure after insert on opportunity_stage_change
      referencing new table as added for each statement
      execute function keep_opportunity_stage_figure()""",
    f"""create function keep_opportunity_figure_of_deal() returns trigger language plpgsql
      security definer as $$
    begin
      update opportunity_stage_figure
        set ({", ".join(DEAL)}) = ({", ".join(f"new.{one}" for one in DEAL)})
        where opportunity_id = new.id;
      return null;
    end $$""",
    f"""create trigger keep_opportunity_figure_of_deal after update of {", ".join(DEAL)}
      on opportunity for each row when (({", ".join(f"old.{one}" for one in DEAL)})
        is distinct from ({", ".join(f"new.{one}" for one in DEAL)}))
      execute function keep_opportunity_figure_of_deal()""",
    *(
        f"create index ix_opportunity_stage_figure_{one} on opportunity_stage_figure ({one})"
        for one in ("opened_on", "closes_on", "owner_id", "team_id")
    ),
    "create index ix_opportunity_opened_on on opportunity (opened_on, id)",
)
DOWN = (
    "drop index ix_opportunity_opened_on",
    "drop trigger keep_opportunity_figure_of_deal on opportunity",
    "drop function keep_opportunity_figure_of_deal()",
    "drop trigger keep_opportunity_stage_figure on opportunity_stage_change",
    "drop function keep_opportunity_stage_figure()",
    "drop table opportunity_stage_figure",
)


def upgrade() -> None:
    """Add the table with what is there so far, and keep it from now on."""
    for statement in UP:
        op.execute(statement)
    op.execute(PIN_FUNCTIONS)
    after: UUID | None = UUID(int=0)
    while after:
        given = {"after": after, "batch": _BATCH}
        after = op.get_bind().execute(text(_COUNTED), given).scalar()


def downgrade() -> None:
    """Take it away; the changes themselves stay."""
    for statement in DOWN:
        op.execute(statement)

"""What closed deals say of touches in their first days, counted by the worker.

Revision ID: 0741
Revises: 0740
"""

from alembic import op

revision = "0741"
down_revision = "0740"

_NOBODY = "'00000000-0000-0000-0000-000000000000'::uuid"
UP = (
    """create table touch_figure (
      id uuid not null,
      pipeline_id uuid not null,
      owner_id uuid,
      team_id uuid,
      channel text not null,
      days smallint not null,
      touches smallint not null,
      deals bigint not null,
      won bigint not null,
      day_sum bigint not null,
      day_count bigint not null,
      counted_at timestamptz not null,
      constraint pk_touch_figure primary key (id),
      constraint fk_touch_figure_pipeline_id_pipeline
        foreign key (pipeline_id) references pipeline (id),
      constraint ck_touch_figure_channel_known check (channel in ('call', 'meeting', 'email')),
      constraint ck_touch_figure_days_known check (days in (7, 14, 30)),
      constraint ck_touch_figure_touches_range check (touches between 0 and 5),
      constraint ck_touch_figure_won_of_deals check (won between 0 and deals),
      constraint ck_touch_figure_days_counted check (day_count >= 0 and day_sum >= 0)
    )""",
    f"""create unique index uq_touch_figure_of on touch_figure (pipeline_id,
      coalesce(owner_id, {_NOBODY}), coalesce(team_id, {_NOBODY}), channel, days, touches)""",
    """create index ix_opportunity_open_opened_on on opportunity (opened_on, id)
      where state = 'open' and status = 'active'""",
)
DOWN = ("drop index ix_opportunity_open_opened_on", "drop table touch_figure")


def upgrade() -> None:
    """Add the figures, and by what young open deals are found."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Take them away."""
    for statement in DOWN:
        op.execute(statement)

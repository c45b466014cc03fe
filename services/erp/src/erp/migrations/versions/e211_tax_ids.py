"""One tax id, one active customer and one active supplier, however it is written.

Revision ID: e211
Revises: e210
"""

from alembic import op

revision = "e211"
down_revision = "e210"

_KEY = "regexp_replace(tax_id, '[ ./-]', '', 'g')"
_CLAIMED = f"status = 'active' and {_KEY} <> ''"


def upgrade() -> None:
    """Old doubles stay as they are, marked, until they claim a tax id anew; the first has no mark.

    So they stop neither this, nor any change of them that leaves tax id and status alone.
    """
    for table in ("customer", "supplier"):
        op.execute(f"alter table {table} add column tax_id_shared boolean not null default false")
        op.execute(
            f"""update {table} p set tax_id_shared = true
                  from (select id, row_number() over (partition by {_KEY} order by id) as place
                    from {table} where {_CLAIMED}) d
                  where d.id = p.id and d.place > 1"""
        )
        op.execute(
            f"""create unique index uq_{table}_tax_id_key on {table} ({_KEY})
                  where {_CLAIMED} and not tax_id_shared"""
        )


def downgrade() -> None:
    for table in ("customer", "supplier"):
        op.execute(f"drop index uq_{table}_tax_id_key")
        op.execute(f"alter table {table} drop column tax_id_shared")

"""What a quote said when it was sent, as data: PDFs of it are made from that.

Revision ID: 0731
Revises: 0730
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS

revision = "0731"
down_revision = "0730"

UP = (
    """create table quote_document (
      quote_id uuid not null,
      document jsonb not null,
      constraint pk_quote_document primary key (quote_id),
      constraint fk_quote_document_quote_id_quote foreign key (quote_id) references quote (id),
      constraint ck_quote_document_document_object check (jsonb_typeof(document) = 'object')
    )""",
    """create trigger quote_document_append_only before update or delete on quote_document
      for each row execute function append_only()""",
    """create trigger quote_document_append_only_truncate before truncate on quote_document
      for each statement execute function append_only()""",
)


def upgrade() -> None:
    """Create the table; quotes that were sent before have none."""
    for statement in UP:
        op.execute(statement)
    op.execute(PIN_FUNCTIONS)


def downgrade() -> None:
    """Drop the table."""
    op.execute("drop table quote_document")

from alembic import op

from chassis.events.schema import BEGAN_AT
from chassis.http.shared_counts import DDL as RATE_COUNT
from chassis.schema import tables
from chassis.schema.rights import PIN_FUNCTIONS
from chassis.storage.source_versions import CONTENT, HISTORY
from identity import schema as identity
from identity.audit import schema as audit

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    tables.create(op, identity.DDL)
    op.execute(identity.KEY_SYSTEMS)
    op.execute(identity.REVOKED_BY)
    for statement in (*identity.LAST_ADMINISTRATOR, *identity.FORMER_SECRETS):
        op.execute(statement)
    for statement in (*identity.SESSION_PLACES, *audit.AUDIT, *audit.AUDIT_OF_CALLERS):
        op.execute(statement)
    for statement in (*identity.SECOND_FACTORS, *audit.AUDIT_OF_FACTORS):
        op.execute(statement)
    for statement in identity.ENCRYPTED_FACTORS:
        op.execute(statement)
    for statement in (*identity.INVITATIONS, *audit.AUDIT_OF_INVITATIONS):
        op.execute(statement)
    op.execute(CONTENT)
    op.execute(HISTORY)
    op.execute(BEGAN_AT)
    op.execute(RATE_COUNT)
    op.execute(
        """create table note (
             id uuid not null, title text not null, version integer not null,
             created_at timestamptz not null, updated_at timestamptz not null,
             constraint pk_note primary key (id),
             constraint ck_note_title check (title <> 'forbidden'))"""
    )
    op.execute(PIN_FUNCTIONS)


def downgrade() -> None:
    op.execute("drop table note")

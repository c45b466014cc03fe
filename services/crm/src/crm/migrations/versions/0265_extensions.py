"""A phone number with an extension is shown with it.

Revision ID: 0265
Revises: 0200
"""

from alembic import op

revision = "0265"
down_revision = "0200"

_EXTENSION = r"(ext\.?|extn\.?|x|#|~|доб\.?|int|anexo|分机|转)\W*[0-9]{1,9}\W*$"


def upgrade() -> None:
    """E.164 cannot say an extension; what was typed can."""
    for table in ("account", "contact"):
        op.execute(
            f"""update {table} set phone_e164 = ''
                 where phone_e164 <> '' and phone_raw ~* '{_EXTENSION}'"""
        )


def downgrade() -> None:
    """The numbers stay as they were typed."""

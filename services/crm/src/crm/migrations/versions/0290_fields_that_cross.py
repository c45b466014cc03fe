"""What crosses from the ERP has its limits here too: unit, price list's name, days to pay.

Revision ID: 0290
Revises: 0263
"""

from alembic import op

revision = "0290"
down_revision = "0263"


def upgrade() -> None:
    """A price list without a name is called by its code; a unit of one sign is none of the list.

    `ZZ` is that list's code for what two parties agreed on.
    """
    op.execute("update product set unit = 'ZZ' where unit !~ '^[A-Z0-9]{2,3}$'")
    op.execute("update price_list set name = code where name = ''")
    op.execute("alter table price_list add constraint ck_price_list_name_given check (name <> '')")
    op.execute(
        """alter table product add constraint ck_product_unit_form
          check (unit ~ '^[A-Z0-9]{2,3}$')"""
    )
    op.execute(
        """alter table account add constraint ck_account_erp_payment_terms_days_range
          check (erp_payment_terms_days between 0 and 3650)"""
    )


def downgrade() -> None:
    """Leave it to the API."""
    op.execute("alter table account drop constraint ck_account_erp_payment_terms_days_range")
    op.execute("alter table product drop constraint ck_product_unit_form")
    op.execute("alter table price_list drop constraint ck_price_list_name_given")

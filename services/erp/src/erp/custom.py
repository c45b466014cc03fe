"""Custom fields of the ERP's records."""

from erp.base import Base
from records.custom_fields.models import CustomFieldColumns, field_rules
from records.custom_fields.module import custom_field_module
from records.custom_fields.service import FieldUse
from records.saved_views.service import views_by_field

__all__ = ["MODULE", "CustomField"]


class CustomField(CustomFieldColumns, Base):
    """What an installation keeps of the records of a type beyond what the product has."""

    __tablename__ = "custom_field"
    __table_args__ = field_rules()


MODULE = custom_field_module(
    CustomField,
    readers={"accountant", "buyer", "planner", "seller", "storekeeper"},
    uses=[FieldUse("view", views_by_field)],
)

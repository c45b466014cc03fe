"""A linked ERP's terms of business with a customer: how they are kept, and how they change."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from chassis.problems.field_errors import errors_of_field
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from values.money import MoneyChange, MoneyView
from values.text import Line, unset

__all__ = ["ErpTerms", "ErpTermsChange"]

Days = Annotated[int, Field(strict=True, ge=0, le=3650)]


class ErpTerms(BaseModel):
    """What a linked ERP says of the customer: shown here, changed there."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)

    customer_number: Line
    credit_limit: MoneyView | None = Field(default=None, description="Null: no limit is set.")
    payment_terms_days: Days | None = None
    dunning_block: StrictBool = False
    archived: StrictBool = Field(
        default=False, description="The ERP does no business with the customer any more."
    )


class ErpTermsChange(BaseModel):
    """The ERP's terms that change; a part left out stays as it is here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    customer_number: Line = Field(
        default_factory=unset, description="Needed where no terms are known."
    )
    credit_limit: MoneyChange | None = Field(default=None, description="Null: no limit is set.")
    payment_terms_days: Days | None = None
    dunning_block: StrictBool = Field(default_factory=unset)
    archived: StrictBool = Field(
        default_factory=unset,
        description="The ERP does no business with the customer any more.",
    )

    def onto(self, present: ErpTerms | None) -> ErpTerms:
        """The terms with these parts changed. Raises InvalidInput: a part is missing."""
        parts: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        if present is None and "customer_number" not in parts:
            needed = "Needed where no terms are known."
            raise InvalidInput(errors=[FieldError("/erp/customer_number", "missing", needed)])
        if self.credit_limit is not None:
            limit_now = present.credit_limit if present else None
            with errors_of_field("erp/credit_limit"):
                limit = self.credit_limit.onto(limit_now.money() if limit_now else None)
            parts["credit_limit"] = MoneyView.model_validate(limit)
        return present.model_copy(update=parts) if present else ErpTerms(**parts)

"""Columns of a kind of their own."""

from typing import Any

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from values.address import Address

__all__ = ["AddressColumn"]


class AddressColumn(TypeDecorator[Address]):
    """An address as a JSON object: a value, read and written whole."""

    impl = JSONB
    cache_ok = True

    def process_bind_param(self, value: Address | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """The address as JSON takes it."""
        return None if value is None else value.model_dump()

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Address | None:  # noqa: ARG002
        """The address that was stored."""
        return None if value is None else Address.model_validate(value)

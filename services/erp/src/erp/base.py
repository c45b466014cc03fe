"""The ERP's tables: one metadata, names by convention."""

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from chassis.storage.base import NAMING
from records.entities import COLUMN_TYPES

__all__ = ["Base"]


class Base(DeclarativeBase):
    """Every entity of the ERP descends from this."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = COLUMN_TYPES

"""The CRM's tables: one metadata, names by convention."""

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from chassis.storage.base import NAMING
from crm.timeline import SOURCES
from records.entities import COLUMN_TYPES

__all__ = ["Base"]


class Base(DeclarativeBase):
    """Every entity of the CRM descends from this."""

    metadata = MetaData(naming_convention=NAMING, info={"timeline": SOURCES})
    type_annotation_map = COLUMN_TYPES

"""The bridge's tables: one metadata, names by convention."""

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from chassis.storage.base import NAMING, TYPES

__all__ = ["Base"]


class Base(DeclarativeBase):
    """Every entity of the bridge descends from this."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = TYPES

"""Mapped entities from driver rows, without the ORM's own loading."""

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.attributes import instance_state, manager_of_class

__all__ = ["is_changed", "loaded"]

E = TypeVar("E")


def loaded(entity_class: type[E], row: Mapping[str, Any]) -> E:
    """The mapped entity as if the ORM had just read it; what the row lacks raises when read."""
    entity: E = manager_of_class(entity_class).new_instance()
    entity.__dict__.update(row)
    make_transient_to_detached(entity)
    return entity


def is_changed(entity: object) -> bool:
    """Whether an attribute was set since the entity was read; true of a new one."""
    return bool(instance_state(entity).modified)

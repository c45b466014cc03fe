"""What erasure brings into a service that keeps persons."""

from chassis.service import Module
from records.erasure.events import PersonErased

__all__ = ["MODULE"]

MODULE = Module(name="erasure", events=(PersonErased,))

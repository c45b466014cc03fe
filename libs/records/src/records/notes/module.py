"""What notes bring into every service that keeps records."""

from chassis.service import Module
from chassis.work.states import States
from records.notes.events import NoteChanged
from records.notes.service import note_states
from records.notes.tables import RIGHTS

__all__ = ["MODULE"]

MODULE = Module(
    rights=RIGHTS,
    name="notes",
    events=(NoteChanged,),
    states={NoteChanged: States("note", note_states)},
)

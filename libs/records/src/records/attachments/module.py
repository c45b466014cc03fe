"""What attachments bring into every service that keeps records."""

from datetime import timedelta

from chassis.service import Module, Schedule
from chassis.work.states import States
from records.attachments.events import AttachmentChanged
from records.attachments.service import attachment_states
from records.attachments.storage import REMOVE, remove, sweep
from records.attachments.tables import RIGHTS

__all__ = ["MODULE"]

SWEEP = "attachments.sweep"

MODULE = Module(
    rights=RIGHTS,
    name="attachments",
    events=(AttachmentChanged,),
    states={AttachmentChanged: States("attachment", attachment_states)},
    jobs={REMOVE: remove, SWEEP: sweep},
    schedules=(Schedule(SWEEP, timedelta(hours=6), SWEEP),),
)

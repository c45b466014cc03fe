"""Activities: calls, meetings, e-mails and tasks, on records of any type.

Interface: `ACTIVITY` and the acts of `service`, the events, and `Module`'s sections of a day. What
they are about is named by type and id, as notes, tags and files are.
"""

"""Where events come from: one port, two adapters, one inbox behind both.

`kafka` reads the topics of both halves, `feed` the HTTP feed of one half. Both hand whole batches
to the inbox and move their place (committed offset, cursor) only with or after the transaction that
stored the batch. So a crash brings an event twice at worst, and the inbox keeps it once. What is no
event goes to quarantine and stops nothing. History that is no longer there is an alarm, never a
silent jump.
"""

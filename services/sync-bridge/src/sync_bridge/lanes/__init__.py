"""Lanes: the events of one record, delivered to the other half in order, one at a time.

Words: a lane is *ready* while something in it may be delivered, *waiting* for a record that must be
across first or for a person's review, *parked* when the other half refused for good and a person
must act, else *idle*. A *lease* is one process's right to deliver a lane; its epoch fences off a
process that was away for too long. A *pause* holds every lane of one kind after the other half
refused the bridge's own credentials.

Invariants: a call is made outside every transaction; what it led to is recorded in one
transaction that checks the lease's epoch; the applied version never falls; a lane that stands
still says why, and no other lane is stopped with it.
"""

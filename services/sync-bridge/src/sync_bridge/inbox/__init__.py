"""What the sources received: every event once, byte for byte, until long after its effect.

Words: an *event* is one CloudEvent of one service; a *lane* is the line in which the events of
one record wait for their turn; a *position* is how far a service's feed has been taken in
without a gap; a *cursor* is where a source reads on; the *quarantine* holds what was no event,
and events that go in circles.

Invariants: (source, event id) is stored once, whichever transport brought it and however often;
cursor and events are one transaction; a type nobody maps is stored and counted, never an error.
"""

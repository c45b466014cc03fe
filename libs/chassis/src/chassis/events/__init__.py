"""Events: what happened, written with the deed and read in order afterwards.

A service records an event inside its transaction. The dispatch table runs the handlers at once;
a public event becomes an outbox row of the same transaction. After the commit one sequencer gives
each row a dense number, `feed_seq`, and only by that number the HTTP feed and the Kafka relay read.
"""

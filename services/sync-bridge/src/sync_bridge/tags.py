"""What each group of operations in the API's documentation is about."""

from collections.abc import Mapping

__all__ = ["TAGS"]

TAGS: Mapping[str, str] = {
    "comparisons": "Comparing the records of both halves, and levelling what differs.",
    "flows": "Kinds of records that cross, and the pauses that stop one of them.",
    "inbox": "Events that were read, whether they were settled, and replaying what was unknown.",
    "lanes": "The queue of each record: what waits, what is parked and why, retry and skip.",
    "mappings": "Which record of one half is which record of the other.",
    "quarantine": "Events that could not be read, kept until someone releases or dismisses them.",
    "reviews": "Questions that a person has to answer before a record crosses.",
    "status": "How far the bridge has come; waiting for a position; reading a half anew.",
}

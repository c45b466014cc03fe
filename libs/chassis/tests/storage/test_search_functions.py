"""The functions that migrations have made are not edited afterwards."""

import hashlib

from chassis.storage import folding, search_functions

OUT = {
    "FIRST": "47d76b7cd02bc98e72d19130eacc9e6af4cdee28229e9f8b9165e2e0f51bcff8",
    "SECOND": "4504f7158ce27f09c8a47b576fad7d5822f3c35654848aa827bb5b19d5e42885",
}
"""Versions that databases have, by the digest of their texts."""


def test_a_version_that_databases_have_never_changes():
    """A database that is migrated tomorrow has the same functions as one of today."""
    for name, digest in OUT.items():
        texts = (*getattr(search_functions, name), *getattr(search_functions, f"{name}_GONE"))
        assert hashlib.sha256(";".join(texts).encode()).hexdigest() == digest, name


def test_what_keeps_texts_beside_their_rows_never_changes():
    made = search_functions.kept_beside("party", "name, note", "new.name || new.note")
    digest = hashlib.sha256(";".join(made).encode()).hexdigest()
    assert digest == "680da5ed1a3e795331019241d33ef524552356768c382d5a11a60bf37fe39805"


def test_each_version_is_among_those_that_are_watched():
    versions = {name for name in search_functions.__all__ if name.isupper()}
    assert {name for name in versions if not name.endswith("_GONE")} == set(OUT)
    assert folding.FUNCTIONS in [getattr(search_functions, name) for name in OUT]

"""The functions that migrations have made are not edited afterwards."""

import hashlib

from chassis.storage import search_functions, searching

OUT = {"FIRST": "47d76b7cd02bc98e72d19130eacc9e6af4cdee28229e9f8b9165e2e0f51bcff8"}
"""Versions that databases have, by the digest of their texts."""


def test_a_version_that_databases_have_never_changes():
    """A database that is migrated tomorrow has the same functions as one of today."""
    for name, digest in OUT.items():
        texts = (*getattr(search_functions, name), *getattr(search_functions, f"{name}_GONE"))
        assert hashlib.sha256(";".join(texts).encode()).hexdigest() == digest, name


def test_each_version_is_among_those_that_are_watched():
    assert {name for name in search_functions.__all__ if not name.endswith("_GONE")} == set(OUT)
    assert searching.FUNCTIONS in [getattr(search_functions, name) for name in OUT]

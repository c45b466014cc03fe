"""E-mail addresses: one spelling to compare by, the typed name kept."""

import pytest
from pydantic import BaseModel, ValidationError

from values.email import Email, email_key


class Person(BaseModel):
    email: Email = ""


def kept(text):
    return Person(email=text).email


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Ann.Lee@EXAMPLE.com", "Ann.Lee@example.com"),
        ("Info@Example.com", "Info@example.com"),
        ("kontakt@BÜCHER.example", "kontakt@bücher.example"),
        ("kontakt@xn--bcher-kva.example", "kontakt@bücher.example"),
        ("  ann@x.test ", "ann@x.test"),
        ("采购@图书馆.example", "采购@图书馆.example"),
        ("", ""),
    ],
)
def test_the_name_keeps_its_case_and_the_domain_has_one_spelling(typed, stored):
    """C7."""
    assert kept(typed) == stored


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann.Lee@Example.com", "ann.lee@EXAMPLE.COM"),
        ("a@bücher.example", "A@XN--BCHER-KVA.example"),
        ("not an address", "NOT AN ADDRESS"),
    ],
)
def test_spellings_of_one_address_compare_equal(one, other):
    """C7: the whole address matches whatever its case."""
    assert email_key(one) == email_key(other)


def test_different_addresses_compare_different():
    assert email_key("ann@example.com") != email_key("ann@example.org")


@pytest.mark.parametrize(
    "text", ["ann", "ann@", "@example.com", "a b@example.com", "a@b@c.com", "a..b@c.com", "a@b"]
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValidationError, match="Write an e-mail address"):
        kept(text)

"""What records are compared by is found by short ways, where there are any."""

import re
import sys
import unicodedata

from values.matching import _JOINED_FORMS, folded


def test_the_short_ways_change_no_key():
    """What `isalnum` takes for letters and numbers is such; no joined form is written in ASCII."""
    every = list(map(chr, range(sys.maxunicode + 1)))
    assert not [
        sign for sign in every if sign.isalnum() and unicodedata.category(sign)[0] not in "LN"
    ]
    assert not [form for form in _JOINED_FORMS if form.isascii()]
    assert not [sign for sign in every[:128] if folded(sign) != folded_the_long_way(sign)]


def folded_the_long_way(text):
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFKC", re.sub("[\u0300-\u036f]", "", plain))

"""Deals whose forecasts are asked for."""

from itertools import count

import pytest
from services.crm.tests.opportunities.conftest import Deals

_YEARS = count(2101)


@pytest.fixture
def deals(crm, desk):
    """What a seller does with deals."""
    return Deals(crm, desk)


@pytest.fixture
def year():
    """A year in which nobody else's deals close."""
    return next(_YEARS)

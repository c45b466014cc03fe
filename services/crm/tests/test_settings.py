"""Settings with checks of their own."""

import pytest
from pydantic import ValidationError

from crm.settings import CrmSettings


def test_the_region_of_phones_is_a_country_with_telephones():
    assert CrmSettings(region="US").region == "US"
    with pytest.raises(ValidationError, match="no country with a telephone code"):
        CrmSettings(region="ZZ")

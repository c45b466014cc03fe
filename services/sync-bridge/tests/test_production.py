"""In production the bridge talks by https, unless nobody else can listen."""

import pytest
from pydantic import ValidationError

from sync_bridge.settings import BridgeSettings

GIVEN = {
    "environment": "production",
    "database_url": "postgresql://bridge@db.example.com/bridge?sslmode=verify-full",
    "erp_url": "https://erp.example.com",
    "crm_url": "https://crm.example.com",
}


@pytest.mark.parametrize("half", ["erp", "crm"])
def test_a_half_is_not_reached_by_http(half):
    url = f"http://{half}.example.com"
    with pytest.raises(ValidationError, match=f"BRIDGE_{half.upper()}_URL is {url}"):
        BridgeSettings.model_validate(GIVEN | {f"{half}_url": url})
    private = GIVEN | {f"{half}_url": url, "private_network": True}
    assert BridgeSettings.model_validate(private).unsafe() == []


def test_https_is_taken():
    assert BridgeSettings.model_validate(GIVEN).unsafe() == []

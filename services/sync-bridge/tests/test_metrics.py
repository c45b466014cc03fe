"""What an operator watches at /metrics."""

import re

from sync_bridge.app import SERVICE


async def test_each_metric_is_a_number_from_the_start(bridge):
    """An operator's alert needs a zero, not a series that is missing."""
    page = (await bridge.client.get("/metrics")).text
    for figure in SERVICE.metrics:
        found = re.search(rf'^tandem_{figure.name}{{service="bridge"}} (\S+)$', page, re.MULTILINE)
        assert found, figure.name
        assert float(found[1]) == 0


async def test_a_lane_that_is_parked_is_seen(bridge):
    """B33: what waits for a person is counted wherever it was parked."""
    async with bridge.database.driver() as sql:
        await sql.execute(
            """insert into lane (key, id, kind, subject, pending, state, since, next_at, reason)
               select 'crm.customer:' || id, id, 'crm.customer', id, 1, 'parked', now(), now(),
                      'refused' from gen_random_uuid() as id"""
        )
    page = (await bridge.client.get("/metrics")).text
    assert 'tandem_bridge_lanes_parked{service="bridge"} 1.0' in page

"""Connections of a service: how one that cannot be had is told."""

import pytest
from sqlalchemy import make_url

from chassis.storage.database import Database


async def test_a_server_that_takes_no_connection_is_told_as_one_that_is_away(sample):
    """Whoever works for good, behind the API, waits for it in both cases."""
    elsewhere = make_url(sample.runtime_url).set(database="no_such_database")
    url = elsewhere.render_as_string(hide_password=False)
    database = Database.connect(sample.service, sample.settings, url=url)
    try:
        for asked in (database.transaction, database.reading, database.driver):
            with pytest.raises(ConnectionError, match="no_such_database"):
                async with asked():
                    pass
    finally:
        await database.close()

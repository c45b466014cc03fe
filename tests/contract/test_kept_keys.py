"""Used idempotency keys stay a day at least, in every service: a repeat is not done twice."""

import asyncpg
import pytest

from crm.app import SERVICE as CRM
from erp.app import SERVICE as ERP
from sync_bridge.app import SERVICE as BRIDGE

SERVICES = {one.name: one for one in (ERP, CRM, BRIDGE)}
ADD = """insert into idempotency_key (actor, key, fingerprint, created_at)
  values ('key:a', $1, sha256('x'), now() - $2 * interval '1 hour')"""
FORGET = "delete from idempotency_key where key = $1"


@pytest.mark.parametrize("name", SERVICES)
async def test_the_runtime_role_deletes_old_keys_only(cluster, name):
    urls = cluster.migrated(SERVICES[name], f"{name}_kept_keys")
    sql = await asyncpg.connect(urls.runtime)
    try:
        await sql.execute(ADD, "young", 23)
        await sql.execute(ADD, "old", 25)
        with pytest.raises(asyncpg.CheckViolationError, match="stays for a day"):
            await sql.execute(FORGET, "young")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await sql.execute("update idempotency_key set created_at = '2020-01-01'")
        assert await sql.execute(FORGET, "old") == "DELETE 1"
    finally:
        await sql.close()

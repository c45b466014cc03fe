"""The relay of a service, made by its settings for a broker with TLS and log-ins."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from chassis.testing.waiting import until
from chassis.worker.relaying import relay_for

from .test_relay import at_work, desk, flat, ids_on

__all__ = ["desk"]

pytestmark = pytest.mark.kafka


async def test_the_relay_of_a_service_publishes_by_tls_once_its_password_is_right(
    secured_kafka, desk
):
    """A wrong password marks nothing; the right one sends all that waits, and restarts compare."""
    access = secured_kafka.access
    modules = desk.service.service.modules
    [notes] = (one for one in modules if one.events)
    others = [one for one in modules if one is not notes]
    publishing = replace(notes, events=[desk.note])
    service = replace(desk.service.service, modules=[*others, publishing])
    settings = desk.service.settings.model_copy(
        update={
            "kafka_bootstrap_servers": f"127.0.0.1:{secured_kafka.login_port}",
            "kafka_partitions": 2,
            "kafka_security_protocol": "SASL_SSL",
            "kafka_sasl_mechanism": "SCRAM-SHA-512",
            "kafka_sasl_username": access.username,
            "kafka_sasl_password": SecretStr("wrong"),
            "kafka_ssl_ca_file": access.ca_file,
        }
    )

    def relay(password):
        update = {"kafka_sasl_password": SecretStr(password)}
        return relay_for(
            service,
            settings.model_copy(update=update),
            desk.service.database.connect_driver,
            desk.service.app.state.wakeups,
        )

    await desk.writes(10)
    refused = relay("wrong")

    async def failed():
        return refused._failures > 0

    async with at_work(refused):
        await until(failed)
    assert not await desk.mark()
    for _ in range(2):
        async with at_work(relay(access.password_file.read_text())):
            await desk.writes(10)
            await desk.reaches(await desk.head())
    found = flat(await ids_on(secured_kafka.bootstrap, desk.topic))
    assert sorted(found) == sorted(await desk.ids_in_feed())

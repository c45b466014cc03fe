"""The relay of a service, made for the broker that its settings name."""

from collections.abc import Callable

from chassis.events.broker import Publisher
from chassis.events.relay import ANSWER_SECONDS, Relay
from chassis.events.wakeup import Connect, Wakeups
from chassis.service import Service
from chassis.settings import ServiceSettings

__all__ = ["relay_for"]


def relay_for(
    service: Service,
    settings: ServiceSettings,
    connect: Connect,
    wakeups: Wakeups,
    *,
    restarted: Callable[[], None] = lambda: None,
) -> Relay | None:
    """The relay of a service; None when no broker is configured."""
    brokers = settings.brokers
    if brokers is None:
        return None
    from chassis.events.publisher import KafkaPublisher  # noqa: PLC0415 - B62: only with a broker
    from chassis.events.topic_ends import TopicEnds  # noqa: PLC0415 - the same

    topics = {event.topic_for(service.name) for event in service.events if event.public}

    def make_publisher() -> Publisher:
        return KafkaPublisher(
            brokers,
            client_id=f"tandem-{service.name}-relay",
            topics=topics,
            partitions=settings.kafka_partitions,
            answer_seconds=ANSWER_SECONDS,
        )

    ends = TopicEnds(
        brokers,
        topics=topics,
        partitions=settings.kafka_partitions,
        answer_seconds=ANSWER_SECONDS,
    )
    return Relay(
        connect,
        wakeups,
        make_publisher,
        base_url=settings.base_url,
        restarted=restarted,
        compare=ends.compare,
    )

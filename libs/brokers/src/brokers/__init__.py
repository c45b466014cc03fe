"""Kafka brokers: where they are, and what a client needs so that they let it in.

The settings `KAFKA_...` say it once for all services; every client, whether it publishes, reads or
asks, gets its arguments from `Brokers`. No Kafka client is imported before one is needed.
"""

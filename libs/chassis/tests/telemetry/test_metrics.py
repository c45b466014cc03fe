"""Metrics: requests by route template, and queues as the database has them."""

import asyncio
import threading
import time
from datetime import timedelta

from chassis.clock import utc_now
from chassis.telemetry import metrics as module
from chassis.telemetry.metrics import Metric, Metrics


def value(page, name, **labels):
    for line in page.decode().splitlines():
        if line.startswith(name) and all(f'{key}="{told}"' in line for key, told in labels.items()):
            return float(line.rsplit(" ", 1)[1])
    return None


async def test_requests_are_counted_by_route_template(sample):
    metrics = Metrics("erp")
    metrics.request("GET", "/v1/notes/{note_id}", 200, 0.004)
    metrics.request("GET", "/v1/notes/{note_id}", 200, 0.2)
    page = await metrics.page(sample.database)
    labels = {"route": "/v1/notes/{note_id}", "status": "200", "service": "erp"}
    assert value(page, "tandem_http_request_seconds_count", **labels) == 2
    assert value(page, "tandem_http_request_seconds_bucket", le="0.005", **labels) == 1


async def test_the_route_serves_what_the_service_did(sample):
    await sample.client.get("/v1/notes")
    page = (await sample.client.get("/metrics")).content
    assert value(page, "tandem_http_request_seconds_count", route="/v1/notes", status="200") >= 1


async def test_a_page_is_made_once_for_all_who_ask_within_a_while(sample, monkeypatch):
    """Making it costs the more the more there is: it is kept, and made beside the requests."""
    made = []

    def make(_registry):
        made.append(threading.current_thread())
        return b"page %d" % len(made)

    monkeypatch.setattr(module, "generate_latest", make)
    metrics = Metrics("erp", kept_seconds=3600)
    pages = await asyncio.gather(*(metrics.page(sample.database) for _ in range(20)))
    assert set(pages) == {b"page 1"}
    assert made != [threading.main_thread()]
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 3601)
    assert await metrics.page(sample.database) == b"page 2"


async def test_queue_figures_come_from_the_database(sample):
    metrics = Metrics("sample")
    before = await metrics.page(sample.database)
    async with sample.database.transaction() as work:
        work.enqueue("metrics.waits", {}, run_at=utc_now() - timedelta(hours=2))
        work.enqueue("metrics.later", {}, run_at=utc_now() + timedelta(hours=2))
    await sample.post("/v1/notes", {"title": "measured"})
    page = await metrics.page(sample.database)
    queued = value(page, "tandem_jobs", state="queued")
    assert queued == value(before, "tandem_jobs", state="queued") + 2
    assert value(page, "tandem_job_overdue_seconds") > 7000
    assert value(page, "tandem_outbox_unsequenced_seconds") > 0
    await sample.settle_feed()
    page = await metrics.page(sample.database)
    assert value(page, "tandem_outbox_unsequenced_seconds") == 0
    assert value(page, "tandem_feed_head") >= 1
    assert value(page, "tandem_relay_lag_events") == 0
    async with sample.database.driver() as sql:
        await sql.execute("delete from job where kind like 'metrics.%'")


async def test_consumers_show_how_far_they_are_behind(sample):
    await sample.post("/v1/notes", {"title": "unread"})
    await sample.settle_feed()
    async with sample.database.driver() as sql:
        await sql.execute("insert into feed_consumer (name, feed_seq) values ('slow', 0)")
    page = await Metrics("sample").page(sample.database)
    head = value(page, "tandem_feed_head")
    assert value(page, "tandem_feed_consumer_lag_events", consumer="slow") == head
    async with sample.database.driver() as sql:
        await sql.execute("delete from feed_consumer where name = 'slow'")


async def test_a_database_that_does_not_answer_is_a_figure_too(sample):
    class Gone:
        def driver(self):
            raise ConnectionRefusedError

    page = await Metrics("sample").page(Gone())
    assert value(page, "tandem_database_up") == 0
    assert value(await Metrics("sample").page(sample.database), "tandem_database_up") == 1


async def test_jobs_are_counted_by_outcome(sample):
    metrics = Metrics("sample")
    metrics.job("mail", "done")
    metrics.job("mail", "retry")
    metrics.job("mail", "done")
    page = await metrics.page(sample.database)
    assert value(page, "tandem_job_runs_total", kind="mail", outcome="done") == 2


async def test_a_service_declares_figures_of_its_own(sample):
    """Read at every scrape, so they are right whoever changed the rows."""
    notes = Metric("notes", "Notes there are.", "select count(*) from note")
    known = Metric("notes_known", "One.", "select 1")
    metrics = Metrics("sample", [notes, known])
    before = value(await metrics.page(sample.database), "tandem_notes{")
    await sample.post("/v1/notes", {"title": "counted"})
    page = await metrics.page(sample.database)
    assert value(page, "tandem_notes{", service="sample") == before + 1
    assert value(page, "tandem_notes_known", service="sample") == 1

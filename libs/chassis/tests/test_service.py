"""A service is its modules: what two of them bring is refused, what one forgets as well."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Column, Table, Text

from chassis.service import Module, Schedule
from chassis.telemetry.metrics import Metric


async def nothing(work, payload):
    """A job."""


TWICE = {
    "permissions": {"permissions": {"notes.read": "Read them once more."}},
    "jobs": {"jobs": {"tidy": nothing}},
    "schedules": {"schedules": [Schedule("tidy", timedelta(days=1), "tidy")]},
    "metrics": {"metrics": [Metric("notes_open", "Open notes.", "select 1")]},
    "background": {"background": [nothing]},
    "tags": {"tags": {"pages": "Pages of notes."}},
}


@pytest.mark.parametrize("kind", TWICE)
def test_nothing_is_registered_twice(sample_module, kind):
    service = sample_module.SERVICE
    one, other = Module(name="one", **TWICE[kind]), Module(name="other", **TWICE[kind])
    with pytest.raises(ValueError, match=f"{kind} registered twice"):
        replace(service, modules=[*service.modules, one, other])


@pytest.mark.parametrize("kind", ["routers", "events", "states", "tables"])
def test_what_a_module_brings_no_other_brings(sample_module, kind):
    service = sample_module.SERVICE
    callers, notes = service.modules
    other = Module(name="other", **{kind: getattr(notes, kind)})
    with pytest.raises(ValueError, match=f"{kind} registered twice"):
        replace(service, modules=[callers, notes, other])


def test_a_module_gives_roles_only_what_it_brings_itself(sample_module):
    service = sample_module.SERVICE
    greedy = Module(name="greedy", roles={"writer": {"notes.read"}})
    with pytest.raises(ValueError, match="greedy gives writer what another module allows"):
        replace(service, modules=[*service.modules, greedy])


def test_a_role_gathers_what_modules_give_it(sample_module):
    service = sample_module.SERVICE
    tasks = Module(
        name="tasks", permissions={"tasks.write": "Write tasks."}, roles={"writer": {"tasks.write"}}
    )
    roles = replace(service, modules=[*service.modules, tasks]).roles
    assert roles["writer"] == frozenset({"notes.write", "tasks.write"})


def test_handlers_of_an_event_act_in_the_order_of_the_modules(sample_module):
    service = sample_module.SERVICE
    callers, notes = service.modules
    ((event, (first,)),) = notes.handlers.items()
    later = Module(name="later", handlers={event: [nothing]})
    assert replace(service, modules=[callers, notes, later]).handlers == {event: (first, nothing)}
    assert replace(service, modules=[callers, later, notes]).handlers == {event: (nothing, first)}


def test_a_table_that_no_module_brings_is_refused(sample_module):
    service = sample_module.SERVICE
    forgotten = Table("forgotten", service.metadata, Column("text", Text))
    try:
        with pytest.raises(ValueError, match="no module brings the table forgotten"):
            replace(service)
    finally:
        service.metadata.remove(forgotten)


def test_one_module_finds_out_who_calls(sample_module):
    service = sample_module.SERVICE
    callers, notes = service.modules
    for wrong in ([notes], [callers, notes, Module(name="more", authenticator=lambda *_: None)]):
        with pytest.raises(ValueError, match="find out who calls; one has to"):
            replace(service, modules=wrong)

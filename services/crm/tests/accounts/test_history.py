"""Whatever is done to an account, its events are its history: every version, the last one whole."""

from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NAMES = st.sampled_from(["Acme", "Beta", "阿尔法"])
FACTS = st.fixed_dictionaries(
    {},
    optional={
        "name": NAMES,
        "segment": st.sampled_from(["", "small", "large"]),
        "phone": st.sampled_from(["", "138 1234 5678", "+8613812345678", "12"]),
        "email": st.sampled_from(["", "Ann@Acme.example", "ann@acme.example"]),
        "shipping_address": st.fixed_dictionaries({}, optional={"city": NAMES}),
    },
)
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("change"), FACTS),
        st.tuples(st.just("send"), st.tuples(FACTS, st.integers(1, 6))),
        st.tuples(st.sampled_from(["archive", "restore"]), st.none()),
    ),
    max_size=8,
)


async def act(desk, account, key, kind, facts):
    """Do one thing to the account; it is never refused."""
    path = f"/v1/accounts/{account['id']}"
    if kind == "change":
        version = (await desk.see(path))["version"]
        reply = await desk.change(path, facts, revision=version)
    elif kind == "send":
        reply = await desk.send("/v1/accounts", key, facts[1], **facts[0])
    else:
        reply = await desk.crm.post(f"{path}/{kind}", None)
    assert reply.status_code < 300, reply.text


@given(acts=ACTS)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
async def test_the_events_of_an_account_are_its_history(desk, acts):
    """B04, B45, C67: no gap, no empty change, and the last event is the present state."""
    key = desk.word()
    account = (await desk.send("/v1/accounts", key, 1, name="Acme")).json()
    for kind, facts in acts:
        await act(desk, account, key, kind, facts)
    told = [event["payload"] for event in await desk.events_of(account["id"])]
    now = await desk.see(f"/v1/accounts/{account['id']}")
    assert [event["version"] for event in told] == list(range(1, now["revision"] + 1))
    shown = (now.keys() & told[-1].keys()) - {"version"}
    assert {name: told[-1][name] for name in shown} == {name: now[name] for name in shown}
    for before, after in pairwise(told):
        differing = {name for name in after if before[name] != after[name]}
        hidden = {"phone"} & set(after["changed"])  # the same number, typed in another way
        assert differing - {"version", "changed"} | hidden == set(after["changed"])

"""C16: in turn among k users n subjects give counts that differ by at most 1, come what may."""

from collections import Counter


def even(counts):
    return max(counts) - min(counts) <= 1


async def test_many_small_batches(assigning):
    users = await assigning.users(3)
    await assigning.rule(users)
    ids = []
    for size in (1, 1, 2, 1, 3, 1, 1):
        ids += await assigning.assign(size)
        assert even(await assigning.counts(ids, users))
    assert sum(await assigning.counts(ids, users)) == len(ids)


async def test_sixteen_workers_at_once(assigning):
    """Each subject is decided once, by one of them."""
    users = await assigning.users(3)
    await assigning.rule(users)
    ids = await assigning.accounts(20)
    for at in range(0, 20, 5):
        await assigning.ask(ids[at : at + 5])
        await assigning.at_once(16)
    counts = await assigning.counts(ids, users)
    assert sum(counts) == 20
    assert even(counts)
    for one in users:
        decisions = await assigning.decisions(user_id=one["id"])
        assert max(Counter(each["subject_id"] for each in decisions).values()) == 1


async def test_who_joins_and_who_leaves(assigning, desk):
    """A new one has the next turn, and no more than that; of those who stay all have as many."""
    first = await assigning.users(2)
    rule = await assigning.rule(first)
    await assigning.assign(5)
    joined = [*first, await desk.user()]
    path = f"/v1/assignment-rules/{rule['id']}"
    await desk.merge(path, {"user_ids": [one["id"] for one in joined]})
    ids = await assigning.assign(7)
    assert even(await assigning.counts(ids, joined))
    await desk.merge(path, {"user_ids": [one["id"] for one in joined[1:]]})
    ids = await assigning.assign(5)
    assert even(await assigning.counts(ids, joined[1:]))
    assert await assigning.counts(ids, joined[:1]) == [0]


async def test_who_returns_is_not_flooded(assigning, desk):
    users = await assigning.users(2)
    await assigning.rule(users)
    path = f"/v1/users/{users[0]['id']}"
    await desk.merge(path, {"capacity": 0})
    await assigning.assign(6)
    await desk.merge(path, {"capacity": None})
    ids = await assigning.assign(4)
    assert await assigning.counts(ids, users) == [2, 2]


async def test_a_team_shares_by_load(assigning, desk):
    """Who has the fewest open ones is next."""
    team = await desk.add("/v1/teams", name=desk.word("Team"))
    users = await assigning.users(2, team_id=team["id"])
    await desk.account(owner_id=users[0]["id"])
    await desk.account(owner_id=users[0]["id"])
    await assigning.rule(team_id=team["id"], user_ids=[], method="load")
    ids = await assigning.assign(4)
    assert await assigning.counts(ids, users) == [1, 3]

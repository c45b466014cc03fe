"""Every text of identity and jobs that a caller may read stands in both languages."""

import pytest

from chassis.api import jobs
from chassis.identity import jwt, sessions, users
from chassis.texts import Texts

PROBLEMS = (
    jwt.IssuerUnavailable,
    jobs.NotDead,
    sessions.LoginRefused,
    sessions.TooManyAttempts,
    users.LoginTaken,
)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.code)
def test_a_problem_is_told_in_chinese_as_well(problem):
    view = problem(wait_seconds=3, id="17", state="done", login="mia").view(
        Texts.load(()), "zh-CN", "r1"
    )
    assert view["title"] != problem.title
    assert not view["detail"].isascii()
    assert "{" not in view["detail"]

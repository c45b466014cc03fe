"""Every text of identity that a caller may read stands in both languages."""

import pytest

from chassis.texts import Texts
from identity import (
    LOCALE,
    attempts,
    factors,
    jwt,
    own,
    places,
    proving,
    required_factors,
    rotation,
    sessions,
    users,
)

PROBLEMS = (
    jwt.IssuerUnavailable,
    sessions.LoginRefused,
    attempts.TooManyAttempts,
    factors.FactorExists,
    factors.SecondFactorRequired,
    factors.SecondFactorWrong,
    proving.ProofNeeded,
    required_factors.FactorNotEnrolled,
    required_factors.FactorRequiredByRole,
    required_factors.OwnFactorReset,
    rotation.ApiKeyEnded,
    own.NoLocalUser,
    places.LoginsBusy,
    users.LastAdministrator,
    users.LoginTaken,
)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.code)
def test_a_problem_is_told_in_chinese_as_well(problem):
    view = problem(wait_seconds=3, login="mia", name="till").view(
        Texts.load([LOCALE]), "zh-CN", "r1"
    )
    assert view["title"] != problem.title
    assert not view["detail"].isascii()
    assert "{" not in view["detail"]

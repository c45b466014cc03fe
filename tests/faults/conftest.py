"""A check that fails in a helping module says what it compared, as in a test."""

import pytest

pytest.register_assert_rewrite("tests.faults.reckoning")

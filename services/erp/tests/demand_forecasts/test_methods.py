"""Forecasting methods against figures of a textbook (Heizer/Render), and back-tests."""

from datetime import date
from decimal import Decimal

from erp.demand_forecasts.rules.methods import fit, holt, moving_average, smoothed
from erp.demand_forecasts.rules.periods import begins, periods_from
from erp.demand_forecasts.rules.testing import back_tested, best_of, errors_of
from erp.demand_forecasts.states import Bucket, ForecastMethod


def series(*numbers):
    return [Decimal(one) for one in numbers]


def near(found, *expected, places="0.01"):
    return [one.quantize(Decimal(places)) for one in found] == [Decimal(one) for one in expected]


TONNAGE = series(180, 168, 159, 175, 190, 205, 180, 182)


def test_a_moving_average_of_three_months():
    sales = series(10, 12, 13, 16, 19, 23, 26, 30, 28, 18, 16, 14)
    found = moving_average(sales, 3)
    assert found[:3] == [None] * 3
    assert near(
        found[3:],
        *("11.67", "13.67", "16.00", "19.33", "22.67", "26.33", "28.00", "25.33", "20.67", "16.00"),
    )
    assert moving_average(series(1), 3) == [None, None]


def test_exponential_smoothing_and_its_errors():
    """Tonnage of a port: with alpha 0.10 and 0.50, first forecast 175."""
    first = Decimal(175)
    slow = smoothed(TONNAGE, Decimal("0.1"), first)
    assert near(
        slow,
        *("175.00", "175.50", "174.75", "173.18", "173.36", "175.02", "178.02", "178.22", "178.60"),
    )
    assert near([errors_of(TONNAGE, slow[:-1]).mae], "10.31")
    quick = errors_of(TONNAGE, smoothed(TONNAGE, Decimal("0.5"), first)[:-1])
    assert near([quick.mae], "12.33", places="0.01")


def test_smoothing_of_level_and_trend():
    """Holt with alpha 0.2 and beta 0.4 from level 11 and trend 2."""
    demand = series(12, 17, 20, 19, 24, 21, 31, 28, 36)
    found = holt(demand, Decimal("0.2"), Decimal("0.4"), (Decimal(11), Decimal(2)))
    assert near(
        found,
        *("13.0", "14.7", "17.3", "20.1", "22.1", "24.9", "26.2", "29.6", "31.6", "35.2"),
        places="0.1",
    )


def test_errors_say_by_how_much_and_which_way():
    errors = errors_of(series(10, 0, 20), series(12, 1, 18))
    assert (errors.mae, errors.mape, errors.wape, errors.bias) == (
        Decimal("1.666667"),
        Decimal("0.150000"),
        Decimal("0.166667"),
        Decimal("0.333333"),
    )
    nothing = errors_of(series(0), series(2))
    assert (nothing.mape, nothing.wape) == (None, None)


def test_the_method_that_misses_least_is_proposed():
    """A trend is seen by Holt alone; nothing of what is held out is known to a method."""
    rising = series(*range(10, 130, 5))
    found = back_tested(rising, ahead=3, hold_out=6, window=3)
    assert found[0].fit.method == ForecastMethod.HOLT
    assert best_of(found).fit.expected == tuple(series(130, 135, 140))
    assert best_of(found).errors.mae == 0
    assert back_tested(series(5), ahead=1, hold_out=1, window=3) == []
    falling = fit(ForecastMethod.HOLT, series(30, 20, 10), 4, window=3)
    assert falling is not None
    assert min(falling.expected) == 0
    # Only what came before each period counts: with all known it would be right everywhere.
    jump = series(10, 10, 10, 10, 50)
    [smooth] = [
        one
        for one in back_tested(jump, ahead=1, hold_out=1, window=3)
        if one.fit.method == ForecastMethod.EXPONENTIAL_SMOOTHING
    ]
    assert smooth.errors.mae == 40


def test_weeks_begin_on_monday_and_months_on_the_first():
    day = date(2026, 11, 26)
    assert begins(day, Bucket.WEEK) == date(2026, 11, 23)
    assert begins(day, Bucket.MONTH) == date(2026, 11, 1)
    assert periods_from(date(2026, 11, 1), Bucket.MONTH, 3)[-1] == (
        *(date(2027, 1, 1), date(2027, 1, 31)),
    )
    assert periods_from(date(2026, 1, 1), Bucket.MONTH, -2) == [
        (date(2025, 11, 1), date(2025, 11, 30)),
        (date(2025, 12, 1), date(2025, 12, 31)),
    ]
    assert periods_from(date(2026, 11, 23), Bucket.WEEK, -1) == [
        (date(2026, 11, 16), date(2026, 11, 22))
    ]

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcsolve.score.interval import wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(0, 0, 0.0, 1.0), (0, 10, 0.0, 0.2775327998628892), (5, 10, 0.2365930905125640, 0.7634069094874360),
     (10, 10, 0.7224672001371107, 1.0), (1, 400, 0.0004414477, 0.0140232851)],
)  # fmt: skip
def test_known_values(successes: int, n: int, low: float, high: float) -> None:
    assert wilson(successes, n) == pytest.approx((low, high), abs=1e-6)


@given(st.integers(1, 1000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_holds_the_rate_and_mirrors(case: tuple[int, int]) -> None:
    successes, n = case
    low, high = wilson(successes, n)
    assert 0 <= low <= successes / n <= high <= 1
    assert wilson(n - successes, n) == pytest.approx((1 - high, 1 - low))


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="5 successes of 3"):
        wilson(5, 3)

"""How sure a rate is."""

import math

Z_95 = 1.959963984540054
"""Two-sided 95 % quantile of the normal distribution."""


def wilson(successes: int, n: int, z: float = Z_95) -> tuple[float, float]:
    """Wilson's score interval for a rate (E. B. Wilson, JASA 22, 1927).

    Args:
        successes: how many of the `n`.
        n: at least 0; with none, nothing is known: (0, 1).
        z: normal quantile; 95 % by default.

    Returns:
        Lower and upper end, in [0, 1].

    Raises:
        ValueError: `successes` is not between 0 and `n`.
    """
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n}")
    if n == 0:
        return 0.0, 1.0
    rate = successes / n
    centre = rate + z * z / (2 * n)
    spread = z * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low, high = (centre - spread) / scale, (centre + spread) / scale
    return (0.0 if successes == 0 else max(0.0, low)), (1.0 if successes == n else min(1.0, high))

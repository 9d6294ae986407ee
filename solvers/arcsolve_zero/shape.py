"""A guess at an output's shape from the demonstrations' shapes alone."""

from fractions import Fraction

from arcsolve.task import Challenge


def guess_shape(challenge: Challenge, test_index: int) -> tuple[int, int]:
    """Guess the shape of a test output: always the same one, or the input's times a constant factor per axis.

    Args:
        challenge: the task.
        test_index: which test input.

    Returns:
        (height, width); the input's own shape where no rule fits the demonstrations.
    """
    height, width = challenge.test_inputs[test_index].shape
    outputs = {pair.output.shape for pair in challenge.train}
    factors = {
        (
            Fraction(pair.output.shape[0], pair.input.shape[0]),
            Fraction(pair.output.shape[1], pair.input.shape[1]),
        )
        for pair in challenge.train
    }
    if len(factors) == 1:
        (vertical, horizontal) = factors.pop()
        scaled = height * vertical, width * horizontal
        if all(side.denominator == 1 for side in scaled):
            return int(scaled[0]), int(scaled[1])
    if len(outputs) == 1:
        (shape,) = outputs
        return shape[0], shape[1]
    return height, width

"""The canvas holds what the demonstrations foretell."""

import pytest

from arcsolve_hrm.canvas import Canvas
from arcsolve_hrm.output_size import bounding_canvas, foretell


@pytest.mark.parametrize(
    ("demonstrations", "source", "expected"),
    [
        ([((3, 3), (3, 3)), ((5, 4), (5, 4))], (7, 2), (7, 2)),
        ([((3, 3), (1, 2)), ((5, 4), (1, 2))], (7, 2), (1, 2)),
        ([((3, 3), (6, 9)), ((2, 4), (4, 12))], (5, 5), (10, 15)),
        ([((4, 6), (2, 3)), ((2, 2), (1, 1))], (8, 4), (4, 2)),
        ([((3, 3), (5, 4)), ((2, 4), (4, 5))], (6, 6), (8, 7)),
        ([((3, 5), (5, 3)), ((2, 4), (4, 2))], (6, 7), (7, 6)),
        ([((3, 3), (9, 9)), ((2, 2), (4, 4))], (4, 5), (16, 25)),
        ([((3, 3), (9, 9)), ((2, 2), (5, 4))], (4, 5), None),
    ],
)
def test_rules(demonstrations, source, expected):
    assert foretell(demonstrations, source) == expected


def test_a_size_over_thirty_is_not_foretold():
    assert foretell([((3, 3), (9, 9)), ((4, 4), (12, 12))], (20, 20)) is None


def test_the_canvas_has_a_border_and_stops_at_thirty():
    assert bounding_canvas([((3, 3), (3, 3))], (5, 4)) == Canvas(6, 5)
    assert bounding_canvas([((3, 3), (3, 3))], (30, 4)) == Canvas(30, 5)
    assert bounding_canvas([((3, 3), (9, 2)), ((2, 2), (1, 7))], (4, 4)) == Canvas(10, 8)

"""Drawing: the same sheet in the terminal, as SVG and as PNG; wrong cells are marked in each."""

import re
import struct
import xml.etree.ElementTree as ET
import zlib

import numpy as np
import pytest

import arcsolve
from arcsolve.show import PALETTE, Panel, Row, task_sheet
from arcsolve.show.layout import lay_out
from arcsolve.show.png import encode
from arcsolve.show.png import render as render_png
from arcsolve.show.svg import render as render_svg
from arcsolve.show.terminal import render as render_text

TRUTH = np.array([[1, 2, 3], [4, 5, 6]])
WRONG = np.array([[1, 2, 0], [4, 5, 6]])


@pytest.fixture
def rows():
    pair = arcsolve.Pair(TRUTH, TRUTH.T)
    task = arcsolve.Task(arcsolve.Challenge("t", (pair,), (TRUTH.T,)), (TRUTH,))
    attempts = (arcsolve.Candidate(0, WRONG, 0.5), arcsolve.Candidate(0, TRUTH, 0.25))
    outcome = arcsolve.Outcome("s", "t", task.sha256, arcsolve.Status.TIMEOUT, None, attempts=attempts)
    silent = arcsolve.Outcome("quiet", "t", task.sha256, arcsolve.Status.FINISHED, None)
    return task_sheet(task, [outcome, silent])


def test_the_sheet_holds_demonstrations_tests_and_attempts(rows):
    assert [row.title for row in rows] == ["train 0", "test 0", "test 0: s, timeout", "test 0: quiet, no attempt"]
    wrong, right = rows[2].panels
    assert (wrong.verdict, right.verdict) == ("1 cell wrong", "right")
    assert wrong.is_wrong.tolist() == [[False, False, True], [False, False, False]]


def test_cells_outside_the_right_shape_are_wrong():
    panel = Panel("", np.zeros((2, 2), np.int8), np.zeros((1, 3), np.int8))
    assert panel.is_wrong.tolist() == [[False, False], [True, True]]
    assert panel.verdict == "wrong shape, should be 1x3"


def test_without_colour_grids_are_digits_and_wrong_cells_have_a_mark(rows):
    text = render_text(rows, width=80, colour=False)
    assert "\x1b" not in text
    assert "│1 2 0!│" in text
    assert "│4 5 6 │" in text


def test_in_colour_every_cell_has_its_fixed_background(rows):
    text = render_text(rows, width=80, colour=True)
    for colour in range(1, 7):
        assert "48;2;{};{};{}m".format(*PALETTE[colour]) in text
    assert "38;2;255;255;255;48;2;0;0;0m><" in text
    assert not re.search(r"\x1b\[[34]\dm", text)  # none of the theme's sixteen colours


@pytest.mark.parametrize("width", [20, 40, 80])
@pytest.mark.parametrize("columns", [1, 9, 30, 18])
def test_no_line_is_longer_than_the_terminal_where_the_grid_allows_it(width, columns):
    panels = (Panel("a", np.zeros((2, columns), np.int8)), Panel("b", np.ones((3, columns), np.int8)))
    text = render_text([Row("title", panels)], width=width, colour=False)
    assert max(map(len, text.split("\n"))) <= max(width, columns + 2)


def test_svg_is_well_formed_and_has_a_rectangle_per_cell(rows):
    root = ET.fromstring(render_svg(rows))
    fills = [element.get("fill") for element in root.iter("{http://www.w3.org/2000/svg}rect")]
    assert len(fills) == 1 + 6 * 6
    assert fills.count("#0074d9") == 6
    assert len(list(root.iter("{http://www.w3.org/2000/svg}path"))) == 1


def pixels(png: bytes) -> np.ndarray:
    width, height = struct.unpack(">II", png[16:24])
    at, data = 8, b""
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert struct.unpack(">I", png[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + body)
        data += body if kind == b"IDAT" else b""
        at += 12 + length
    lines = np.frombuffer(zlib.decompress(data), np.uint8).reshape(height, 1 + 3 * width)
    assert not lines[:, 0].any()
    return lines[:, 1:].reshape(height, width, 3)


def test_png_round_trip():
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    assert np.array_equal(pixels(encode(image)), image)


def test_png_shows_each_cells_colour_where_the_layout_puts_it(rows):
    image = pixels(render_png(rows))
    picture = lay_out(rows)
    assert image.shape == (picture.height, picture.width, 3)
    for placed in picture.grids:
        for (r, c), colour in np.ndenumerate(placed.panel.grid):
            y, x = placed.y + r * placed.cell + 3, placed.x + c * placed.cell + placed.cell // 2
            assert tuple(image[y, x]) == PALETTE[colour]

"""The words of the language that the rule lanes use: a learned rule stands in them as literals."""

from __future__ import annotations

import numpy as np

from arcsolve_dsl.errors import EvaluationError
from arcsolve_dsl.lanes import views
from arcsolve_dsl.lanes.cell_rules import apply_table
from arcsolve_dsl.lanes.conditions import Condition
from arcsolve_dsl.lanes.facts import fact_pictures
from arcsolve_dsl.lanes.layer_base import color_roles
from arcsolve_dsl.lanes.layers import LayerSet
from arcsolve_dsl.lanes.object_rules import Rule, apply_rules, check_rule
from arcsolve_dsl.lanes.parts import CONTENTS, KINDS, MAX_PARTS, parts_of, pick_index
from arcsolve_dsl.lanes.repair import WAYS, box_of, repair_cells
from arcsolve_dsl.lanes.segments import CONVENTIONS, ByteGrid, Scene
from arcsolve_dsl.lanes.stamp import stamp_cells
from arcsolve_dsl.lanes.sweep_rules import TURNS, sweep, sweep_layers
from arcsolve_dsl.lanes.views import cut_equal_panels, summaries_of
from arcsolve_dsl.lanes.views import split_evenly as split_cells
from arcsolve_dsl.picture import Cells, Picture, Pictures
from arcsolve_dsl.registry import Example, primitive


def bytes_of(picture: Picture) -> ByteGrid:
    """The cells as the kernels of the lanes take them."""
    return picture.cells.astype(np.uint8)


def as_cells(grid: ByteGrid) -> Cells:
    """The cells as the language has them."""
    return grid.astype(np.int8)


def _pictures(parts: list[ByteGrid] | None, why: str) -> Pictures:
    if not parts:
        raise EvaluationError(why)
    return tuple(Picture(as_cells(np.ascontiguousarray(part))) for part in parts)


@primitive(
    "rules", Example("cell_rule(input, 0, ('near.filled_up',), {0: 'cell.own', 1: 'color3'})", "1.1\n...", "1.1\n3.3")
)
def cell_rule(picture: Picture | Pictures, background: int, layers: tuple[str, ...], table: dict[object, str]) -> Cells:
    """Paint each cell as a table says for the values of some layers at that cell; else as the nearest entry says.

    Layers are named `family.layer` (`family.layer@2` for the second of several pictures of one size); a key of the
    table is one value, or a tuple of one value for each layer; an entry names a paint: `color3`, or a layer of colours.
    """
    pictures = (picture,) if isinstance(picture, Picture) else tuple(picture)
    if len({p.cells.shape for p in pictures}) != 1:
        raise EvaluationError("cell_rule needs pictures of one size.")
    scenes = [Scene(bytes_of(p), background) for p in pictures]
    rules: dict[tuple[int, ...], str] = {}
    for key, paint in table.items():
        values = key if isinstance(key, tuple) else (key,)
        if len(values) != len(layers) or not all(isinstance(v, int) and 0 <= v < 256 for v in values):
            raise EvaluationError(f"The key {key!r} does not give one value for each of {len(layers)} layers.")
        rules[tuple(v for v in values if isinstance(v, int))] = paint
    return as_cells(apply_table(LayerSet(scenes), layers, rules))


@primitive(
    "rules",
    Example(
        "cell_rule(input, common_color(input), ('cell.is_background',), {0: 'color1', 1: 'cell.own'})",
        "55\n52",
        "55\n51",
    ),
)
def common_color(picture: Picture) -> int:
    """The colour of most cells (the lowest number among equals)."""
    return int(np.bincount(picture.cells.ravel(), minlength=10).argmax())


@primitive(
    "rules",
    Example("cell_rule(panels(input), 0, ('cell.color@2',), {1: 'cell.own', 2: 'color2'})", "1.5.2\n.15..", "12\n.1"),
)
def panels(picture: Picture) -> Pictures:
    """The equal panels between separating lines of one colour, in reading order."""
    return _pictures(cut_equal_panels(bytes_of(picture)), "There are no equal panels.")


@primitive(
    "rules",
    Example(
        "cell_rule(split_evenly(input, 1, 2), 0, ('cell.color@2',), {1: 'cell.own', 2: 'color2'})",
        "1..2\n.1..",
        "12\n.1",
    ),
)
def split_evenly(picture: Picture, rows: int, cols: int) -> Pictures:
    """Equal parts of the picture without lines between them, in reading order."""
    return _pictures(
        split_cells(bytes_of(picture), rows, cols), f"The size does not divide into {rows} by {cols} parts."
    )


@primitive("rules", Example("enlarge(input, 2, 3)", "12", "111222\n111222"))
def enlarge(picture: Picture, rows: int, cols: int) -> Cells:
    """Make every cell a block of rows by cols cells."""
    return as_cells(views.enlarge(bytes_of(picture), rows, cols))


@primitive("rules", Example("enlarge_by_size(input)", "12", "1122"))
def enlarge_by_size(picture: Picture) -> Cells:
    """Make every cell a block as large as the whole picture."""
    return as_cells(views.enlarge(bytes_of(picture), *picture.cells.shape))


@primitive("rules", Example("repeat_grid(input, 2, 2)", "12", "1212\n1212"))
def repeat_grid(picture: Picture, rows: int, cols: int) -> Cells:
    """Lay rows by cols copies side by side."""
    return as_cells(views.tile(bytes_of(picture), rows, cols))


@primitive("rules", Example("repeat_by_size(input)", "12", "1212"))
def repeat_by_size(picture: Picture) -> Cells:
    """Lay as many copies down and across as the picture has rows and columns."""
    return as_cells(views.tile(bytes_of(picture), *picture.cells.shape))


@primitive(
    "rules",
    Example(
        "cell_rule(summaries(input, 0, ('each', 2, 2)), 0, ('cell.color@2',), {2: 'cell.own', 4: 'color1'})",
        "11.2\n112.",
        "12",
    ),
)
def summaries(picture: Picture, background: int, how: tuple[object, ...]) -> Pictures:
    """One cell for each part of the picture: three pictures with its leading colour, filled cells and colours.

    Parts are the panels for `()`, blocks of h by w cells for `('each', h, w)`, r by c equal parts for `('into', r, c)`.
    Numbers are written as colours, 9 for nine or more.
    """
    parts = summaries_of(bytes_of(picture), background, how)  # type: ignore[arg-type]
    return _pictures(parts, f"The picture has no parts {how}.")


@primitive("rules", Example("pick_part(input, 0, 'shapes8', 'box', 'size', 'most')", "11.2\n1...", "11\n1."))
def pick_part(picture: Picture, background: int, kind: str, content: str, feature: str, which: str | int) -> Cells:
    """Crop the part that a feature sets apart: the 'most', the 'least', the 'odd' one, or the one with a given value.

    Kinds of parts: `parts` (one colour, background too), `shapes4`, `shapes8` (one colour), `things4`, `things8` (any
    colours), `colors`, `panels`, `filled`, `insides`. Content: the `box`, `only` its own cells, or what is `inside`.
    """
    if kind not in KINDS or content not in CONTENTS:
        raise EvaluationError(f"pick_part knows the kinds {', '.join(KINDS)} and the contents {', '.join(CONTENTS)}.")
    parts = parts_of(Scene(bytes_of(picture), background), kind)
    if not 1 <= parts.objects.count <= MAX_PARTS:
        raise EvaluationError(f"There are {parts.objects.count} parts to pick from.")
    if feature not in parts.features:
        raise EvaluationError(f"There is no feature '{feature}'.")
    index = pick_index(parts.features, feature, which)
    if index < 0:
        raise EvaluationError(f"'{feature}' does not set one part apart.")
    return as_cells(np.ascontiguousarray(parts.content(index, content)))


@primitive("rules", Example("cut_where(input, input, ranked_color(input, 1))", "122\n1.3\n113", "22"))
def ranked_color(picture: Picture, rank: int) -> int:
    """The colour at a rank by number of cells, the commonest of all left out: 1 the most, -1 the rarest."""
    down, up = color_roles(Scene(bytes_of(picture), common_color(picture)))
    order = down if rank > 0 else up
    if not 1 <= abs(rank) <= len(order):
        raise EvaluationError(f"There is no colour of rank {rank}.")
    return order[abs(rank) - 1]


@primitive("rules", Example("repair(input, 0, 'mirror')", "12321\n45.54\n78..7", "12321\n45.54\n78.87"))
def repair(picture: Picture, color: int, way: str) -> Cells:
    """Fill the cells of a colour so that the picture keeps its period or symmetry, fitted to the other cells.

    Ways: `period`, `mirror`, `mirror-period`.
    """
    if way not in WAYS:
        raise EvaluationError(f"repair knows the ways {', '.join(WAYS)}.")
    return as_cells(repair_cells(bytes_of(picture), color, way))


@primitive("rules", Example("cut_where(enlarge(input, 1, 1), input, 5)", "123\n455", "55"))
def cut_where(picture: Picture, other: Picture, color: int) -> Cells:
    """Cut out the box in which another picture of the same size has a colour; all of it where it has none."""
    if picture.cells.shape != other.cells.shape:
        raise EvaluationError("cut_where needs two pictures of one size.")
    box = box_of(other.cells == color)
    return picture.cells if box is None else np.ascontiguousarray(picture.cells[box])


@primitive(
    "rules",
    Example(
        "object_rule(input, 0, 'shapes8', ((('size', 'is', 1), 'RAY', 1, 0, 'keep', False),))",
        "2.11\n....",
        "2.11\n2...",
    ),
)
def object_rule(picture: Picture, background: int, kind: str, rules: tuple[tuple[object, ...], ...]) -> Cells:
    """Let objects act: each rule is (condition, action, its two numbers, colour, erase the object first).

    A condition is (feature, 'is' | 'not' | 'least' | 'all', value). The actions and their numbers are those of
    `arcsolve_dsl.lanes.traces.Act`; a colour is 'keep', 'rare', 'surround', 'background', 'color0' ... 'color9', or
    'of PARTNER'. Actions of `arcsolve_dsl.lanes.ties.Tie` take a partner and a number: partners are other objects,
    named by how they stand to the object in the graph of objects (`arcsolve_dsl.lanes.object_graph.PARTNERS`).
    """
    if kind not in CONVENTIONS:
        raise EvaluationError(f"object_rule knows the kinds {', '.join(CONVENTIONS)}.")
    read = [Rule(Condition(*rule[0]), *rule[1:]) for rule in rules]  # type: ignore[misc, arg-type]
    for rule in read:
        check_rule(rule)
    made = apply_rules(Scene(bytes_of(picture), background), kind, read)
    if made is None:
        raise EvaluationError("An object cannot do what a rule says.")
    return as_cells(made)


@primitive(
    "rules",
    Example(
        "sweep_rule(input, 0, 'down', ('ray_left', 'ray_right'), {(2, 10): 'color2', (10, 2): 'color2'})",
        "2..\n...\n...\n...",
        "2..\n.2.\n..2\n.2.",
    ),
)
def sweep_rule(
    picture: Picture, background: int, side: str, layers: tuple[str, ...], table: dict[object, str]
) -> Cells:
    """Paint row after row 'down' the picture (or 'up', 'left', 'right') as a table says for some layers of each cell.

    Layers of a sweep down: `own`, `below`, `left`, `right`, `below_left`, `below_right`, `input_up` of the input; `up`,
    `up_left`, `up_right`, `up2` ... `up4` of what is painted already; `ray_left` and `ray_right`, a diagonal that comes
    from there and goes on or bounces; 10 is "nothing". `has_NAME` is 1 where a layer has a colour, 0 for background. An
    entry names a layer or a colour; without one a cell stays.
    """
    if side not in TURNS:
        raise EvaluationError(f"sweep_rule goes {', '.join(TURNS)}.")
    known = sweep_layers(np.zeros((1, 1), np.uint8), np.zeros((1, 1), np.uint8), 0)
    colors = {f"color{c}" for c in range(10)}
    if not set(layers) <= set(known) or not set(table.values()) <= set(known) | colors:
        raise EvaluationError(f"sweep_rule knows the layers {', '.join(known)} and color0 ... color9.")
    entries = {key if isinstance(key, tuple) else (key,): paint for key, paint in table.items()}
    return as_cells(sweep(bytes_of(picture), background, side, layers, entries))


@primitive(
    "rules",
    Example(
        "stamp(input, 0, 'things8', 'size', 'most', 'anchors', 1, 1, False)", "132\n.3.\n...\n1.2", "132\n.3.\n...\n132"
    ),
)
def stamp(
    picture: Picture,
    background: int,
    kind: str,
    feature: str,
    which: str,
    way: str,
    first: int,
    second: int,
    erase: bool,
) -> Cells:
    """Copy the part that a feature sets apart to where its anchors stand alone, or onto all single cells.

    With 'every' all parts with the most of the feature are copied.
    With `anchors` the numbers say how many symmetries (1 or 8) and up to which block size a copy may be; with `markers`
    which row and column of the part (0 first, 1 middle, 2 last) meets the single cell. `erase` removes the part.
    """
    if kind not in KINDS:
        raise EvaluationError(f"stamp knows the kinds {', '.join(KINDS)}.")
    made = stamp_cells(Scene(bytes_of(picture), background), kind, feature, which, way, first, second, erase)
    if made is None:
        raise EvaluationError("There is nothing to stamp, or nowhere.")
    return as_cells(made)


@primitive(
    "rules", Example("cell_rule(facts(input, 0, 1, 2), 0, ('cell.color@14',), {2: 'cell.own@2'})", "11.2\n11..", "11")
)
def facts(picture: Picture, background: int, height: int, width: int) -> Pictures:
    """One plain picture of the given size for each fact about the whole grid, see `arcsolve_dsl.lanes.facts.FACTS`."""
    if not (1 <= height <= 30 and 1 <= width <= 30):
        raise EvaluationError("A picture has 1 to 30 rows and columns.")
    return _pictures(fact_pictures(bytes_of(picture), background, height, width), "There are no facts.")

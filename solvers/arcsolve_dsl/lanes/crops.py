"""The lane of picks: the output is a part of the input, chosen by what sets it apart; then maybe a cell rule on it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from arcsolve_dsl.lane import Clock, DslTask, Hypothesis
from arcsolve_dsl.lanes.cell_rules import find_cell_rules
from arcsolve_dsl.lanes.cells import backgrounds_of, rule_text
from arcsolve_dsl.lanes.parts import CONTENTS, KINDS, MAX_PARTS, WHICH, Parts, parts_of, pick_index
from arcsolve_dsl.lanes.segments import ByteGrid, Scene
from arcsolve_dsl.lanes.views import possible_views
from arcsolve_dsl.program import parse

NAME = "picks"
MAX_FOLLOWED = 8
"""Views of different crops that a cell rule is learned on."""
PLAIN = ("size", "box_area", "filled", "holes", "same_content", "same_color", "kinds", "box_symmetric")
"""Features that pick a part whose size does not yet say that it is the right one."""


def lane(task: DslTask, clock: Clock) -> Iterator[Hypothesis]:
    """Find picks for a task whose outputs are not larger than its inputs."""
    if any(b.shape[0] > a.shape[0] or b.shape[1] > a.shape[1] for a, b in task.demos):
        return
    if all(a.shape == b.shape for a, b in task.demos):
        return
    grids = [g.astype(np.uint8) for g in task.inputs]
    outputs = [b.astype(np.uint8) for b in task.outputs]
    n = len(outputs)
    for background, colors in backgrounds_of(grids):
        scenes = [Scene(g, c) for g, c in zip(grids, colors, strict=True)]
        exact: dict[bytes, list[tuple[float, str, list[ByteGrid]]]] = {}
        followed: dict[bytes, tuple[int, str, list[ByteGrid]]] = {}
        for kind in KINDS:
            if clock.is_over:
                return
            parts = [parts_of(scene, kind) for scene in scenes]
            if any(not 1 <= p.objects.count <= MAX_PARTS for p in parts):
                continue
            for content in CONTENTS:
                for price, text, found in _picks(parts, kind, content, outputs, background):
                    if price is None:
                        key = b"".join(g.tobytes() + bytes(g.shape) for g in found)
                        count, _, _ = followed.get(key, (0, "", found))
                        followed[key] = (count + 1, text, found)
                    else:
                        key = b"".join(g.tobytes() + bytes(g.shape) for g in found[n:])
                        exact.setdefault(key, []).append((price, text, found[n:]))
        total = sum(2.0 ** (-price / 2) for options in exact.values() for price, _, _ in options)
        for options in exact.values():
            price, text, tests = min(options, key=lambda option: option[0])
            votes = sum(2.0 ** (-p / 2) for p, _, _ in options)
            yield Hypothesis(
                parse(text),
                tuple(g.astype(np.int8) for g in tests),
                (True,) * len(outputs),
                -2 * float(np.log2(votes)) - 2 * float(np.log2(votes / total)),
                NAME,
            )
        if exact:
            return
        yield from _follow(followed, outputs, background, colors, clock)


def _follow(
    followed: dict[bytes, tuple[int, str, list[ByteGrid]]],
    outputs: list[ByteGrid],
    background: str,
    colors: list[int],
    clock: Clock,
) -> Iterator[Hypothesis]:
    """Cell rules on picked parts, or on views of picked parts, that have the outputs' sizes."""
    n = len(outputs)
    tried = 0
    for rank, (_, text, found) in enumerate(sorted(followed.values(), key=lambda item: -item[0])):
        for view in possible_views(list(zip(found[:n], outputs, strict=True))):
            if clock.is_over or tried >= MAX_FOLLOWED:
                return
            pictures = [view.make(g, c) for g, c in zip(found, colors, strict=True)]
            made = [p for p in pictures if p]
            if len(made) < len(pictures) or len({len(p) for p in made}) > 1:
                continue
            if any(p[0].shape != o.shape for p, o in zip(made, outputs, strict=False)):
                continue
            tried += 1
            views = [[Scene(p, c) for p in ps] for ps, c in zip(made, colors, strict=True)]
            shown = view.text.replace("input", text)
            for rule in find_cell_rules(views, outputs, most=15, steps=1_000_000, width3=100)[:6]:
                yield Hypothesis(
                    parse(rule_text(shown, background, rule)),
                    tuple(g.astype(np.int8) for g in rule.outputs),
                    (True,) * n,
                    rule.cost + 2 + min(rank, 10),
                    NAME,
                    rule.facts | {"two steps": 1.0, "rank": min(rank, 10) / 5, "from facts": float("facts(" in shown)},
                )


def _picks(
    parts: list[Parts], kind: str, content: str, outputs: list[ByteGrid], background: str
) -> Iterator[tuple[float | None, str, list[ByteGrid]]]:
    """Ways to pick one part in each grid: with a price where it is the output, else such as may lead to it."""
    right: list[set[int]] = []
    fitting: list[set[int]] = []
    for p, output in zip(parts, outputs, strict=False):
        fits = set(np.flatnonzero((p.shapes(content) == output.shape).all(1)).tolist())
        fitting.append(fits)
        right.append({i for i in fits if np.array_equal(p.content(i, content), output)})
    is_exact, is_fitting = all(right), all(fitting)
    if not is_fitting and (content == "only" or max(p.objects.count for p in parts) > 40):
        return
    every = [set(range(p.objects.count)) for p in parts]
    wanted = right if is_exact else fitting if is_fitting else every[: len(outputs)]
    evidence = sum(np.log2(p.objects.count / len(w)) for p, w in zip(parts, wanted, strict=False))
    names = list(parts[0].features) if any(p.objects.count > 1 for p in parts) else ["size"]
    for name in names if is_fitting else [name for name in PLAIN if name in names]:
        options: list[str | int] = list(WHICH)
        if is_fitting:
            values = [p.features[name] for p in parts]
            common = set.intersection(*({int(v[i]) for i in w} for v, w in zip(values, wanted, strict=False)))
            options += sorted(common)[:3]
        for which in options:
            picks = [pick_index(p.features, name, which) for p in parts]
            if -1 in picks or any(i not in w for i, w in zip(picks, wanted, strict=False)):
                continue
            found = [p.content(i, content) for p, i in zip(parts, picks, strict=True)]
            if any(g.size == 0 for g in found):
                continue
            text = f"pick_part(input, {background}, {kind!r}, {content!r}, {name!r}, {which!r})"
            price = 6.0 - min(float(evidence), 10.0) + (1.5 if isinstance(which, int) else 0.0)
            yield (price if is_exact else None), text, found

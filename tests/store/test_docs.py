"""The documentation of the store is its code's: views from the row types, the example runs."""

import ast
import inspect
import re
from pathlib import Path

import pytest

from arcsolve_store.rows import VIEWS
from arcsolve_store.store import Store
from arcsolve_store.synthetic import make_outcome, make_run

README = Path(__file__).parents[2] / "store" / "README.md"
MARK = "<!-- views: written by `python tests/store/test_docs.py`, checked by the test -->\n"


def documented_views() -> str:
    """Every view with its columns, from the docstrings under the row types' fields."""
    parts = []
    for view, row_type in VIEWS.items():
        tree = ast.parse(inspect.getsource(row_type)).body[0]
        assert isinstance(tree, ast.ClassDef)
        if view == "v_retries":
            parts.append("### `v_retries`\n\nThe same columns as `v_outcomes`.\n")
            continue
        summary = (ast.get_docstring(tree) or "").split("\n")[0]
        text = re.sub(r"^``v_\w+``: ", "", summary)
        lines = [f"### `{view}`", "", text[0].upper() + text[1:].replace("``", "`"), ""]
        lines += ["| column | meaning |", "|---|---|"]
        for field, doc in zip(tree.body, tree.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                assert isinstance(doc, ast.Expr)
                assert isinstance(doc.value, ast.Constant)
                lines.append(f"| `{field.target.id}` | {str(doc.value.value).replace('``', '`')} |")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def test_the_views_are_documented() -> None:
    _, found, written = README.read_text(encoding="utf-8").partition(MARK)
    assert found
    assert written.strip() == documented_views().strip()


def test_the_example_runs(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("polars")
    run, _ = store.resume_or_start(make_run(solvers=("hrm", "dsl")), fresh=False)
    for task_id in run.task_ids:
        store.record(run, make_outcome("dsl", task_id))
    store.finish(run, is_complete=False)
    assert store.location.path is not None
    monkeypatch.chdir(store.location.path.parent)
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.S)
    namespace: dict[str, object] = {}
    exec(compile(code, str(README), "exec"), namespace)
    assert len(namespace["wrong"]) == 3  # type: ignore[arg-type]


if __name__ == "__main__":
    text, _, _ = README.read_text(encoding="utf-8").partition(MARK)
    README.write_text(text + MARK + "\n" + documented_views(), encoding="utf-8")

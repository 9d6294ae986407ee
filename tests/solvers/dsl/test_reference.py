from __future__ import annotations

from pathlib import Path

import arcsolve_dsl
from arcsolve_dsl.reference import page


def test_the_language_page_is_up_to_date() -> None:
    written = Path(arcsolve_dsl.__file__).with_name("LANGUAGE.md").read_text()
    assert written == page(), "run: python -m arcsolve_dsl.reference > solvers/arcsolve_dsl/LANGUAGE.md"

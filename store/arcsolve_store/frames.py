"""Rows as data frames of polars or pandas."""

from collections.abc import Sequence
from typing import Any

from arcsolve_store.location import StoreError


def make(rows: Sequence[Any], row_type: type[Any], library: str) -> Any:
    """A data frame with one column per field; types follow from the values.

    Args:
        rows: named tuples of `row_type`.
        row_type: names the columns, also where there are no rows.
        library: ``polars`` or ``pandas``.

    Raises:
        StoreError: the library is unknown or not installed.
    """
    columns = {name: [row[index] for row in rows] for index, name in enumerate(row_type._fields)}
    if library not in ("polars", "pandas"):
        raise StoreError(f"There are no data frames of {library!r}. Choose polars or pandas.")
    try:
        if library == "polars":
            import polars

            return polars.DataFrame(columns, infer_schema_length=None)
        import pandas

        return pandas.DataFrame(columns)
    except ModuleNotFoundError as error:
        raise StoreError(
            f"Data frames need {error.name}, which is not installed. Run: pip install 'arcsolve[frames]'."
        ) from error

"""The error that a user can mend; arcsolve's own where arcsolve is there."""

try:
    from arcsolve.errors import ArcsolveError
except ImportError:  # a bare GPU machine trains without the rest of arcsolve

    class ArcsolveError(Exception):  # type: ignore[no-redef]
        """Something the user can mend: the message says what is wrong, why, and what to do."""


__all__ = ["ArcsolveError"]

"""The errors a user can cause, the one a solver may raise to decline a task, and how errors are worded."""

import os
from collections.abc import Iterable


class ArcsolveError(Exception):
    """Something the user can mend: the message says what is wrong, why, and what to do.

    The CLI prints the message without a traceback and exits with code 2.
    """


class Abstain(Exception):  # noqa: N818 (a decision, not an error)
    """Raised by a solver's ``solve`` (or ``prepare``) to decline a task; the message says why.

    What it had yielded before still counts.
    """


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """`` Did you mean: hrm?`` (with a leading space), or nothing where no name is near."""
    import difflib

    near = difflib.get_close_matches(name, list(names), n=3)
    return f" Did you mean: {', '.join(near)}?" if near else ""


def describe(error: BaseException) -> str:
    """One line for an exception raised by a plugin: type, message, and where it was raised."""
    if isinstance(error, ArcsolveError):
        return str(error)
    lines = str(error).strip().splitlines()
    text = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None or isinstance(error, SyntaxError) or trace.tb_frame.f_code.co_filename.startswith("<"):
        return text
    return f"{text} ({os.path.basename(trace.tb_frame.f_code.co_filename)}, line {trace.tb_lineno})"

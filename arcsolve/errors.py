"""The errors a user can cause, and the one a solver may raise to decline a task."""


class ArcsolveError(Exception):
    """Something the user can mend: the message says what is wrong, why, and what to do.

    The CLI prints the message without a traceback and exits with code 2.
    """


class Abstain(Exception):  # noqa: N818 (a decision, not an error)
    """Raised by a solver's ``solve`` (or ``prepare``) to decline a task; the message says why.

    What it had yielded before still counts.
    """

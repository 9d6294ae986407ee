"""What happens inside a worker process: one solver, its challenges, a channel to the parent. No solutions."""

import os
import random
import resource
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from arcsolve.errors import Abstain, ArcsolveError, describe
from arcsolve.options import validate_options
from arcsolve.outcome import Status
from arcsolve.run import processes
from arcsolve.run.executor import Collector
from arcsolve.run.wire import Message, Unpacker, check_candidate, encode_candidate, pack, shorten
from arcsolve.solver import Budget, Candidate, Solver
from arcsolve.task import Challenge

MAX_DETAIL_BYTES = 2000


class Post(NamedTuple):
    """Everything a worker is given at its start; it reaches the fork server before the worker is forked."""

    solver: type[Solver]
    options: dict[str, Any]
    challenges: Sequence[Challenge]
    memory_mb: int
    device: str
    prepare_timeout_s: float
    prepare_seed: int
    is_batched: bool


class _Late(Exception):  # noqa: N818 (a limit reached, not an error)
    """The deadline has passed."""


def work(post: Post, channel: socket.socket) -> None:
    """Create the solver, prepare it, serve jobs until the channel ends."""
    worker = _Worker(post, channel)
    if worker.start():
        worker.serve()


class _Worker:
    def __init__(self, post: Post, channel: socket.socket) -> None:
        self._post = post
        self._channel = channel
        self._solver: Solver
        self._helpers: frozenset[int] = frozenset()

    def _send(self, message: Message) -> None:
        try:
            self._channel.sendall(pack(message))
        except OSError:
            os._exit(1)  # the parent is gone: nobody wants the answer

    def start(self) -> bool:
        """Create and prepare the solver; returns whether it is ready."""
        post = self._post
        budget = self._budget(post.prepare_timeout_s, post.prepare_seed)
        _seed_everything(post.prepare_seed)

        def get_ready() -> None:
            options = validate_options(post.solver.name, post.solver.Options, post.options)
            self._solver = post.solver(options)
            if post.solver.prepare is not Solver.prepare:
                self._solver.prepare(post.challenges, budget)

        status, detail = _guarded(get_ready)
        if status is not Status.FINISHED:
            self._send({"kind": "unready", "status": status, "detail": detail})
            return False
        self._helpers = frozenset(processes.descendants(os.getpid()))
        self._send({"kind": "ready", "cpu_total": _tree_cpu_s()})
        return True

    def _budget(self, timeout_s: float, seed: int) -> Budget:
        return Budget(timeout_s, self._post.memory_mb, seed, self._post.device).started()

    def serve(self) -> None:
        """Take jobs until the parent closes the channel."""
        unpacker = Unpacker()
        while data := self._channel.recv(1 << 16):
            for message in unpacker.feed(data):
                self._do(message)
        with suppress(Exception):
            self._solver.close()

    def _do(self, job: Message) -> None:
        challenges = [self._post.challenges[index] for index in job["tasks"]]
        processes.reset_peak()
        cpu_before, begin = _tree_cpu_s(), time.monotonic()
        budget = self._budget(job["timeout_s"], job["seed"])
        _seed_everything(budget.seed)
        outbox = _Outbox(challenges, budget, self._send)
        status, detail = _guarded(lambda: self._solve(challenges, budget, outbox))
        wall_s = time.monotonic() - begin
        left_over = set(processes.descendants(os.getpid())) - self._helpers
        cpu_total = _tree_cpu_s()
        self._send(
            {
                "kind": "done",
                "status": status,
                "detail": detail,
                "counts": [collector.n_candidates for collector in outbox.collectors],
                "wall_s": wall_s,
                "cpu_s": cpu_total - cpu_before,
                "cpu_total": cpu_total,
                "memory_mb": processes.peak_mb(),
                "is_clean": not left_over,
            }
        )

    def _solve(self, challenges: Sequence[Challenge], budget: Budget, outbox: "_Outbox") -> None:
        if self._post.is_batched:
            for index, candidate in _iterate(self._solver.solve_batch(challenges, budget), "solve_batch"):
                outbox.take(index, candidate)
            return
        for challenge_index, challenge in enumerate(challenges):
            for candidate in _iterate(self._solver.solve(challenge, budget), "solve"):
                outbox.take(challenge_index, candidate)


class _Outbox:
    """Checks what the solver yields and sends on what is new."""

    def __init__(self, challenges: Sequence[Challenge], budget: Budget, send: Callable[[Message], None]) -> None:
        self._challenges = challenges
        self._budget = budget
        self._send = send
        self.collectors = [Collector() for _ in challenges]

    def take(self, index: Any, candidate: Any) -> None:
        """Take one candidate.

        Raises:
            _Late: the deadline has passed; the candidate does not count.
        """
        if time.monotonic() > self._budget.deadline:
            raise _Late
        if type(index) is not int or not 0 <= index < len(self._challenges):
            raise ArcsolveError(f"solve_batch yielded the challenge index {index!r}; there are {len(self._challenges)}")
        try:
            checked = check_candidate(candidate, len(self._challenges[index].test_inputs))
        except ArcsolveError as error:
            self._send({"kind": "malformed", "task": index, "why": shorten(str(error), MAX_DETAIL_BYTES)})
            return
        if self.collectors[index].add(checked):
            self._send(encode_candidate(index, checked))


def _iterate(result: Any, method: str) -> Iterator[Any]:
    if isinstance(result, Candidate):
        raise ArcsolveError(f"{method}() returned one Candidate; it should yield candidates")
    try:
        return iter(result)
    except TypeError:
        raise ArcsolveError(f"{method}() returned {type(result).__name__}; it should yield candidates") from None


def _guarded(action: Callable[[], None]) -> tuple[Status, str]:
    """Run a solver's code; whatever it raises becomes a status and a reason."""
    try:
        action()
    except _Late:
        return Status.TIMEOUT, ""
    except Abstain as reason:
        return Status.ABSTAINED, shorten(str(reason), MAX_DETAIL_BYTES)
    except MemoryError as error:
        return Status.OUT_OF_MEMORY, shorten(describe(error), MAX_DETAIL_BYTES)
    except BaseException as error:  # SystemExit and KeyboardInterrupt too: a solver's whim must not end the worker
        return Status.ERROR, shorten(describe(error), MAX_DETAIL_BYTES)
    return Status.FINISHED, ""


def _seed_everything(seed: int) -> None:
    """Seed the global generators, for solvers (or libraries of theirs) that use them."""
    random.seed(seed)
    np.random.seed(seed)
    if (torch := sys.modules.get("torch")) is not None:
        torch.manual_seed(seed)


def _tree_cpu_s() -> float:
    """CPU seconds of this process, the children it waited for, and those alive below it."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    alive = sum(map(processes.cpu_s, processes.descendants(os.getpid())))
    return time.process_time() + ended.ru_utime + ended.ru_stime + alive

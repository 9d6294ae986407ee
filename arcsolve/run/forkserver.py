"""The fork server: a fresh process that imports one solver and forks workers of it, and outlives none of them.

A fork takes milliseconds where a new interpreter with torch takes seconds; and the process forked from never held a
solution, a database or a terminal. It leads a session of its own (a terminal's Ctrl-C does not reach it), adopts its
descendants' orphans, reports how a worker ended only when nothing of it is left, and ends, with all it forked, when
the parent's end of the control socket closes: by `Host.close`, or because the parent died.
"""

import faulthandler
import gc
import importlib
import os
import pickle
import resource
import select
import signal
import socket
import sys
import traceback
import warnings
from dataclasses import dataclass
from typing import Any

from arcsolve.entries import SolverEntry
from arcsolve.errors import describe
from arcsolve.options import validate_options
from arcsolve.run import processes
from arcsolve.run.wire import pack
from arcsolve.run.worker import Post, work
from arcsolve.solver import Solver
from arcsolve.task import Challenge


@dataclass(frozen=True)
class Setup:
    """What the parent sends first, pickled: the one direction in which that is safe."""

    entry: SolverEntry
    options: dict[str, Any]
    challenges: tuple[Challenge, ...]
    preload: tuple[str, ...]
    memory_mb: int
    device: str
    prepare_timeout_s: float
    prepare_seed: int
    is_batched: bool


def main(control_fd: int) -> None:
    """Serve the parent at the other end of `control_fd` until it closes."""
    with socket.socket(fileno=control_fd) as control:
        processes.adopt_orphans()
        processes.die_with_parent()  # until the server looks at the control socket
        post = _set_up(control)
        if post is None:
            return
        processes.die_with_parent(False)
        _Server(control, post).serve()


def _set_up(control: socket.socket) -> Post | None:
    try:
        with control.makefile("rb", buffering=0) as stream:  # unbuffered: what follows carries file descriptors
            setup = pickle.loads(_read(stream, int.from_bytes(_read(stream, 8), "big")))
        solver = _load(setup)
    except EOFError:
        return None
    except BaseException as error:
        control.sendall(pack({"kind": "broken", "detail": describe(error)}))
        return None
    gc.collect()
    gc.freeze()  # what is here now is shared with every worker: the collector should not touch its pages
    control.sendall(pack({"kind": "up"}))
    return Post(
        solver,
        setup.options,
        setup.challenges,
        setup.memory_mb,
        setup.device,
        setup.prepare_timeout_s,
        setup.prepare_seed,
        setup.is_batched,
    )


def _load(setup: Setup) -> type[Solver]:
    solver = setup.entry.load()
    for module in setup.preload:
        importlib.import_module(module)
    solver.warm_up(validate_options(setup.entry.name, solver.Options, setup.options))
    return solver


def _read(stream: Any, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        part = stream.read(size - len(data))
        if not part:
            raise EOFError
        data += part
    return bytes(data)


class _Server:
    """Forks, kills and reaps on request.

    A request has 9 bytes: ``F`` fork (with the worker's channel and output as descriptors), ``K`` kill, then a process
    id.
    """

    def __init__(self, control: socket.socket, post: Post) -> None:
        self._control = control
        self._post = post
        self._workers: set[int] = set()
        self._wake_out, self._wake_in = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def serve(self) -> None:
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake_in, warn_on_full_buffer=False)
        try:
            while self._serve_once():
                pass
        finally:
            for pid in self._workers:
                processes.kill_group(pid)
            processes.sweep(keep=())

    def _serve_once(self) -> bool:
        """Wait for a request or a death; returns whether the parent is still there."""
        ready, _, _ = select.select([self._control.fileno(), self._wake_out], [], [])
        if self._wake_out in ready:
            os.read(self._wake_out, 4096)
            self._reap()
        if self._control.fileno() not in ready:
            return True
        data, fds, _, _ = socket.recv_fds(self._control, 9, 2)
        while data and len(data) < 9:
            rest = self._control.recv(9 - len(data))
            if not rest:
                return False
            data += rest
        if not data:
            return False
        if data[:1] == b"F":
            self._fork(*fds)
        else:
            pid = int.from_bytes(data[1:], "big")
            if pid in self._workers:
                processes.kill_group(pid)
                processes.kill(pid)
        return True

    def _fork(self, channel_fd: int, output_fd: int) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python 3.12 warns of threads (OpenBLAS has some, and handles forks)
            pid = os.fork()
        if pid == 0:
            self._become_worker(channel_fd, output_fd)
        self._workers.add(pid)
        os.close(channel_fd)
        os.close(output_fd)
        self._control.sendall(pack({"kind": "forked", "pid": pid}))

    def _become_worker(self, channel_fd: int, output_fd: int) -> None:
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            parent = os.getppid()
            processes.die_with_parent()
            if os.getppid() != parent:
                os._exit(1)
            processes.adopt_orphans()
            os.setsid()
            self._control.close()
            os.close(self._wake_in)
            os.close(self._wake_out)
            os.dup2(output_fd, 1)
            os.dup2(output_fd, 2)
            os.close(output_fd)
            faulthandler.enable(2)
            resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
            with socket.socket(fileno=channel_fd) as channel:
                work(self._post, channel)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)

    def _reap(self) -> None:
        """Report the workers that ended, when all they left behind is swept away."""
        while True:
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None:
                return
            pid = ended.si_pid
            if pid in self._workers:
                processes.kill_group(pid)  # before it is reaped: till then nobody else can have the number
            _, status, usage = os.wait4(pid, 0)
            if pid not in self._workers:
                continue
            self._workers.remove(pid)
            spent = processes.sweep(keep=self._workers)
            self._control.sendall(
                pack(
                    {
                        "kind": "exited",
                        "pid": pid,
                        "code": os.waitstatus_to_exitcode(status),
                        "cpu_total": usage.ru_utime + usage.ru_stime + spent,
                        "memory_mb": usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 1024),
                    }
                )
            )

"""The parent's side of a fork server and of the workers forked from it."""

import json
import os
import pickle
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from enum import Enum

from arcsolve.outcome import Status
from arcsolve.plugins import FILES_VARIABLE
from arcsolve.run import processes
from arcsolve.run.executor import Collector, Settings, Work, seed_of
from arcsolve.run.forkserver import Setup
from arcsolve.run.wire import Message, Unpacker

_BOOT = "import json, sys; sys.path[:] = json.loads(sys.argv[2]); from arcsolve.run.forkserver import main; main({fd})"
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_KEPT_OUTPUT_BYTES = 16 * 1024


class Host:
    """A running fork server.

    Attributes:
        control: socket whose messages (``up``, ``broken``, ``forked``, ``exited``) the owner reads; not blocking.
    """

    def __init__(self, threads: int, plugin_files: Sequence[str] = ()) -> None:
        """Start the server process.

        Args:
            threads: compute threads of one worker, by the environment variables that libraries read.
            plugin_files: for `arcsolve.plugins.load` in a worker, by the environment too.
        """
        self.control, theirs = socket.socketpair()
        self.unpacker = Unpacker()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed by close)
        fd = theirs.fileno()
        environment = dict(os.environ)
        environment.update(dict.fromkeys(_THREAD_VARIABLES, str(threads)))
        environment[FILES_VARIABLE] = os.pathsep.join(plugin_files)
        environment.setdefault("PYTHONHASHSEED", "0")  # the order of sets of strings must not change the answers
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _BOOT.format(fd=fd), "arcsolve fork server", json.dumps(sys.path)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                pass_fds=(fd,),
                env=environment,
                start_new_session=True,
            )
        self._outgoing = b""
        self.deadline = float("inf")
        """When its setting up takes too long; on `time.monotonic`."""
        self.control.setblocking(False)
        self._unanswered: list[Worker] = []
        self.is_up = False

    def set_up(self, work: Work, settings: Settings, memory_mb: int) -> None:
        """Tell the server its solver and challenges, by `write`; it says ``up`` when the solver is imported.

        Args:
            work: the solver and its challenges.
            settings: the run's rules.
            memory_mb: limit of one worker, told to the solver.
        """
        setup = pickle.dumps(
            Setup(
                entry=work.entry,
                options=work.options,
                challenges=work.challenges,
                preload=work.resources.preload,
                memory_mb=memory_mb,
                device=settings.device,
                prepare_timeout_s=settings.prepare_timeout_s,
                prepare_seed=seed_of(settings.seed, ""),
                is_batched=work.resources.batch_size > 1,
            )
        )
        self._outgoing = len(setup).to_bytes(8, "big") + setup
        self.deadline = time.monotonic() + settings.prepare_timeout_s

    @property
    def wants_to_write(self) -> bool:
        """Whether part of the setup is still to be sent."""
        return bool(self._outgoing)

    def write(self) -> None:
        """Send more of the setup; the socket must be writable.

        Raises:
            OSError: the server is gone.
        """
        sent = self.control.send(self._outgoing[: 1 << 20])
        self._outgoing = self._outgoing[sent:]

    def fork(self) -> "Worker":
        """Ask for a worker; its ``forked`` message follows.

        Raises:
            OSError: the server is gone.
        """
        channel, their_channel = socket.socketpair()
        output, their_output = os.pipe()
        try:
            self._request(b"F" + bytes(8), their_channel.fileno(), their_output)
        except OSError:
            channel.close()
            os.close(output)
            raise
        finally:
            their_channel.close()
            os.close(their_output)
        channel.setblocking(False)
        os.set_blocking(output, False)
        worker = Worker(self, channel, output)
        self._unanswered.append(worker)
        return worker

    def forked(self, pid: int) -> "Worker":
        """The worker whose process `pid` is: requests are answered in order."""
        worker = self._unanswered.pop(0)
        worker.pid = pid
        return worker

    def kill(self, worker: "Worker") -> None:
        """Have a worker and all below it killed; its ``exited`` message follows."""
        if worker.pid:
            self._request(b"K" + worker.pid.to_bytes(8, "big"))

    def _request(self, data: bytes, *fds: int) -> None:
        self.control.setblocking(True)
        try:
            if fds:
                socket.send_fds(self.control, [data], list(fds))
            else:
                self.control.sendall(data)
        finally:
            self.control.setblocking(False)

    def abort(self) -> None:
        """Kill a server that does not get up; it has forked nothing yet."""
        processes.kill_group(self._process.pid)

    def close(self) -> str:
        """End the server and everything it forked, and wait for it; returns how it ended."""
        self.control.close()
        try:
            code = self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        with self._errors:
            self._errors.seek(0)
            lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return processes.signal_name(code) + (f": {lines[-1][:300]}" if lines and code > 0 else "")


class State(Enum):
    """What a worker is doing."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    ENDING = "ending"


class Job:
    """What a worker has been given: challenges, and what has come of them so far."""

    def __init__(self, tasks: tuple[int, ...]) -> None:
        self.tasks = tasks
        self.collectors = [Collector() for _ in tasks]
        self.n_malformed = [0 for _ in tasks]
        self.first_malformed = ["" for _ in tasks]

    def note_malformed(self, task: int, why: str) -> None:
        """Count what is no candidate, and keep the first reason."""
        self.first_malformed[task] = self.first_malformed[task] or why
        self.n_malformed[task] += 1


class Worker:
    """The parent's knowledge of one worker."""

    def __init__(self, host: Host, channel: socket.socket, output: int) -> None:
        self.host = host
        self.channel = channel
        self.output = output
        self.unpacker = Unpacker()
        self.pid = 0
        self.state = State.STARTING
        self.job: Job | None = None
        self.began = time.monotonic()
        self.deadline = float("inf")
        """When to kill it; on `time.monotonic`."""
        self.peak_mb = 0.0
        self.cpu_before_s = 0.0
        """Its CPU seconds when the job began."""
        self.fault: tuple[Status, str] | None = None
        """Why it is being killed: status and detail for its tasks."""
        self._last_output = b""

    def give(self, job: Job, message: bytes, deadline: float) -> None:
        """Send it a job."""
        self.job, self.state = job, State.BUSY
        self.began, self.deadline, self.peak_mb = time.monotonic(), deadline, 0.0
        try:
            self.channel.send(message)  # a hundred bytes into an empty buffer
        except OSError:
            return  # it has just died: its exit is on the way

    def read_output(self) -> bool:
        """Take what it printed, keeping the end; returns whether there may be more later."""
        try:
            data = os.read(self.output, 1 << 16)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._last_output = (self._last_output + data)[-_KEPT_OUTPUT_BYTES:]
        return bool(data)

    def receive(self) -> Iterable[Message] | None:
        """The messages that have arrived; None at the end of the channel.

        Going through them raises `arcsolve.run.wire.WireError` at what is no message.
        """
        try:
            data = self.channel.recv(1 << 18)
        except BlockingIOError:
            return ()
        except OSError:
            return None
        return self.unpacker.feed(data) if data else None

    def kill(self, status: Status, detail: str) -> None:
        """Have it killed for a reason."""
        if self.fault is None:
            self.fault = status, detail
            self.deadline = float("inf")
            try:
                self.host.kill(self)
            except OSError:
                return  # the server has died, and its workers with it

    def last_words(self, code: int) -> str:
        """How it died: the signal or exit code, and where in the Python code, if the dying interpreter told."""
        text = (
            f"the process was killed by {processes.signal_name(code)}"
            if code < 0
            else f"the process left with {processes.signal_name(code)}"
        )
        place = re.search(rb'most recent call first\):\n  File "([^"]+)", line (\d+) in (\w+)', self._last_output)
        if place:
            path, line, function = (group.decode("utf-8", "replace") for group in place.groups())
            text += f" ({os.path.basename(path)}, line {line}, in {function})"
        return text

    @property
    def is_closed(self) -> bool:
        """Whether the connections were dropped."""
        return self.output < 0

    def close(self) -> None:
        """Drop the connections."""
        self.channel.close()
        if self.output >= 0:
            os.close(self.output)
            self.output = -1

"""The executor that ships: worker processes on this machine, each with its limits, forked from a server per solver.

One thread watches everything. A worker that exceeds a limit, crashes or talks nonsense is killed with all its
descendants; the tasks beside it go on, and a new worker takes its place.
"""

import os
import selectors
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from arcsolve.entries import SolverEntry
from arcsolve.errors import ArcsolveError
from arcsolve.outcome import Status
from arcsolve.run import processes
from arcsolve.run.executor import Report, Settings, Stop, Work, seed_of
from arcsolve.run.host import Host, Job, State, Worker
from arcsolve.run.lane import MAX_FAILED_STARTS, Lane, threads_of
from arcsolve.run.wire import Message, WireError, decode_candidate, pack
from arcsolve.solver import Resources

GRACE_S = 0.5
"""A solver that runs past its deadline by less may still end by itself; what it yields late does not count."""
LOOK_EVERY_S = 0.05
"""Between two looks at the clock and at the memory of the workers."""
CLOSE_S = 5.0
"""What `Solver.close` may take."""


class LocalExecutor:
    """Worker processes on this machine."""

    def __init__(self) -> None:
        self._anticipated: dict[str, tuple[int, Host]] = {}

    def anticipate(self, solvers: Sequence[tuple[SolverEntry, Resources]], settings: Settings) -> None:
        """Start the first solver's fork server: it imports while this process reads data and opens the store."""
        for entry, resources in solvers[:1]:
            threads = threads_of(resources, settings)
            self._anticipated[entry.name] = threads, Host(threads, settings.plugin_files)

    def close(self) -> None:
        """End a fork server that was not needed."""
        for _, host in self._anticipated.values():
            host.close()
        self._anticipated.clear()

    def execute(self, works: Sequence[Work], settings: Settings, stop: Stop) -> Iterator[Report]:
        """See `arcsolve.run.executor.Executor.execute`.

        Raises:
            ArcsolveError: this system has no fork.
        """
        if not hasattr(os, "fork"):
            raise ArcsolveError("The local executor needs a POSIX system (Linux, macOS). On Windows, use WSL.")
        loop = _Loop(works, settings, stop, self._anticipated)
        try:
            yield from loop.run()
        finally:
            loop.close()


class _Loop:
    def __init__(
        self, works: Sequence[Work], settings: Settings, stop: Stop, anticipated: dict[str, tuple[int, Host]]
    ) -> None:
        self._anticipated = anticipated
        self._settings = settings
        self._stop = stop
        self._lanes = [Lane(work, settings) for work in works]
        self._free_threads = settings.workers
        self._reports: deque[Report] = deque()
        self._selector = selectors.DefaultSelector()
        self._next_look = 0.0

    # The loop

    def run(self) -> Iterator[Report]:
        while True:
            self._dispatch()
            while self._reports:
                yield self._reports.popleft()
            if not any(lane.jobs or lane.workers for lane in self._lanes):
                return
            for key, events in self._selector.select(self._patience()):
                handle: Callable[[int], None] = key.data
                handle(events)
            if time.monotonic() >= self._next_look:
                self._look()

    def close(self) -> None:
        """End every process."""
        for lane in self._lanes:
            for worker in lane.workers:
                self._unwatch(worker)
            if lane.host is not None:
                lane.host.close()
        self._selector.close()

    def _patience(self) -> float:
        """Seconds until something has to be looked at."""
        now = time.monotonic()
        if self._next_look <= now:
            self._next_look = now + LOOK_EVERY_S
        return self._next_look - now

    # Giving out work

    def _dispatch(self) -> None:
        if self._stop.is_requested:
            self._wind_up()
        promised = 0  # threads kept free for the first workers of lanes whose server is still importing
        for lane in self._lanes:
            for worker in lane.workers:
                if worker.state is State.IDLE:
                    self._give(lane, worker)
            coming = sum(worker.state is State.STARTING for worker in lane.workers)
            while (
                coming < len(lane.jobs)
                and len(lane.workers) < lane.max_workers
                and self._free_threads - promised >= lane.threads
            ):
                if not self._add_worker(lane):
                    promised += lane.threads * min(lane.max_workers, len(lane.jobs))
                    break
                coming += 1

    def _wind_up(self) -> None:
        """Give up what has not begun; where it is urgent, also what has."""
        for lane in self._lanes:
            lane.jobs.clear()
            for worker in lane.workers:
                if worker.state is State.STARTING or self._stop.is_urgent:
                    worker.job = None
                    worker.kill(Status.CANCELLED, "")

    def _give(self, lane: Lane, worker: Worker) -> None:
        if not lane.jobs:
            worker.state, worker.deadline = State.ENDING, time.monotonic() + CLOSE_S
            self._selector.unregister(worker.channel)
            worker.channel.close()
            return
        tasks = lane.jobs.popleft()
        timeout_s = self._settings.timeout_s * len(tasks)
        seed = seed_of(self._settings.seed, lane.work.challenges[tasks[0]].id)
        message = pack({"kind": "job", "tasks": tasks, "timeout_s": timeout_s, "seed": seed})
        worker.give(Job(tasks), message, time.monotonic() + timeout_s + GRACE_S)

    def _add_worker(self, lane: Lane) -> bool:
        """Start a worker, or first the fork server; returns whether it is on its way."""
        if lane.host is None:
            threads, host = self._anticipated.pop(lane.name, (0, None))
            if host is None or threads != lane.threads:
                if host is not None:
                    host.close()
                host = Host(lane.threads, self._settings.plugin_files)
            host.set_up(lane.work, self._settings, lane.memory_mb)
            lane.host = host
            events = selectors.EVENT_READ | selectors.EVENT_WRITE
            self._selector.register(host.control, events, lambda events: self._hear_host(lane, host, events))
        if not lane.host.is_up:
            return False
        try:
            worker = lane.host.fork()
        except OSError:
            return False  # it has just died; its control socket says so
        worker.deadline = time.monotonic() + self._settings.prepare_timeout_s + GRACE_S
        lane.workers.append(worker)
        self._free_threads -= lane.threads
        read = selectors.EVENT_READ
        self._selector.register(worker.channel, read, lambda _: self._hear_worker(lane, worker))
        self._selector.register(worker.output, read, lambda _: self._hear_output(worker))
        return True

    # Hearing

    def _hear_host(self, lane: Lane, host: Host, events: int) -> None:
        try:
            if events & selectors.EVENT_WRITE:
                host.write()
                if not host.wants_to_write:
                    self._selector.modify(
                        host.control, selectors.EVENT_READ, lambda events: self._hear_host(lane, host, events)
                    )
            if not events & selectors.EVENT_READ:
                return
            data = host.control.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lose_host(lane, host)
        for message in host.unpacker.feed(data):
            if message["kind"] == "up":
                host.is_up, host.deadline = True, float("inf")
            elif message["kind"] == "forked":
                worker = host.forked(message["pid"])
                if worker.fault is not None:
                    host.kill(worker)
            elif message["kind"] == "exited":
                worker = next(worker for worker in lane.workers if worker.pid == message["pid"])
                self._bury(lane, worker, message)
            elif message["kind"] == "broken":
                self._reports += lane.fail_all(Status.ERROR, message["detail"])

    def _lose_host(self, lane: Lane, host: Host) -> None:
        """The fork server is gone, and its workers with it."""
        self._selector.unregister(host.control)
        ending = host.close()
        lane.host = None
        for worker in list(lane.workers):
            worker.kill(Status.CRASHED, f"the solver's fork server ended ({ending})")
            self._bury(lane, worker, {"code": -9, "cpu_total": 0.0, "memory_mb": 0.0})
        if lane.jobs:
            self._note_failed_start(lane, Status.CRASHED, f"the solver's fork server ended ({ending})")

    def _hear_output(self, worker: Worker) -> None:
        if not worker.is_closed and not worker.read_output():
            self._selector.unregister(worker.output)

    def _hear_worker(self, lane: Lane, worker: Worker) -> None:
        if worker.is_closed:
            return
        try:
            messages = worker.receive()
            if messages is None:  # its end, or it closed the channel: its exit or the time limit will tell
                self._selector.unregister(worker.channel)
                if worker.state is State.IDLE:
                    worker.state, worker.deadline = State.ENDING, time.monotonic() + CLOSE_S
                return
            for message in messages:
                self._take(lane, worker, message)
        except (WireError, KeyError, TypeError, IndexError, ValueError) as error:
            worker.kill(Status.CRASHED, f"the worker's channel was disturbed: {error}")

    def _take(self, lane: Lane, worker: Worker, message: Message) -> None:
        kind = message["kind"]
        if worker.state is State.STARTING and kind == "ready":
            lane.failed_starts = 0
            worker.cpu_before_s = float(message["cpu_total"])
            worker.state, worker.deadline = State.IDLE, float("inf")
        elif worker.state is State.STARTING and kind == "unready":
            worker.kill(Status(message["status"]), message["detail"])
        elif (job := worker.job) is not None and kind == "candidate":
            challenge = lane.work.challenges[job.tasks[message["task"]]]
            job.collectors[message["task"]].add(decode_candidate(message, len(challenge.test_inputs)))
        elif job is not None and kind == "malformed":
            job.note_malformed(message["task"], str(message["why"]))
        elif job is not None and kind == "done" and worker.fault is None:
            self._finish(lane, worker, job, message)

    # Looking

    def _look(self) -> None:
        """Kill what has exceeded a limit."""
        self._next_look = 0.0
        now = time.monotonic()
        for lane in self._lanes:
            if lane.host is not None and now > lane.host.deadline:
                lane.host.abort()  # the end of its control socket follows
                limit = self._settings.prepare_timeout_s
                self._reports += lane.fail_all(
                    Status.TIMEOUT, f"the worker could not start: warming up took longer than {limit:g} s"
                )
            for worker in lane.workers:
                if worker.fault is not None or not worker.pid:
                    continue
                worker.peak_mb = max(worker.peak_mb, processes.tree_mb(worker.pid, lane.memory_mb))
                if worker.peak_mb > lane.memory_mb:
                    worker.kill(Status.OUT_OF_MEMORY, _excess(worker.peak_mb, lane.memory_mb))
                elif now > worker.deadline:
                    is_starting = worker.state is State.STARTING
                    limit = self._settings.prepare_timeout_s if is_starting else self._settings.timeout_s
                    worker.kill(
                        Status.TIMEOUT,
                        f"preparing took longer than {limit:g} s" if is_starting else "",
                    )

    # Ends

    def _finish(self, lane: Lane, worker: Worker, job: Job, done: Message) -> None:
        """A worker has ended a job by itself."""
        status, detail = Status(done["status"]), str(done["detail"])
        memory_mb = max(worker.peak_mb, float(done["memory_mb"]))
        is_clean = bool(done["is_clean"])
        if memory_mb > lane.memory_mb:  # for a moment only, between two looks
            status, detail, is_clean = Status.OUT_OF_MEMORY, _excess(memory_mb, lane.memory_mb), False
        worker.job, worker.state, worker.deadline = None, State.IDLE, float("inf")
        worker.cpu_before_s = float(done["cpu_total"])
        if not is_clean:
            worker.kill(Status.CANCELLED, "")  # what it left running or holds would eat into the next task's budget
            worker.state = State.ENDING
        if status in (Status.ERROR, Status.OUT_OF_MEMORY) and len(job.tasks) > 1:
            lane.jobs.extendleft((task,) for task in reversed(job.tasks))
            return
        for collector, count in zip(job.collectors, done["counts"], strict=True):
            collector.n_candidates = int(count)
        self._report(lane, job, status, detail, float(done["cpu_s"]), float(done["wall_s"]), memory_mb)

    def _bury(self, lane: Lane, worker: Worker, exited: Message) -> None:
        """A worker's process and all it started are gone."""
        while worker.read_output() and self._has_output(worker):
            pass
        self._drain(lane, worker)
        lane.workers.remove(worker)
        self._unwatch(worker)
        self._free_threads += lane.threads
        status, detail = worker.fault or (Status.CRASHED, worker.last_words(exited["code"]))
        wall_s = time.monotonic() - worker.began
        if worker.state is State.STARTING and status is not Status.CANCELLED:
            self._note_failed_start(lane, status, detail)
        job = worker.job
        if job is None:
            return
        if status in (Status.CRASHED, Status.OUT_OF_MEMORY) and len(job.tasks) > 1:
            lane.jobs.extendleft((task,) for task in reversed(job.tasks))  # one by one, to find the guilty
            return
        cpu_s = max(0.0, exited["cpu_total"] - worker.cpu_before_s)
        self._report(lane, job, status, detail, cpu_s, wall_s, max(worker.peak_mb, exited["memory_mb"]))

    def _has_output(self, worker: Worker) -> bool:
        with selectors.DefaultSelector() as selector:
            selector.register(worker.output, selectors.EVENT_READ)
            return bool(selector.select(0))

    def _drain(self, lane: Lane, worker: Worker) -> None:
        """Hear what a dead worker had still said."""
        try:
            while messages := worker.receive():
                for message in messages:
                    self._take(lane, worker, message)
        except (WireError, KeyError, TypeError, IndexError, ValueError):
            return

    def _report(
        self, lane: Lane, job: Job, status: Status, detail: str, cpu_s: float, wall_s: float, memory_mb: float
    ) -> None:
        n = len(job.tasks)
        for position, (task, collector) in enumerate(zip(job.tasks, job.collectors, strict=True)):
            notes = [detail] if detail else []
            n_malformed = job.n_malformed[position]
            if n_malformed:
                first = job.first_malformed[position]
                notes.append(f"{n_malformed} malformed candidate(s) dropped, the first: {first}")
            self._reports.append(
                Report(
                    solver=lane.name,
                    task_id=lane.work.challenges[task].id,
                    status=status,
                    detail="; ".join(notes),
                    candidates=collector.candidates,
                    n_candidates=collector.n_candidates,
                    n_malformed=n_malformed,
                    cpu_s=cpu_s / n,
                    wall_s=wall_s / n,
                    memory_mb=memory_mb,
                )
            )

    def _note_failed_start(self, lane: Lane, status: Status, detail: str) -> None:
        lane.failed_starts += 1
        is_hopeless = status is Status.ABSTAINED or lane.failed_starts >= MAX_FAILED_STARTS
        others = [worker for worker in lane.workers if worker.state is not State.STARTING]
        if is_hopeless and not others:
            what = detail if status is Status.ABSTAINED else f"the worker could not start: {detail or status}"
            self._reports += lane.fail_all(status, what)

    def _unwatch(self, worker: Worker) -> None:
        for thing in (worker.channel, worker.output):
            try:
                self._selector.unregister(thing)
            except (KeyError, ValueError):
                continue
        worker.close()


def _excess(used_mb: float, limit_mb: int) -> str:
    return f"used {used_mb:.0f} MiB of memory, the limit is {limit_mb} MiB"

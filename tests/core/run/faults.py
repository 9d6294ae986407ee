"""A plugin file of solvers that go wrong, each in its own way, on the task ``guilty`` only."""

import ctypes
import json
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

import arcsolve


class Fault(arcsolve.Solver):
    """Yield the input, then go wrong where the task is the guilty one."""

    def solve(self, challenge, budget):
        yield arcsolve.Candidate(0, challenge.test_inputs[0], 1.0, challenge.id)
        if challenge.id == "guilty":
            yield from self.go_wrong(challenge, budget) or ()

    def go_wrong(self, challenge, budget):
        """Do it."""


class Segfault(Fault):
    name = "segfault"

    def go_wrong(self, challenge, budget):
        ctypes.string_at(0)


class Leave(Fault):
    name = "leave"

    def go_wrong(self, challenge, budget):
        os._exit(7)


class LeaveQuietly(Fault):
    name = "leave-quietly"

    def go_wrong(self, challenge, budget):
        os._exit(0)


class Loop(Fault):
    name = "loop"

    def go_wrong(self, challenge, budget):
        while True:
            pass


class Sleep(Fault):
    """Sleep in C, deaf to SIGTERM."""

    name = "sleep"

    def go_wrong(self, challenge, budget):
        import signal

        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        ctypes.CDLL(None).sleep(600)


class Greedy(Fault):
    name = "greedy"

    def go_wrong(self, challenge, budget):
        hoard = []
        while True:
            hoard.append(b"x" * 4_000_000)


class GreedyChild(Fault):
    """Let a child take the memory."""

    name = "greedy-child"

    def go_wrong(self, challenge, budget):
        subprocess.run([sys.executable, "-c", "h = []\nwhile True: h.append(b'x' * 4_000_000)"], check=False)


class Hydra(arcsolve.Solver):
    """Answer twice, then leave a grandchild in a session of its own and hang."""

    name = "hydra"

    def solve(self, challenge, budget):
        if challenge.id > "task01":
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    os.setsid()
                    time.sleep(600)
                os._exit(0)
            ctypes.CDLL(None).sleep(600)
        yield arcsolve.Candidate(0, challenge.test_inputs[0])


class Imports(arcsolve.Solver):
    """Want all threads, and take long to get up."""

    name = "imports"
    resources = arcsolve.Resources(threads=0)

    @classmethod
    def warm_up(cls, options):
        end = time.monotonic() + 1.0
        while sys.argv[0] == "-c" and time.monotonic() < end:
            pass

    def solve(self, challenge, budget):
        return ()


class Burst(Fault):
    """Take the memory for a moment."""

    name = "burst"

    def go_wrong(self, challenge, budget):
        np.ones(350 << 20, np.int8)


class AskTooMuch(Fault):
    name = "ask-too-much"

    def go_wrong(self, challenge, budget):
        np.ones(1 << 60, np.int8)


class Orphan(Fault):
    """Leave a grandchild in a session of its own, holding every descriptor open; then loop, crash or go on."""

    name = "orphan"

    class Options(arcsolve.Options):
        """What to do after."""

        then: str = arcsolve.Option("go on", description="go on, loop or crash")

    def go_wrong(self, challenge, budget):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.setsid()
                time.sleep(600)
            os._exit(0)
        if self.options.then == "loop":
            while True:
                pass
        if self.options.then == "crash":
            ctypes.string_at(0)


class Raise(Fault):
    name = "raise"

    def go_wrong(self, challenge, budget):
        raise ValueError("no such luck\nand more")


class Exit(Fault):
    name = "exit"

    def go_wrong(self, challenge, budget):
        sys.exit(3)


class Malformed(Fault):
    """Yield everything but candidates, then a proper one."""

    name = "malformed"

    def go_wrong(self, challenge, budget):
        grid = challenge.test_inputs[0]
        yield grid
        yield None
        yield arcsolve.Candidate(5, grid)
        yield arcsolve.Candidate(-1, grid)
        yield arcsolve.Candidate("0", grid)
        yield arcsolve.Candidate(0, grid[0])
        yield arcsolve.Candidate(0, grid.astype(float))
        yield arcsolve.Candidate(0, grid + 10)
        yield arcsolve.Candidate(0, np.zeros((0, 3), int))
        yield arcsolve.Candidate(0, [[1, 2], [3]])
        yield arcsolve.Candidate(0, np.zeros((1000, 1000), np.int8))
        yield arcsolve.Candidate(0, grid, float("nan"))
        yield arcsolve.Candidate(0, grid, 1.5)
        yield arcsolve.Candidate(0, grid, "sure")
        yield arcsolve.Candidate(0, grid, 0.5, b"bytes")
        yield arcsolve.Candidate(0, grid, 0.5, "", "all")
        yield arcsolve.Candidate(0, np.array([[9]]), 0.25)


class OnlyMalformed(arcsolve.Solver):
    name = "only-malformed"

    def solve(self, challenge, budget):
        yield "42"


class NoIterator(arcsolve.Solver):
    name = "no-iterator"

    def solve(self, challenge, budget):
        return None


class Verbose(Fault):
    """Explain in a megabyte."""

    name = "verbose"

    def go_wrong(self, challenge, budget):
        yield arcsolve.Candidate(0, np.array([[9]]), 0.25, "ä\udc80" * 500_000)


class Noisy(Fault):
    """Write to the descriptors below Python, a lot."""

    name = "noisy"

    def go_wrong(self, challenge, budget):
        for _ in range(200):
            os.write(1, b"noise\n" * 1000)
            os.write(2, b"\x00\xff" * 1000)
        print("more noise")
        yield arcsolve.Candidate(0, np.array([[9]]), 0.25)


class Meddler(Fault):
    """Write nonsense to every descriptor there is."""

    name = "meddler"

    def go_wrong(self, challenge, budget):
        for fd in range(3, 100):
            try:
                os.write(fd, b"\xff" * 64)
            except OSError:
                continue
        time.sleep(600)


class Closer(Fault):
    """Close every descriptor there is."""

    name = "closer"

    def go_wrong(self, challenge, budget):
        os.closerange(0, 100)


class Flood(Fault):
    """Yield without end: ever the same, ever new."""

    name = "flood"

    def go_wrong(self, challenge, budget):
        rng = np.random.default_rng(budget.seed)
        while True:
            yield arcsolve.Candidate(0, rng.integers(0, 10, (3, 3)), float(rng.random()))


class Late(Fault):
    """Yield the right grid after the deadline."""

    name = "late"

    def go_wrong(self, challenge, budget):
        while budget.remaining_s() > 0:
            pass
        yield arcsolve.Candidate(0, np.array([[9]]), 1.0)


class LastMoment(Fault):
    """Stop by itself just past the deadline: still in time to end."""

    name = "last-moment"

    def go_wrong(self, challenge, budget):
        while budget.remaining_s() > 0:
            pass


class Decline(Fault):
    name = "decline"

    def go_wrong(self, challenge, budget):
        raise arcsolve.Abstain("not my kind of task")


class Unborn(arcsolve.Solver):
    """Can't be created, or prepared, in one of several ways."""

    name = "unborn"

    class Options(arcsolve.Options):
        """Which way."""

        how: str = arcsolve.Option("raise", description="raise, prepare, crash, loop, abstain, greedy")

    def __init__(self, options=None):
        super().__init__(options)
        if self.options.how == "raise":
            raise RuntimeError("no weights")
        if self.options.how == "crash":
            ctypes.string_at(0)

    def prepare(self, challenges, budget):
        if self.options.how == "prepare":
            raise RuntimeError("bad weights")
        if self.options.how == "abstain":
            raise arcsolve.Abstain("no GPU here")
        if self.options.how == "greedy":
            hoard = []
            while True:
                hoard.append(b"x" * 4_000_000)
        while self.options.how == "loop":
            pass

    def solve(self, challenge, budget):
        return ()


class SlowToLoad(arcsolve.Solver):
    """Warm up well in the parent, badly in the process that workers are forked from."""

    name = "slow-to-load"

    class Options(arcsolve.Options):
        """How."""

        how: str = arcsolve.Option("raise", description="raise, crash or loop")

    @classmethod
    def warm_up(cls, options):
        if sys.argv[0] == "-c":
            if options.how == "raise":
                raise RuntimeError("cold")
            if options.how == "crash":
                ctypes.string_at(0)
            while options.how == "loop":
                pass

    def solve(self, challenge, budget):
        return ()


class Seeded(arcsolve.Solver):
    """Answer at random, by the budget's seed and by the global generators."""

    name = "seeded"

    def solve(self, challenge, budget):
        rng = np.random.default_rng(budget.seed)
        words = {f"word{i}" for i in range(20)}
        text = f"{random.random()} {np.random.random()} {list(words)}"
        yield arcsolve.Candidate(0, rng.integers(0, 10, (3, 3)), 0.5, text)


class Steady(arcsolve.Solver):
    """Take a little while over each task, and answer by the seed."""

    name = "steady"

    def solve(self, challenge, budget):
        rng = np.random.default_rng(budget.seed)
        end = time.monotonic() + 0.05
        while time.monotonic() < end:
            pass
        for index, grid in enumerate(challenge.test_inputs):
            yield arcsolve.Candidate(index, rng.integers(0, 10, grid.shape), float(rng.random()), challenge.id)
            yield arcsolve.Candidate(index, rng.integers(0, 10, grid.shape), float(rng.random()), challenge.id)


class StuckLater(arcsolve.Solver):
    """Answer the first few tasks, then never again."""

    name = "stuck-later"

    def solve(self, challenge, budget):
        if challenge.id > "task05":
            time.sleep(600)
        yield arcsolve.Candidate(0, challenge.test_inputs[0])


class Member(arcsolve.Solver):
    """Ask the registry, as an ensemble does."""

    name = "member"

    def solve(self, challenge, budget):
        from arcsolve import plugins

        yield arcsolve.Candidate(0, challenge.test_inputs[0], 0.5, json.dumps(list(plugins.load().solvers)))


class Parricide(Fault):
    """Kill the process it was forked from."""

    name = "parricide"

    def go_wrong(self, challenge, budget):
        os.kill(os.getppid(), 9)
        time.sleep(600)


class SecondTime(arcsolve.Solver):
    """Fail at first, and do better when a file is there."""

    name = "second-time"

    class Options(arcsolve.Options):
        """Where the file is."""

        file: str = arcsolve.Option(description="path")

    def solve(self, challenge, budget):
        if challenge.id > "t1" and not os.path.exists(self.options.file):
            raise RuntimeError("not yet")
        yield arcsolve.Candidate(0, challenge.test_inputs[0])


class Batch(arcsolve.Solver):
    """Solve in batches; go wrong in the batch that holds the guilty task."""

    name = "batch"
    resources = arcsolve.Resources(batch_size=4)

    class Options(arcsolve.Options):
        """What goes wrong."""

        how: str = arcsolve.Option("nothing", description="nothing, raise, crash, loop, index")

    def solve_batch(self, challenges, budget):
        ids = [challenge.id for challenge in challenges]
        for index, challenge in enumerate(challenges):
            yield index, arcsolve.Candidate(0, challenge.test_inputs[0], 0.5, f"{budget.timeout_s:g} {','.join(ids)}")
        if "guilty" in ids:
            if self.options.how == "raise":
                raise ValueError("bad batch")
            if self.options.how == "crash":
                ctypes.string_at(0)
            if self.options.how == "index":
                yield len(ids), arcsolve.Candidate(0, challenges[0].test_inputs[0])
            while self.options.how == "loop":
                pass


class Prepared(arcsolve.Solver):
    """Tell what `prepare` was given, how often, and by whom."""

    name = "prepared"
    resources = arcsolve.Resources(threads=0)

    def prepare(self, challenges, budget):
        self.seen = [*getattr(self, "seen", ()), len(challenges)]

    def solve(self, challenge, budget):
        facts = {
            "pid": os.getpid(),
            "seen": self.seen,
            "threads": os.environ["OMP_NUM_THREADS"],
            "device": budget.device,
            "memory_mb": budget.memory_mb,
            "timeout_s": budget.timeout_s,
            "is_writeable": challenge.test_inputs[0].flags.writeable,
            "stdin": sys.stdin.read(),
            "has_terminal": os.isatty(0) or os.isatty(1) or os.isatty(2),
        }
        yield arcsolve.Candidate(0, challenge.test_inputs[0], 0.5, json.dumps(facts))


class Spy(arcsolve.Solver):
    """Search everything in this process's memory for a pattern, given as its complement."""

    name = "spy"

    class Options(arcsolve.Options):
        """What to look for."""

        complement: str = arcsolve.Option("ff", description="hexadecimal")

    def solve(self, challenge, budget):
        wanted = bytes.fromhex(self.options.complement)
        hits = 0
        with open("/proc/self/mem", "rb", buffering=0) as memory:
            for line in Path("/proc/self/maps").read_text().splitlines():
                place, rights, *_ = line.split()
                if not rights.startswith("rw"):
                    continue
                start, end = (int(text, 16) for text in place.split("-"))
                try:
                    memory.seek(start)
                    data = np.frombuffer(memory.read(end - start), np.uint8)
                except (OSError, ValueError):
                    continue
                hits += (data ^ np.uint8(0xFF)).tobytes().count(wanted)
        facts = {"hits": hits, "modules": sorted(sys.modules), "threads": threading.active_count()}
        yield arcsolve.Candidate(0, challenge.test_inputs[0], 0.5, json.dumps(facts))


@arcsolve.hookimpl
def register_solvers(register):
    for value in list(globals().values()):
        if isinstance(value, type) and issubclass(value, arcsolve.Solver) and "name" in vars(value):
            register(value)

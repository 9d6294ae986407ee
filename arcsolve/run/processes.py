"""Processes and their trees: who descends from whom, what they use, how none of them gets away.

Linux tells a process's children and memory in ``/proc`` at a few microseconds a look; elsewhere psutil does, slower.
``PR_SET_CHILD_SUBREAPER`` and ``PR_SET_PDEATHSIG`` (see prctl(2)) exist on Linux only.
"""

import os
import signal
import sys
import time
from collections.abc import Collection, Iterable

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20
_HAS_CHILDREN_FILE = os.path.exists(f"/proc/self/task/{os.getpid()}/children")


def _prctl(option: int, value: int) -> bool:
    if sys.platform != "linux":
        return False
    import ctypes

    return bool(ctypes.CDLL(None).prctl(option, value, 0, 0, 0) == 0)


def adopt_orphans() -> bool:
    """Make this process the parent of its descendants' orphans, whatever session they moved to. Linux only."""
    return _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(is_wanted: bool = True) -> bool:
    """Have the kernel kill this process when its parent ends, or no longer. Linux only."""
    return _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL if is_wanted else 0)


def children(pid: int) -> list[int]:
    """The process ids of `pid`'s children; empty where it is gone."""
    if not _HAS_CHILDREN_FILE:
        return _psutil_children(pid)
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                found += map(int, file.read().split())
    except OSError:
        pass
    return found


def _psutil_children(pid: int) -> list[int]:
    import psutil

    try:
        return [child.pid for child in psutil.Process(pid).children()]
    except psutil.Error:
        return []


def descendants(pid: int) -> list[int]:
    """All living processes below `pid`, itself left out."""
    found: list[int] = []
    level = [pid]
    while level:
        level = [child for parent in level for child in children(parent)]
        found += level
    return found


def resident_mb(pids: Iterable[int]) -> float:
    """Resident MiB of the processes together; memory they share is counted once for each."""
    total = 0.0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/statm", "rb") as file:
                total += int(file.read().split()[1]) * _PAGE_MB
        except (OSError, IndexError):
            total += 0.0 if _HAS_CHILDREN_FILE else _psutil_resident_mb(pid)
    return total


def _psutil_resident_mb(pid: int) -> float:
    import psutil

    try:
        return float(psutil.Process(pid).memory_info().rss) / 2**20
    except psutil.Error:
        return 0.0


def proportional_mb(pids: Iterable[int]) -> float | None:
    """Resident MiB with shared memory divided among its sharers; None where the system does not tell. Slow."""
    total = 0.0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
                line = next(line for line in file if line.startswith(b"Pss:"))
        except FileNotFoundError:
            if not os.path.exists("/proc/self/smaps_rollup"):
                return None
        except (OSError, StopIteration):
            continue
        else:
            total += int(line.split()[1]) / 1024
    return total


def tree_mb(pid: int, limit_mb: float) -> float:
    """Memory of a process tree, resident MiB.

    Counting shared memory once for each process is cheap and never too low; only where that sum exceeds the limit
    is it counted properly.
    """
    pids = [pid, *descendants(pid)]
    usage = resident_mb(pids)
    if usage > limit_mb and len(pids) > 1:
        proportional = proportional_mb(pids)
        return usage if proportional is None else min(usage, proportional)
    return usage


def cpu_s(pid: int) -> float:
    """CPU seconds of a process and the children it has waited for; 0 where it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS  # utime, stime, cutime, cstime


def reset_peak() -> None:
    """Start measuring this process's peak resident size anew (Linux)."""
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        return


def peak_mb() -> float:
    """This process's peak resident MiB since `reset_peak`; since its start where that has no effect."""
    try:
        with open("/proc/self/status", "rb") as file:
            for line in file:
                if line.startswith(b"VmHWM:"):
                    return int(line.split()[1]) / 1024
    except OSError:
        pass
    import resource

    unit = 2**20 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def kill(pid: int) -> None:
    """SIGKILL to a process; gone is fine."""
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def kill_group(pid: int) -> None:
    """SIGKILL to the process group that `pid` leads."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def sweep(keep: Collection[int], limit_s: float = 5.0) -> float:
    """Kill and reap this process's children that are not in `keep`, and what they leave behind.

    With `adopt_orphans` in force, the children of a killed child become children of this process: so the sweep goes
    down the whole tree without having to know it.

    Returns:
        CPU seconds of the reaped.
    """
    spent = 0.0
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        strangers = [pid for pid in children(os.getpid()) if pid not in keep]
        if not strangers:
            break
        for pid in strangers:
            kill(pid)
        for pid in strangers:
            try:
                _, _, usage = os.wait4(pid, 0)
            except ChildProcessError:
                continue
            spent += usage.ru_utime + usage.ru_stime
    return spent


def signal_name(code: int) -> str:
    """How a process ended, from `os.waitstatus_to_exitcode`: ``exit code 3`` or ``SIGSEGV``."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"

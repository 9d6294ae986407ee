"""What starting the program costs: CPU seconds of `arcsolve --help` against importing its three libraries.

Run: python tests/benchmarks/startup.py
"""

import resource
import statistics
import subprocess
import sys

COMMANDS = {
    "import click, pluggy, rich": ["-c", "import click, pluggy, rich"],
    "arcsolve --help": ["-m", "arcsolve", "--help"],
    "arcsolve plugins": ["-m", "arcsolve", "plugins"],
    "arcsolve run --help": ["-m", "arcsolve", "run", "--help"],
}


def cpu_s(arguments: list[str]) -> float:
    """CPU seconds of one run, children included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(repeats: int = 10) -> None:
    """Print the median of each command, and its ratio to the first; the target for ``--help`` is 2.5."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(repeats):  # interleaved, so that a busy machine is busy for all
        for name, arguments in COMMANDS.items():
            times[name].append(cpu_s(arguments))
    base = statistics.median(next(iter(times.values())))
    for name, values in times.items():
        median = statistics.median(values)
        spread = f"({min(values) * 1000:.1f}-{max(values) * 1000:.1f})"
        print(f"{name:28} {median * 1000:7.1f} ms CPU  {median / base:5.2f} x  {spread}")


if __name__ == "__main__":
    main()

"""``arcsolve run``: solvers on tasks, under the same rules, every outcome recorded."""

import contextlib
import importlib.util
import json
import os
import re
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from arcsolve.outcome import Status
    from arcsolve.recording import RunStore
    from arcsolve.registry import Registry
    from arcsolve.run.executor import Executor, Stop
    from arcsolve.run.plan import Choice
    from arcsolve.run.progress import Bar, Lines

DEFAULT_SOLVERS = ("zero", "dsl", "hrm")
"""Those of them that are installed."""


def _cores() -> int:
    """Cores that this process may use: by affinity, and by the quota of its control group (a container's limit)."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
    except (OSError, ValueError):
        return cores
    return cores if quota == "max" else max(1, min(cores, round(int(quota) / int(period))))


def _list(_: click.Context, __: click.Parameter, values: Sequence[str]) -> list[str]:
    """Values of an option that may be repeated, or separated by commas."""
    return [part.strip() for value in values for part in value.split(",") if part.strip()]


def _statuses(context: click.Context, parameter: click.Parameter, values: Sequence[str]) -> frozenset["Status"]:
    from arcsolve.outcome import Status

    statuses = [status.value for status in Status]
    for value in (given := _list(context, parameter, values)):
        if value not in statuses:
            raise click.BadParameter(f"{value!r} is none of {', '.join(statuses)}.")
    return frozenset(map(Status, given))


@click.command(context_settings={"show_default": True})
@click.option(
    "-s", "--solver", "solvers", multiple=True, callback=_list, metavar="NAME[,NAME…]", help="Solvers to run.",
    show_default="those installed of " + ", ".join(DEFAULT_SOLVERS), envvar="ARCSOLVE_SOLVER",
)  # fmt: skip
@click.option(
    "-d",
    "--data",
    default="arc1:evaluation",
    metavar="NAME|PATH",
    envvar="ARCSOLVE_DATA",
    help="Data set; held-out:NAME asks for each task's last demonstration instead.",
)
@click.option("--tasks", multiple=True, callback=_list, metavar="ID[,ID…]", help="Only these tasks.")
@click.option("--limit", type=click.IntRange(1), help="Only the first tasks.")
@click.option("-o", "--option", "options", multiple=True, metavar="SOLVER.OPTION=VALUE", help="Set a solver's option.")
@click.option(
    "--timeout", type=click.FloatRange(0, min_open=True), default=10.0, metavar="SECONDS", help="Wall time per task.",
    envvar="ARCSOLVE_TIMEOUT",
)  # fmt: skip
@click.option(
    "--memory", type=click.IntRange(16), default=1024, metavar="MIB", envvar="ARCSOLVE_MEMORY",
    help="Resident memory of a worker and all its processes; a solver may declare its own.",
)  # fmt: skip
@click.option(
    "--prepare-timeout", type=click.FloatRange(0, min_open=True), default=600.0, metavar="SECONDS",
    help="Wall time for a solver's preparation, once per worker.", envvar="ARCSOLVE_PREPARE_TIMEOUT",
)  # fmt: skip
@click.option(
    "-w", "--workers", type=click.IntRange(1), default=_cores, show_default="one per core", metavar="N",
    help="Cores to use: worker processes, or threads of a solver that uses them itself.", envvar="ARCSOLVE_WORKERS",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=0, help="Seed of the run.", envvar="ARCSOLVE_SEED")
@click.option(
    "--device", default="auto", metavar="DEVICE", envvar="ARCSOLVE_DEVICE",
    help="cpu, a torch device such as cuda, or auto.",
)  # fmt: skip
@click.option(
    "--plugin", "plugin_files", multiple=True, type=click.Path(), metavar="FILE", help="Load a plugin from a file."
)
@click.option(
    "--store", metavar="FILE|URL", envvar="ARCSOLVE_STORE", show_default="arcsolve.db",
    help="Where outcomes are recorded; 'none' records nothing.",
)  # fmt: skip
@click.option("--executor", default="local", metavar="NAME", help="What runs the solvers.", envvar="ARCSOLVE_EXECUTOR")
@click.option("--fresh", is_flag=True, help="Start anew where an earlier run could be continued.")
@click.option(
    "--retry", multiple=True, callback=_statuses, metavar="STATUS[,STATUS…]",
    help="Try again what ended so before: timeout, crashed, error, out-of-memory.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object.")
@click.option("--tables", is_flag=True, help="Also print tables by task property and by pixel accuracy.")
def run(
    solvers: list[str],
    data: str,
    tasks: list[str],
    limit: int | None,
    options: Sequence[str],
    timeout: float,
    memory: int,
    prepare_timeout: float,
    workers: int,
    seed: int,
    device: str,
    plugin_files: Sequence[str],
    store: str | None,
    executor: str,
    fresh: bool,
    retry: frozenset["Status"],
    as_json: bool,
    tables: bool,
) -> None:
    """Run solvers on tasks under the same rules and record every outcome.

    The same command continues a run that was interrupted; --fresh starts anew. Ctrl-C lets the tasks in flight finish,
    a second one stops them. Standard output carries the results only.
    """
    from arcsolve import plugins
    from arcsolve.data import load
    from arcsolve.run.executor import Settings, Stop
    from arcsolve.run.plan import choose_solvers, choose_tasks, make_plan
    from arcsolve.run.progress import watch
    from arcsolve.run.runner import carry_out
    from arcsolve.score.summary import summarise

    registry = plugins.load(plugin_files)
    choices = choose_solvers(registry, solvers or _installed(registry), options)
    chosen_executor = _executor(registry, executor)
    settings = Settings(
        timeout_s=timeout,
        memory_mb=memory,
        prepare_timeout_s=prepare_timeout,
        seed=seed,
        device=_device(device, choices),
        workers=workers,
        plugin_files=registry.plugin_files,
    )
    with contextlib.ExitStack() as stack:
        stack.callback(chosen_executor.close)
        chosen_executor.anticipate([(choice.entry, choice.solver.resources) for choice in choices], settings)
        choices = _warmed_up(choices, is_lenient=not solvers)
        dataset = load(data, registry)
        plan = make_plan(
            dataset,
            choose_tasks(dataset, tasks, limit),
            choices,
            settings,
            command=sys.argv[1:],
            data=_place(data, registry),
        )
        run_store = _open_store(registry, store)
        stack.callback(run_store.close)
        watcher = watch()
        stack.callback(watcher.close)
        stop = Stop()
        stack.enter_context(_stopped_by_signals(stop, watcher))
        result = carry_out(
            plan,
            run_store,
            chosen_executor,
            fresh=fresh,
            stop=stop,
            hooks=registry.hooks,
            watcher=watcher,
            retry=retry,
            feature_sets=registry.features.values() if store != "none" else (),
        )
    for note in result.notes:
        click.echo(note, err=True)
    summary = summarise(result.run, plan.tasks, result.outcomes, is_complete=result.is_complete, skipped=result.skipped)
    if as_json:
        click.echo(json.dumps(summary.to_json(), indent=2))
    else:
        from rich.console import Console

        from arcsolve.score.report import print_summary

        is_terminal = sys.stdout.isatty()
        print_summary(summary, Console(width=None if is_terminal else 140), with_tables=tables)
    if not result.is_complete:
        sys.exit(130)


def _installed(registry: "Registry") -> list[str]:
    return [name for name in DEFAULT_SOLVERS if name in registry.solvers]


def _warmed_up(choices: Sequence["Choice"], *, is_lenient: bool) -> tuple["Choice", ...]:
    """The solvers that can work here; where they were not asked for by name, one that can't is left out and said so."""
    from arcsolve.errors import ArcsolveError
    from arcsolve.run.plan import warm_up

    able = []
    for choice in choices:
        try:
            warm_up(choice)
        except ArcsolveError as error:
            if not is_lenient:
                raise
            click.echo(f"Without {choice.entry.name}: {error}", err=True)
        else:
            able.append(choice)
    return tuple(able)


def _executor(registry: "Registry", name: str) -> "Executor":
    from arcsolve.errors import ArcsolveError, did_you_mean
    from arcsolve.run.local import LocalExecutor

    if name == "local":
        return LocalExecutor()
    if name not in registry.executors and name not in registry.executors.clashes:
        names = ["local", *registry.executors]
        raise ArcsolveError(f"Unknown executor {name!r}.{did_you_mean(name, names)} Available: {', '.join(names)}.")
    executor: Executor = registry.find(registry.executors, name).load()()
    return executor


def _place(data: str, registry: "Registry") -> str:
    """The data set's name, or its path from anywhere."""
    from arcsolve.data.held_out import PREFIX

    if data.startswith(PREFIX):
        return PREFIX + _place(data.removeprefix(PREFIX), registry)
    return data if data in registry.datasets else os.path.abspath(data)


def _device(device: str, choices: Sequence["Choice"]) -> str:
    """What ``auto`` means: CUDA where a solver can use it, the machine has an NVIDIA GPU and torch was built for it.

    Looking must neither import torch (slow) nor initialise CUDA.
    """
    if device != "auto":
        return device
    if not any(choice.solver.resources.gpu for choice in choices) or not os.path.exists("/dev/nvidia0"):
        return "cpu"
    torch = importlib.util.find_spec("torch")
    if torch is None or torch.origin is None:
        return "cpu"
    version = Path(torch.origin).with_name("version.py").read_text(encoding="utf-8")
    return "cuda" if re.search(r"^cuda\b[^=\n]*=\s*['\"]", version, re.MULTILINE) else "cpu"


def _open_store(registry: "Registry", store: str | None) -> "RunStore":
    if store == "none":
        from arcsolve.run.unrecorded import Unrecorded

        return Unrecorded()
    scheme = store.partition("://")[0].partition("+")[0] if store and "://" in store else "sqlite"
    opened: RunStore = registry.find(registry.stores, scheme).load()(store)
    return opened


@contextlib.contextmanager
def _stopped_by_signals(stop: "Stop", watcher: "Bar | Lines") -> Iterator[None]:
    """Ctrl-C asks to finish, a second one to stop; so does a request to terminate."""

    def on_interrupt(*_: Any) -> None:
        stop.request()
        message = "Stopping." if stop.is_urgent else "Finishing the tasks in flight; Ctrl-C again to stop them."
        os.write(2, f"\n{message}\n".encode())

    def on_terminate(*_: Any) -> None:
        stop.request()
        stop.request()

    before = signal.signal(signal.SIGINT, on_interrupt), signal.signal(signal.SIGTERM, on_terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before[0])
        signal.signal(signal.SIGTERM, before[1])

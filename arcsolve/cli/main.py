"""The ``arcsolve`` program's frame: finds commands without importing them, turns user errors into messages."""

import difflib
import errno
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import click

import arcsolve
from arcsolve.errors import ArcsolveError


class Lazy(NamedTuple):
    """A built-in command: where it lives and its line in the help."""

    target: str
    help: str


COMMANDS = {
    "check": Lazy("arcsolve.cli.check:check", "Check that a solver keeps the contract."),
    "datasets": Lazy("arcsolve.cli.datasets:datasets", "List the data sets with their size and content hash."),
    "doctor": Lazy("arcsolve.cli.doctor:doctor", "Look at the environment, the store and the plugins."),
    "new-plugin": Lazy("arcsolve.cli.new_plugin:new_plugin", "Write a plugin package to start from."),
    "plugins": Lazy("arcsolve.cli.plugins:plugins", "List the plugins, what they offer, and why one is broken."),
    "run": Lazy("arcsolve.cli.run:run", "Run solvers on tasks under the same rules and record every outcome."),
    "show": Lazy("arcsolve.cli.show:show", "Draw a task and the attempts at it."),
    "solvers": Lazy("arcsolve.cli.solvers:solvers", "List the solvers, or describe one with its options."),
}
"""The core's own commands; plugins add theirs through ``register_commands``."""


class UserError(click.ClickException):
    """An `ArcsolveError` on its way to the terminal: message, no traceback, exit code 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """Write the message to standard error."""
        click.echo(f"Error: {self.format_message()}", file=file or sys.stderr)


class Commands(click.Group):
    """The top-level group: built-in commands, then the plugins'."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All command names, sorted."""
        return sorted({*COMMANDS, *_registry(ctx).commands})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command; None where there is none."""
        if cmd_name in COMMANDS:
            from arcsolve.reference import Reference

            command: click.Command = Reference(COMMANDS[cmd_name].target).resolve(f"Command {cmd_name!r}")
            return command
        registry = _registry(ctx)
        if cmd_name in registry.commands or cmd_name in registry.commands.clashes:
            loaded: click.Command = registry.find(registry.commands, cmd_name).load()
            return loaded
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command named by the first argument.

        Raises:
            ArcsolveError: there is none; suggests near names and names broken plugins.
        """
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            names = self.list_commands(ctx)
            near = difflib.get_close_matches(args[0], names, n=3)
            hint = f"Did you mean: {', '.join(near)}?" if near else f"Commands: {', '.join(names)}."
            message = f"There is no command {args[0]!r}. {hint}"
            for status in _registry(ctx).statuses:
                if not status.is_ok:
                    message += f"\nPlugin {status.name!r} ({status.origin}) is broken: {status.cause}"
            raise ArcsolveError(message)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands in the help without importing them."""
        registry = _registry(ctx)
        rows = {name: lazy.help for name, lazy in COMMANDS.items()}
        rows |= {name: entry.help for name, entry in registry.commands.items() if name not in COMMANDS}
        with formatter.section("Commands"):
            formatter.write_dl(sorted(rows.items()))
        broken = [status.name for status in registry.statuses if not status.is_ok]
        if broken:
            with formatter.section("Broken plugins"):
                formatter.write_text(f"{', '.join(broken)}: see `arcsolve plugins`")

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parse the program's own options; user errors become messages."""
        with _user_errors():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; user errors become messages."""
        with _user_errors():
            return super().invoke(ctx)


@contextmanager
def _user_errors() -> Iterator[None]:
    """Turn what the user can mend into a message; everything else is a bug and keeps its traceback."""
    try:
        yield
    except ArcsolveError as error:
        raise UserError(str(error)) from error
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise UserError(f"Can't write {error.filename or 'the output'}: {error.strerror}. Free some space.") from error


def _registry(ctx: click.Context) -> Any:
    from arcsolve import plugins

    meta: MutableMapping[str, Any] = ctx.meta
    if "arcsolve.registry" not in meta:
        meta["arcsolve.registry"] = plugins.load()
    return meta["arcsolve.registry"]


@click.group(
    cls=Commands,
    context_settings={
        "auto_envvar_prefix": "ARCSOLVE",
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
    },
)
@click.version_option(arcsolve.__version__, prog_name="arcsolve")
def cli() -> None:
    """Run many kinds of ARC solver under the same rules, record every outcome, learn whom to trust."""


def main() -> None:
    """The console script."""
    cli(prog_name="arcsolve")

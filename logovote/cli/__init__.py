"""The same deeds for a terminal.

Data goes to standard output, progress and notes to standard error. Exit status: 0
done, 1 a refusal worded for people, 2 wrong usage or an unreadable file.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import click

from logovote import __version__
from logovote.errors import LogovoteError, UnreadableInputError

# Where each command is; it is imported when it is asked for, so that counting a file
# does not wait for a web framework.
_COMMANDS = {
    "run": "logovote.cli.serve:run",
    "backup": "logovote.cli.keeping:backup",
    "restore": "logovote.cli.keeping:restore",
    "move": "logovote.cli.keeping:move",
    "doctor": "logovote.cli.doctor:doctor",
    "worker": "logovote.cli.serve:worker",
    "demo": "logovote.cli.serve:demo",
    "organiser-link": "logovote.cli.serve:organiser_link",
    "db": "logovote.cli.serve:db",
    "contest": "logovote.cli.contests:contest",
    "organisers": "logovote.cli.contests:organisers",
    "groups": "logovote.cli.contests:groups",
    "import": "logovote.cli.designs:import_",
    "withdraw": "logovote.cli.designs:withdraw",
    "reinstate": "logovote.cli.designs:reinstate",
    "purge": "logovote.cli.designs:purge",
    "families": "logovote.cli.families:families",
    "export": "logovote.cli.designs:export",
    "people": "logovote.cli.people:people",
    "mail": "logovote.cli.mail:mail",
    "questions": "logovote.cli.questions:questions",
    "token": "logovote.cli.tokens:token",
    "round": "logovote.cli.rounds:round_",
    "ballots": "logovote.cli.rounds:ballots",
    "results": "logovote.cli.rounds:results",
    "feedback": "logovote.cli.feedback:feedback",
    "handoff": "logovote.cli.handoff:handoff",
    "decide": "logovote.cli.handoff:decide",
    "count": "logovote.cli.count:count",
    "convert": "logovote.cli.count:convert",
    "recount": "logovote.cli.recount:recount",
    "seal": "logovote.cli.recount:seal",
    "test": "logovote.checks:test",
}


class _Root(click.Group):
    """All commands of `logovote`; none ever shows a traceback for a refusal."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; print what it refuses, with the right exit status."""
        try:
            return super().invoke(ctx)
        except UnreadableInputError as error:
            raise click.UsageError(str(error)) from error
        except LogovoteError as error:
            raise click.ClickException(str(error)) from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name all commands."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=_Root, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="LOGOVOTE_DATA",
    help="The folder that holds everything the site keeps (default: ./instance).",
)
@click.version_option(__version__, prog_name="logovote")
def cli(data: Path | None) -> None:
    """Let a community shortlist and rank the logos of a contest."""

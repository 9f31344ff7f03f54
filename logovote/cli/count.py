"""Ballot files counted and converted, without any database: the code of the site."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, NoReturn, get_args

import click

from logovote.errors import LogovoteError
from logovote.voting import count as counting
from logovote.voting.ballots import InvalidBallotError
from logovote.voting.formats import (
    MalformedFileError,
    left_out,
    read_profile,
    write_profile,
)
from logovote.voting.formats.draft import number
from logovote.voting.profiles import Profile, Unranked
from logovote.voting.ranking import Strength


class _UnreadableError(click.ClickException):
    """One line on standard error, and the exit status of a file that is no use."""

    exit_code = 2


class _BallotFile(click.File):
    """A file to read; one that is not there gets one line, as a broken one does."""

    def __init__(self) -> None:
        super().__init__("rb")

    def fail(
        self,
        message: str,
        param: click.Parameter | None = None,
        ctx: click.Context | None = None,
    ) -> NoReturn:
        del param, ctx
        raise _UnreadableError(f"{message}.")


class _Share(click.ParamType[tuple[str, Fraction]]):
    """GROUP=FRACTION; the group's name may hold an equals sign itself."""

    name = "share"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Fraction]:
        group, found, share = str(value).rpartition("=")
        try:
            fraction = number(share, "")
        except MalformedFileError:
            fraction = Fraction(-1)
        if not found or fraction < 0:
            self.fail(f"{value!r} is not GROUP=FRACTION, such as jury=2/5.", param, ctx)
        return group, fraction


@click.command
@click.argument("file", type=_BallotFile())
@click.option(
    "--method",
    type=click.Choice(counting.METHODS),
    help="Default: ranked_pairs where any ballot ranks, else seqphragmen.",
)
@click.option(
    "--seats", type=click.IntRange(min=1), help="How many to elect; default: all."
)
@click.option(
    "--unranked",
    type=click.Choice(get_args(Unranked)),
    help="What leaving a candidate out means; default: what the file says, or last.",
)
@click.option(
    "--strength",
    type=click.Choice(get_args(Strength)),
    default="margin",
    show_default=True,
    help="How strong a majority is: its margin, or its winning votes.",
)
@click.option(
    "--share",
    "shares",
    type=_Share(),
    metavar="GROUP=FRACTION",
    multiple=True,
    help="A group's share of the result; may be given once for each group.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def count(
    *,
    file: BinaryIO,
    method: str | None,
    seats: int | None,
    unranked: Unranked | None,
    strength: Strength,
    shares: tuple[tuple[str, Fraction], ...],
    as_json: bool,
) -> None:
    """Count the ballots in FILE.

    Reads the JSON form of logovote, tables (CSV), the Condorcet Election Format,
    PrefLib and BLT files. Prints who is placed where; what is tied stays tied.
    """
    with _refusals(file.name):
        profile = read_profile(
            file.read(), file.name, shares=dict(shares), unranked=unranked
        )
        outcome = counting.count(profile, method, seats, strength)
    if as_json:
        click.echo(json.dumps(outcome.as_json(), indent=2))
    else:
        click.echo(_as_text(profile, outcome, seats))


@click.command
@click.argument("file", type=_BallotFile())
@click.argument("to", type=click.Path(dir_okay=False, path_type=Path))
def convert(file: BinaryIO, to: Path) -> None:
    """Write the ballots in FILE as the file TO, of the kind that its suffix names.

    JSON holds everything. Another kind refuses ballots that it cannot hold; which
    settings it leaves out is said on standard error.
    """
    with _refusals(file.name):
        profile = read_profile(file.read(), file.name)
        text = write_profile(profile, to.name)
    try:
        # As it is: a table's own ends of lines, whatever the system's are.
        to.write_text(text, "utf-8", newline="")
    except OSError as error:
        raise _UnreadableError(f"{to}: {error.strerror}.") from error
    for setting in left_out(profile, to.name):
        click.echo(f"Not in {to.name}: {setting}.", err=True)


@contextmanager
def _refusals(name: str) -> Iterator[None]:
    """Turn what a file cannot be into one line and an exit status."""
    try:
        yield
    except (MalformedFileError, InvalidBallotError) as error:
        raise _UnreadableError(f"{name}: {error}") from error
    except OSError as error:
        raise _UnreadableError(f"{name}: {error.strerror}.") from error
    except LogovoteError as error:
        raise click.ClickException(str(error)) from error


def _as_text(profile: Profile, outcome: counting.Outcome, seats: int | None) -> str:
    """Return the places, one tier a line, and whom the tie order chose."""
    ballots = sum(profile.heads.values())
    lines = [f"{outcome.method}: {ballots} ballots counted"]
    place = 1
    for tier in outcome.ranking:
        lines.append(f"{place:>4}  {' = '.join(tier)}")
        place += len(tier)
    if seats is not None:
        lines.append(f"elected: {', '.join(outcome.committee)}")
    for use in outcome.ties:
        tied, chosen = ", ".join(use.tied), ", ".join(use.chosen)
        lines.append(f"tie order, {use.step}: {chosen} of {tied}")
    # A name may hold half a character, which JSON can write and a terminal cannot.
    return "\n".join(lines).encode(errors="replace").decode()

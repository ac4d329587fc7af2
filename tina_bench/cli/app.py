"""The program: its verbs, and the one place where an error becomes a sentence and an exit code."""

import sys
from typing import Annotated, Any

import typer
import typer.core

from tina_bench import __version__
from tina_bench.cli import (
    audit,
    catalog,
    check_site,
    compare,
    containers,
    cost,
    doctor,
    export,
    fetch,
    import_,
    leaderboard,
    lock,
    plan,
    regrade,
    reproduce,
    results,
    serve_site,
    train,
    verify,
)
from tina_bench.errors import TinaBenchError


class Program(typer.core.TyperGroup):
    """The root of all verbs: an option's impossible value, too, is explained in one sentence."""

    def invoke(self, ctx: Any) -> Any:
        """Run the verb; a value that cannot be ends it with exit code 2, as mistyped."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            sentence = _bad_value(error)
            if sentence is None:
                raise
            typer.secho(f"error: {sentence}", fg=typer.colors.RED, err=True)
            raise typer.Exit(error.exit_code) from None


def _bad_value(error: typer.BadParameter) -> str | None:
    """Option, found and expected; `None` where the verb's usage says it better."""
    from pydantic import ValidationError

    from tina_bench.files.strict import first_wrong

    if error.param is None or not isinstance(error.__cause__, ValidationError):
        return None
    name = error.param.get_error_hint().strip("'")
    wrong = str(first_wrong(error.__cause__, (name,))).removesuffix(".")
    found, expected, choices = wrong.partition(" is not one of ")
    if expected:  # an enumeration says what was found twice
        wrong = f"{found.partition(', expected ')[0]}, expected one of {choices}"
    return f"{wrong}; `{error.ctx.command_path if error.ctx else ''} --help` explains it."


app = typer.Typer(
    name="tina-bench",
    cls=Program,
    help=(
        "Is this reasoning model's published score real, and what did it cost?\n\n"
        "Start with `tina-bench doctor`, then `tina-bench plan --all --profile smoke`: it shows "
        "what would run, and what it would cost, before anything does."
    ),
    epilog=(
        "Exit codes: 0 all is well; 1, 3 see `verify --help` and `leaderboard check --help`; 2 a "
        "mistyped command; 10 and up an error that is explained in one sentence: 11 no such "
        "thing, 12 catalog, 13 lock, 14-15 "
        "changed bytes, 20 a job failed, 21 budget reached, 22 something is missing on this "
        "machine, 23 home in use, 24 an engine is missing, 25 a file made by others is bad, 26 "
        "no GPU where a job needs one, 27 a claim is still open, "
        "30-33 the hub (`fetch --help`): no access, not there, no answer, disk too small."
    ),
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


def _version(wanted: bool) -> None:  # noqa: FBT001 - the shape of a typer callback
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Is this reasoning model's published score real, and what did it cost?"""


app.command("reproduce")(reproduce.reproduce)
app.command("plan")(plan.plan)
app.command("train")(train.train)
app.command("verify")(verify.verify)
app.command("compare")(compare.compare)
app.command("audit")(audit.audit)
app.command("regrade")(regrade.regrade)
leaderboard.app.command("serve")(serve_site.serve)
leaderboard.app.command("check")(check_site.check)
app.add_typer(leaderboard.app, name="leaderboard")
app.add_typer(results.app, name="results")
app.command("cost")(cost.cost)
app.command("import")(import_.import_)
app.command("export")(export.export)
app.add_typer(catalog.app, name="catalog")
app.command("lock")(lock.lock)
app.command("fetch")(fetch.fetch)
app.add_typer(containers.app, name="containers")
app.command("doctor")(doctor.doctor)


def main() -> None:
    """Run the program; a `TinaBenchError` ends it with its sentence and its exit code."""
    try:
        app()
    except TinaBenchError as error:
        typer.secho(f"error: {error}", fg=typer.colors.RED, err=True)
        sys.exit(error.exit_code)

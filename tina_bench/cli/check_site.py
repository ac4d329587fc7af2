"""`tina-bench leaderboard check`: whether a site can be published as it stands."""

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tina_bench.cli.options.common import ExistingHomeOption, JsonOption, LockOption, open_home
from tina_bench.cli.show.tables import console, print_json, table

if TYPE_CHECKING:
    from tina_bench.board.checking.findings import SiteCheck, SiteProblem

EXIT_FOUND = 1
_SHOWN = 40


class FailCheckOn(StrEnum):
    """What ends a check with a code of its own, besides changed bytes."""

    ERROR = "error"
    WARNING = "warning"
    NOTHING = "nothing"


def check(
    context: typer.Context,
    site: Annotated[
        Path | None,
        typer.Argument(metavar="[SITE]", help="Folder of the site; HOME/site if not given."),
    ] = None,
    fast: Annotated[
        bool,
        typer.Option(
            "--fast",
            help="Parse 100 run pages and no more, chosen by hash; every file's hash is compared "
            "in any case. What was not looked at is listed.",
        ),
    ] = False,
    fail_on: Annotated[
        FailCheckOn, typer.Option("--fail-on", help="What fails. Changed bytes always do.")
    ] = FailCheckOn.ERROR,
    home: ExistingHomeOption = None,
    lock: LockOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check a built site: bytes, links, markup, accessibility, sizes, safety.

    Every file against the hashes of index.json; the records against the home's, byte for byte, with
    --home or where SITE is not given; with --lock, the lock that it was built under. Every internal
    link and anchor; HTML that all parsers read alike; languages, headings, labels, text
    alternatives, table headers; 100 kB for the front page with all it loads, 1 GB for the site
    (GitHub Pages takes no more); a strict policy on every page, nothing loaded from elsewhere, no
    script in a page, no hidden character.

    Exit codes, the first that applies: 14 bytes are not what index.json, home or lock say; 1
    something of --fail-on was found; 0 nothing was. And: 11 SITE is no leaderboard.
    """
    from tina_bench.board.checking.check import check_site
    from tina_bench.board.checking.findings import Level
    from tina_bench.cli.show.site_progress import progress
    from tina_bench.errors import IntegrityError
    from tina_bench.lock.lockfile import lock_digest

    store = open_home(home)
    folder = (site or store.site).absolute()
    with progress("Checking") as on_progress:
        made = check_site(
            folder,
            home=store if site is None or _is_said(context, "home") else None,
            lock_digest=None if lock is None else lock_digest(lock),
            fast=fast,
            on_progress=on_progress,
        )
    if as_json:
        print_json(made.model_dump(mode="json"))
    else:
        _print(made)
    changed = [found for found in made.findings if found.level is Level.CHANGED]
    if changed:
        more = f" ({len(changed) - 1} more like it in the output)" if len(changed) > 1 else ""
        said = changed[0].message.rstrip(".")
        raise IntegrityError(f"{folder / changed[0].path}: {said}{more}.")
    failing = {FailCheckOn.ERROR: {Level.ERROR}, FailCheckOn.WARNING: {Level.ERROR, Level.WARNING}}
    if any(found.level in failing.get(fail_on, ()) for found in made.findings):
        raise typer.Exit(EXIT_FOUND)


def _is_said(context: typer.Context, option: str) -> bool:
    """Whether the option stands on the command line, and not just in the environment."""
    source = context.get_parameter_source(option)
    return source is not None and source.name == "COMMANDLINE"


def _grouped(findings: Iterable["SiteProblem"]) -> "dict[tuple[str, str], list[SiteProblem]]":
    """By level and rule, the worst level first."""
    from tina_bench.board.checking.findings import Level

    groups: dict[tuple[str, str], list[SiteProblem]] = {}
    order = list(Level)
    for found in sorted(findings, key=lambda f: (order.index(f.level), f.rule)):
        groups.setdefault((found.level.value, found.rule), []).append(found)
    return groups


def _print(made: "SiteCheck") -> None:
    from rich.markup import escape

    from tina_bench.board.checking.findings import Level
    from tina_bench.formatting.escape import visible

    out = console()
    if made.findings:
        shown = table("level", "rule", "found", "first place", "what", right=("found",))
        for (level, rule), group in list(_grouped(made.findings).items())[:_SHOWN]:
            first = group[0]
            place = f"{first.path}:{first.line}" if first.line else first.path
            texts = (level, rule, str(len(group)), place, first.message)
            shown.add_row(*(escape(visible(text)) for text in texts))
        out.print(shown)
    counts = ", ".join(f"{made.count(level)} {level.value}" for level in Level)
    out.print(
        f"{made.files} files, {made.pages} pages, {made.links} links; {made.bytes / 1e6:,.1f} MB, "
        f"the front page {made.first_page_bytes / 1e3:.1f} kB compressed with all it loads. "
        f"Findings: {counts}.",
        markup=False,
        soft_wrap=True,
    )
    for left in made.not_looked_at:
        out.print(f"Not looked at: {left}.", markup=False, soft_wrap=True)

"""`tina-bench verify`: published numbers against what was measured here, for people and for CI."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tina_bench.cli.options.common import (
    CatalogOption,
    ChosenProfileOption,
    ExistingHomeOption,
    JsonOption,
    LockOption,
    PriceOption,
    RecordsOption,
    open_home,
    parse_price,
)
from tina_bench.cli.show.progress import grading_bar
from tina_bench.cli.show.verdicts import audits_text, show_verification

if TYPE_CHECKING:
    from tina_bench.verifying.verify import CasesToAccept

FILES, BASELINE, WHAT = "Files for CI", "Known discrepancies", "What to verify"


def verify(
    model: Annotated[
        list[str] | None,
        typer.Option("--model", "-m", help="Only claims about this model.", rich_help_panel=WHAT),
    ] = None,
    profile: ChosenProfileOption = None,
    _records: RecordsOption = None,
    without_samples: Annotated[
        bool,
        typer.Option(
            "--without-samples",
            help="Sample logs need not be there: scores are recomputed from grades, and every "
            "output says that the answers themselves were not seen.",
            rich_help_panel=WHAT,
        ),
    ] = False,
    need_results: Annotated[
        bool,
        typer.Option(
            "--need-results",
            help="A home with neither results nor imports is no success (exit code 22), whatever "
            "others measured: for CI, where records might get lost.",
            rich_help_panel=WHAT,
        ),
    ] = False,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-on",
            metavar="WHAT[,WHAT…]",
            help="What fails: not-reproduced (if not given), inconclusive, not-comparable, "
            "not-measured, audit (a printed value that no run can give), stale (a baseline entry "
            "that nothing needs), flip (with --regrade: an answer is graded otherwise), "
            "others-differ (other teams' measurements exclude a claim), or nothing. Changed "
            "records always fail.",
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="The same as --fail-on not-reproduced,inconclusive.")
    ] = False,
    regrade: Annotated[
        bool,
        typer.Option(
            "--regrade",
            help="Grade every stored answer again by its task's own metric, and list the flips. "
            "Needs the samples and the engines' graders; the new grades are kept in logs of their "
            "own beside the old ones.",
            rich_help_panel=WHAT,
        ),
    ] = False,
    baseline: Annotated[
        Path | None,
        typer.Option(
            "--baseline",
            metavar="FILE",
            help="Accepted cases do not fail; each is shown with its reason.",
            rich_help_panel=BASELINE,
        ),
    ] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            "--accept",
            metavar="CLAIM",
            help="Write this claim's case, as it stands, into the baseline file "
            "(tina-bench-baseline.toml if --baseline names none). May be given several times.",
            rich_help_panel=BASELINE,
        ),
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option(
            "--reason", metavar="TEXT", help="With --accept: why.", rich_help_panel=BASELINE
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--by", metavar="WHO", help="With --accept: who accepts it.", rich_help_panel=BASELINE
        ),
    ] = None,
    junit: Annotated[
        Path | None,
        typer.Option("--junit", metavar="FILE", help="Write JUnit XML.", rich_help_panel=FILES),
    ] = None,
    badge: Annotated[
        Path | None,
        typer.Option("--badge", metavar="FILE", help="Write an SVG badge.", rich_help_panel=FILES),
    ] = None,
    others_badge: Annotated[
        Path | None,
        typer.Option(
            "--others-badge",
            metavar="FILE",
            help="Write an SVG badge of what other teams say.",
            rich_help_panel=FILES,
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="FILE",
            help="Write the JSON document, beside the table.",
            rich_help_panel=FILES,
        ),
    ] = None,
    summary: Annotated[
        Path | None,
        typer.Option(
            "--summary",
            metavar="FILE",
            envvar="GITHUB_STEP_SUMMARY",
            help="Add a Markdown summary to the end of this file.",
            rich_help_panel=FILES,
        ),
    ] = None,
    annotate: Annotated[
        bool | None,
        typer.Option(
            "--annotations/--no-annotations",
            help="Print GitHub workflow commands that point at claims and records; on by itself "
            "where GITHUB_ACTIONS is true.",
            rich_help_panel=FILES,
        ),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option(
            "--all", help="List claims that nothing was measured for, and the audits in full."
        ),
    ] = False,
    price: PriceOption = None,
    audits: Annotated[
        bool, typer.Option("--audits/--no-audits", help="Audit the published numbers, too.")
    ] = True,
    others: Annotated[
        bool,
        typer.Option(
            "--others/--no-others",
            help="Estimate every score from all public evidence, and say what other teams say of "
            "each claim, beside our own verdict.",
        ),
    ] = True,
    catalog: CatalogOption = None,
    lock: LockOption = None,
    home: ExistingHomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give every claim that has a result a verdict, by records that are recomputed, not believed.

    Needs no engine, no GPU and no network. Every score is counted again from its grades, every
    hash compared: of the samples, of the logs' names, of dataset and weights with the lock. What
    could not be checked is listed. A record that is not what it says is judged by nobody and fails.
    Then comes what other teams say, by all that the catalog and imports hold of their measurements:
    an estimate of every score, and a word beside our verdict for each claim; it needs no result of
    ours. Then come audits of the published numbers themselves, a line each. --all shows everything.

    Exit codes, the first that applies: 14 a record is not what it says (15: its log is damaged);
    1 a claim is NOT_REPRODUCED and that fails; 3 only something else of --fail-on fails; 0 nothing
    fails. And: 11 a bad option or baseline file; 22 there is nothing to verify: records that no
    claim is about, or claims of --catalog, or any with --need-results, without a result or an
    import (not with --fail-on nothing).
    """
    from tina_bench import api
    from tina_bench.verifying.baseline import DEFAULT_NAME
    from tina_bench.verifying.fail_on import error_of, parse_fail_on
    from tina_bench.verifying.reports.outputs import VerifyFiles
    from tina_bench.verifying.verify import VerifyOptions

    given = parse_price(price)
    options = VerifyOptions(
        profile=profile,
        models=tuple(model or ()),
        fail_on=parse_fail_on(fail_on, strict=strict),
        accept=_cases(accept, reason, by),
        without_samples=without_samples,
        regrade=regrade,
        audits=audits,
        others=others,
        need_results=need_results,
        price_usd_per_hour=given[1] if given else None,
    )
    files = VerifyFiles(
        baseline=baseline or (Path(DEFAULT_NAME) if accept else None),
        junit=junit,
        badge=badge,
        others_badge=others_badge,
        report=report,
        summary=summary,
        audits_text=audits_text,
    )
    store = open_home(home)
    with grading_bar(shown=regrade) as on_progress:
        made = api.verify(
            store, options, files=files, catalog=catalog or (), lock=lock, on_progress=on_progress
        )
    if annotate is None:
        annotate = os.environ.get("GITHUB_ACTIONS") == "true"
    show_verification(
        made, store, catalog or [], as_json=as_json, annotate=annotate, everything=everything
    )
    error = error_of(made, store.root)
    if error is not None:
        raise error
    if made.exit_code:
        raise typer.Exit(made.exit_code)


def _cases(claims: list[str] | None, reason: str | None, by: str | None) -> "CasesToAccept | None":
    from tina_bench.errors import UsageError
    from tina_bench.verifying.verify import CasesToAccept

    if (reason is None) != (not claims) or (by is not None and not claims):
        raise UsageError("--accept CLAIM, --reason TEXT and --by WHO go together.")
    return CasesToAccept(tuple(claims), reason, by) if claims and reason is not None else None

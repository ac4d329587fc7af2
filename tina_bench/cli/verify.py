"""`tina-bench verify`: published numbers against what was measured here, for people and for CI."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

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
    open_lock,
    parse_price,
)
from tina_bench.cli.show.tables import console, json_text
from tina_bench.cli.show.verdicts import audits_text, show_verification

if TYPE_CHECKING:
    from tina_bench.catalog.schema import Catalog
    from tina_bench.stats.graders.audit import GraderAudit
    from tina_bench.store.home import Home
    from tina_bench.verifying.baseline import Baseline
    from tina_bench.verifying.types import Verification
    from tina_bench.verifying.verify import JudgedRecords, VerifyOptions

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
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-on",
            metavar="WHAT[,WHAT…]",
            help="What fails: not-reproduced (if not given), inconclusive, not-comparable, "
            "not-measured, audit (a printed value that no run can give), stale (a baseline entry "
            "that nothing needs), flip (with --regrade: an answer is graded otherwise), or "
            "nothing. Changed records always fail.",
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
    catalog: CatalogOption = None,
    lock: LockOption = None,
    home: ExistingHomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give every claim that has a result a verdict, by records that are recomputed, not believed.

    Needs no engine, no GPU and no network. Every score is counted again from its grades, every
    hash compared: of the samples, of the logs' names, of dataset and weights with the lock. What
    could not be checked is listed. A record that is not what it says is judged by nobody and fails.
    Then come audits of the published numbers themselves, a line each; --all shows them in full.

    Exit codes, the first that applies: 14 a record is not what it says (15: its log is damaged);
    1 a claim is NOT_REPRODUCED and that fails; 3 only something else of --fail-on fails; 0 nothing
    fails. And: 11 a bad option or baseline file; 22 there is nothing to verify: neither a result
    that any claim is about nor an import (not with --fail-on nothing).
    """
    from tina_bench.catalog.load import load_catalog
    from tina_bench.errors import UsageError
    from tina_bench.verifying.baseline import DEFAULT_NAME, Baseline, read_baseline
    from tina_bench.verifying.fail_on import FailOn, parse_fail_on
    from tina_bench.verifying.reports.outputs import check_targets, write_all
    from tina_bench.verifying.verify import VerifyOptions, judge

    given = parse_price(price)
    failing = parse_fail_on(fail_on, strict=strict)
    if FailOn.AUDIT in failing and not audits:
        raise UsageError("--fail-on audit needs the audits; leave out --no-audits.")
    if FailOn.FLIP in failing and not regrade:
        raise UsageError("--fail-on flip needs grading again; give --regrade with it.")
    if regrade and without_samples:
        raise UsageError("--regrade needs the samples, so --without-samples does not go with it.")
    store = open_home(home)
    if (reason is None) != (not accept) or (by is not None and not accept):
        raise UsageError("--accept CLAIM, --reason TEXT and --by WHO go together.")
    kept = baseline or (Path(DEFAULT_NAME) if accept else None)
    targets = {"--junit": junit, "--badge": badge, "--report": report, "--summary": summary}
    named = {option: path for option, path in targets.items() if path is not None}
    check_targets(named, store.root, {"--baseline": kept} if kept else {})
    if accept and kept:
        check_targets({"--baseline": kept}, store.root, {})
    known = Baseline()
    if kept and (kept.exists() or not accept):
        known = read_baseline(kept)
    loaded = load_catalog(catalog or ())
    ask = VerifyOptions(
        profile=profile,
        models=tuple(model or ()),
        fail_on=failing,
        baseline=known,
        without_samples=without_samples,
        audits=audits,
        price_usd_per_hour=given[1] if given else None,
    )
    judged = judge(store, loaded, open_lock(lock, loaded), ask)
    texts: dict[Path, str] = {}
    if accept and kept and reason is not None:
        ask = _accepted(judged, ask, accept, reason=reason, by=by)
        texts[kept] = _baseline_text(ask.baseline)
    graded = _regrade(store, loaded, judged) if regrade and judged.sound else None
    made = _verify(judged, ask, graded)
    texts |= _files(made, junit=junit, badge=badge, report=report, summary=summary)
    write_all(texts)
    if annotate is None:
        annotate = os.environ.get("GITHUB_ACTIONS") == "true"
    show_verification(
        made, store, catalog or [], as_json=as_json, annotate=annotate, everything=everything
    )
    _end(made, store)


def _accepted(
    judged: "JudgedRecords", ask: "VerifyOptions", names: list[str], *, reason: str, by: str | None
) -> "VerifyOptions":
    from dataclasses import replace

    from tina_bench.store.records import now
    from tina_bench.verifying.verify import accept_cases

    baseline = accept_cases(judged, ask.baseline, names, reason=reason, by=by, date=now().date())
    return replace(ask, baseline=baseline)


def _baseline_text(baseline: "Baseline") -> str:
    from tina_bench.verifying.baseline import baseline_text

    return baseline_text(baseline)


def _regrade(store: "Home", catalog: "Catalog", judged: "JudgedRecords") -> "GraderAudit":
    """Every stored answer once more, by the metric that its record names."""
    from rich.progress import Progress

    from tina_bench.running.regrade.run import regrade_home

    screen = console(stderr=True)
    with Progress(console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task("grading again", total=None)

        def advance(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        return regrade_home(store, catalog, judged.sound, ("task",), advance)


def _verify(
    judged: "JudgedRecords", ask: "VerifyOptions", graded: "GraderAudit | None"
) -> "Verification":
    from tina_bench.verifying.verify import verify as weigh

    return weigh(judged, ask, graded)


def _files(
    made: "Verification",
    *,
    junit: Path | None,
    badge: Path | None,
    report: Path | None,
    summary: Path | None,
) -> dict[Path, str]:
    """Every file that was asked for, with its text."""
    texts = {}
    if junit is not None:
        from tina_bench.verifying.reports.junit import junit_xml

        texts[junit] = junit_xml(made)
    if badge is not None:
        from tina_bench.verifying.reports.badge import badge_svg

        texts[badge] = badge_svg(made)
    if report is not None:
        texts[report] = json_text(made.model_dump(mode="json")) + "\n"
    if summary is not None:
        from tina_bench.verifying.reports.markdown_summary import summary_markdown
        from tina_bench.verifying.reports.outputs import appended

        texts[summary] = appended(summary, summary_markdown(made, audits_text(made)))
    return texts


def _end(made: "Verification", store: "Home") -> None:
    from tina_bench.errors import BlockedError

    if made.problems:
        _refuse(made, store)
    if made.exit_code == BlockedError.exit_code:
        raise BlockedError(
            f"none of {len(made.claims)} claims has a result in {store.root}; name your claims "
            "with --catalog, or say --fail-on nothing where records alone are to be checked."
        )
    if made.exit_code:
        raise typer.Exit(made.exit_code)


def _refuse(made: "Verification", store: "Home") -> NoReturn:
    """The first broken record's sentence, and how many more there are."""
    from tina_bench.errors import DamagedLogError, IntegrityError

    first = next(c for _, c in made.problems if c.exit_code == made.exit_code)
    damaged = first.exit_code == DamagedLogError.exit_code
    more = len(made.problems) - 1
    rest = f" ({more} more like it in the output)" if more else ""
    leaf = DamagedLogError if damaged else IntegrityError
    raise leaf(f"{store.root}/{first.detail.rstrip('.')}{rest}.")

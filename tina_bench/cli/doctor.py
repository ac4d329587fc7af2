"""`tina-bench doctor`: what this machine has and lacks, what that prevents, and what to do."""

from tina_bench.cli.options.common import HomeOption, JsonOption, open_home
from tina_bench.cli.show.tables import console, print_json, safe, table


def doctor(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Look this machine over. Changes nothing, and always ends with exit code 0: it is a report.

    Every lack says what it prevents and what to do about it.
    """
    from dataclasses import asdict

    from rich.progress import Progress, SpinnerColumn, TextColumn

    from tina_bench.catalog.load import load_catalog
    from tina_bench.doctor.checks import run_checks

    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), transient=True,
        console=console(stderr=True),
    ) as bar:  # fmt: skip
        bar.add_task("examining this machine", total=None)
        checks = run_checks(open_home(home).root, load_catalog())
    if as_json:
        print_json([asdict(check) for check in checks])
        return
    rows = table("", "what", "found", "what that prevents, and what to do")
    for check in checks:
        sign = "[green]✓[/green]" if check.ok else "[yellow]–[/yellow]"
        advice = "" if check.ok else f"{check.prevents} {check.remedy}"
        rows.add_row(sign, check.what, safe(check.found), safe(advice))
    console().print(rows)

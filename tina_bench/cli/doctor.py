"""`tina-bench doctor`: what this machine has and lacks, what that prevents, and what to do."""

from tina_bench.cli.options.common import HomeOption, JsonOption, open_home
from tina_bench.cli.show.tables import console, print_json, table


def doctor(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Look this machine over. Changes nothing, and always ends with exit code 0: it is a report.

    Every lack says what it prevents and what to do about it.
    """
    from dataclasses import asdict

    from rich.progress import Progress, SpinnerColumn, TextColumn

    from tina_bench.catalog.load import load_catalog
    from tina_bench.doctor.containers import examine_containers
    from tina_bench.doctor.machine import examine

    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), transient=True,
        console=console(stderr=True),
    ) as bar:  # fmt: skip
        bar.add_task("examining this machine", total=None)
        findings = [*examine(open_home(home).root), *examine_containers(load_catalog())]
    if as_json:
        print_json([asdict(finding) for finding in findings])
        return
    rows = table("", "what", "found", "what that prevents, and what to do")
    for finding in findings:
        sign = "[green]✓[/green]" if finding.ok else "[yellow]–[/yellow]"
        advice = "" if finding.ok else f"{finding.prevents} {finding.remedy}"
        rows.add_row(sign, finding.what, finding.found, advice)
    console().print(rows)

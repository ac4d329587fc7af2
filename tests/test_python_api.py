"""The worked example of docs/python.md, run in a notebook's order and without the command line."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.program import Program
from tests.support.program import ROOT
from tests.support.smoke_home import smoke_copy, smoke_home
from tina_bench.board.site.build import SiteOptions
from tina_bench.errors import BlockedError, UsageError

__all__ = ["smoke_copy", "smoke_home"]
PAGE = ROOT / "docs" / "python.md"
RECORDS = ROOT / "leaderboard" / "records"


def blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)


@pytest.mark.engine
def test_the_worked_example_runs_from_top_to_bottom(
    smoke_copy: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TINA_BENCH_HOME", str(smoke_copy.root))
    notebook: dict[str, Any] = {}
    found = blocks()
    assert len(found) == 6
    for block in found:
        exec(compile(block, str(PAGE), "exec"), notebook)
    said = capsys.readouterr().out
    assert "0 jobs to do, 99 done" in said
    for words in ("smoke-base smoke-100", "smoke-base - smoke-tina", "printed scores", "open /"):
        assert words in said, said
    assert (smoke_copy.root / "site" / "index.html").exists()


def test_records_are_verified_compared_and_tabulated_without_a_home() -> None:
    import tina_bench as tb

    made = tb.verify(RECORDS, tb.VerifyOptions(audits=False))
    assert made.problems == ()
    assert {str(claim.verdict) for claim in made.claims} >= {"REPRODUCED", "NOT_MEASURED"}
    scopes = [table.scope for table in tb.compare(RECORDS).pairs]
    assert scopes[-1] == "average" or "average" in scopes
    outcomes = tb.frames.results(RECORDS)
    assert len(outcomes) == 2 * 170 * 8
    scores = outcomes.groupby(["model", "task"]).correct.mean() * 100
    for claim in made.claims:
        if claim.measured_percent is not None:
            assert scores[claim.model, claim.task] == pytest.approx(claim.measured_percent)
    bill = tb.frames.costs(RECORDS, by=["model"])
    assert set(bill.model) == {"smoke-base", "smoke-tina"}
    assert (bill.cost_usd > 0).all()


def test_files_for_ci_are_written_and_a_case_is_accepted(tmp_path: Path) -> None:
    import tina_bench as tb
    from tina_bench.verifying.verify import CasesToAccept

    before = tb.verify(RECORDS, tb.VerifyOptions(audits=False))
    open_claim = next(claim for claim in before.claims if claim.verdict == "NOT_MEASURED")
    files = tb.VerifyFiles(
        baseline=tmp_path / "baseline.toml",
        junit=tmp_path / "junit.xml",
        report=tmp_path / "report.json",
        summary=tmp_path / "summary.md",
    )
    accept = CasesToAccept((open_claim.claim,), reason="not yet")
    made = tb.verify(RECORDS, tb.VerifyOptions(audits=False, accept=accept), files=files)
    assert made.accepted == 1
    assert json.loads(files.report.read_text())["accepted"] == 1
    assert files.summary.read_text().startswith("## tina-bench verify")
    assert "<testsuite" in files.junit.read_text()
    again = tb.verify(
        RECORDS, tb.VerifyOptions(audits=False), files=tb.VerifyFiles(baseline=files.baseline)
    )
    assert again == made, "the baseline that was written is read as it was meant"


def test_what_cannot_be_is_an_error_with_a_sentence(tmp_path: Any) -> None:
    import tina_bench as tb

    with pytest.raises(UsageError, match="there is no profile 'nowhere'"):
        tb.plan("nowhere", home=tmp_path)
    with pytest.raises(UsageError, match="--runner: found 'cloud', expected one of auto, docker"):
        tb.plan("smoke", runner="cloud", home=tmp_path)
    with pytest.raises(UsageError, match="--seeds sets the number of seeds"):
        tb.plan(tb.Request("smoke", seeds=(0,)), until_decided=tb.SeedLimits(), home=tmp_path)
    with pytest.raises(UsageError, match="--regrade needs the samples"):
        tb.verify(tmp_path, tb.VerifyOptions(regrade=True, without_samples=True))
    with pytest.raises(UsageError, match="--by: found 'day', expected some of model, kind, phase"):
        tb.frames.costs(tmp_path, by=["day"])
    with pytest.raises(UsageError, match="there is no model 'nobody'"):
        tb.audit(tmp_path, models=["nobody"])
    with pytest.raises(BlockedError, match="fewer than two models"):
        tb.compare(tmp_path)
    with pytest.raises(BlockedError, match="nothing has been measured"):
        tb.build_board(tmp_path, tmp_path / "site", options=SiteOptions(profile="paper"))
    with pytest.raises(UsageError, match="--format: found 'excel', expected one of eee, hf-"):
        tb.export("excel", tmp_path / "out", home=tmp_path)
    with pytest.raises(BlockedError, match="nothing to export"):
        tb.export("csv", tmp_path / "out", home=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_import_is_light_and_knows_its_names() -> None:
    code = (
        "import sys; before = set(sys.modules); import tina_bench as tb; "
        "print(sorted(set(sys.modules) - before)); print(dir(tb))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported, names = done.stdout.splitlines()
    assert imported == "['tina_bench']"
    assert {
        "plan",
        "reproduce",
        "verify",
        "compare",
        "audit",
        "build_board",
        "export",
        "frames",
    } <= set(eval(names))


def test_an_unknown_name_is_an_attribute_error() -> None:
    import tina_bench as tb

    with pytest.raises(AttributeError, match="no attribute 'evaluate'"):
        tb.evaluate  # noqa: B018

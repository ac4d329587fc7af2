import json
import random
import subprocess
import sys

import pytest
from audit_catalog import make_average, make_catalog, make_claim

from tests.catalog.facts import CATALOG
from tests.importing.made_files import take_in
from tests.stats.made_records import make_solved
from tests.support.program import ROOT
from tina_bench.stats.audits.report import Audits, Kind, build_audits
from tina_bench.store.home import Home


@pytest.fixture(scope="module")
def files(open_rs_logs, tmp_path_factory):
    root = tmp_path_factory.mktemp("audited") / "home"
    take_in(root, open_rs_logs, reported_by="Open-RS")
    return Home(root).imported()


def test_it_goes_through_json_and_back():
    audits = build_audits(CATALOG)
    text = audits.model_dump_json()
    assert json.loads(text)["schema_version"] == 1
    assert Audits.model_validate_json(text) == audits


def test_the_order_of_claims_files_and_records_changes_nothing(files):
    records = [
        make_solved([3, 1, 0] * 10, 4, model="open-rs3", task=t) for t in ("aime24", "aime25")
    ]
    first = build_audits(CATALOG, files, records).model_dump_json()
    for seed in range(2):
        mixed, claims = list(files), list(CATALOG.claims.items())
        averages, models = list(CATALOG.averages.items()), list(CATALOG.models.items())
        for each in (mixed, claims, averages, models, records):
            random.Random(seed).shuffle(each)
        catalog = CATALOG.model_copy(
            update={"claims": dict(claims), "averages": dict(averages), "models": dict(models)}
        )
        assert build_audits(catalog, mixed, records).model_dump_json() == first


def test_another_process_with_other_hashes_says_the_same():
    code = (
        "import hashlib;from tina_bench.catalog.load import load_catalog;"
        "from tina_bench.stats.audits.report import build_audits;"
        "print(hashlib.sha256(build_audits(load_catalog()).model_dump_json().encode()).hexdigest())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env={"PYTHONHASHSEED": seed}, text=True,
            capture_output=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(said) == 1


def test_an_empty_catalog_has_nothing_to_say():
    audits = build_audits(make_catalog())
    assert audits.findings == audits.gains == audits.disagreement == ()


def test_our_own_result_joins_the_others_on_its_model():
    record = make_solved([3, 1, 0] * 10, 4, model="open-rs3", task="aime24")
    (cell,) = [
        d
        for d in build_audits(CATALOG, (), [record]).disagreement
        if (d.model, d.task) == ("open-rs3", "aime24")
    ]
    (ours,) = [m for m in cell.measurers if m.who == "tina-bench (here)"]
    assert ours.percent == pytest.approx(100 / 3)
    assert ours.runs == 4
    assert len(cell.measurers) == 6


def test_findings_name_what_cannot_stand_and_nothing_else():
    cells = {t: make_claim(v, task=t) for t, v in {"aime": 43.4, "amc": 77.5, "math": 87.0}.items()}
    more = {
        "high": make_claim(100.0, task="amc", who="others", runs=100, source="elsewhere"),
        "fine": make_claim(87.2, task="math", who="others", source="elsewhere"),
    }
    audits = build_audits(make_catalog({**cells, **more}, {"avg": make_average(72.0)}))
    assert [(f.kind, f.about) for f in audits.findings] == [
        (Kind.IMPOSSIBLE, "aime"),
        (Kind.AVERAGE, "avg"),
        (Kind.DISAGREEMENT, "m on amc"),
    ]
    assert "43.40" in audits.findings[0].sentence


def test_a_view_of_some_models_keeps_the_families_that_were_corrected_for():
    audits = build_audits(CATALOG)
    some = audits.about({"open-rs3"})
    assert {d.model for d in some.disagreement} == {"open-rs3"}
    assert {o.model for o in some.own_logs} == {"open-rs3"}
    assert {s.published for s in some.selection} == {"open-rs3"}
    assert {g.reference for g in some.gains} == {"open-rs3"}
    assert all(d.family == audits.disagreement[0].family for d in some.disagreement)
    assert some.disagreement == tuple(d for d in audits.disagreement if d.model == "open-rs3")

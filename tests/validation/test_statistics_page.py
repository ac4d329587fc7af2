from page import BLOCK, FOUND, PAGE, rendered, rows


def test_the_page_shows_what_the_committed_findings_say():
    page = PAGE.read_text()
    assert rendered(page) == page


def test_every_finding_is_shown_on_the_page():
    shown = {name for _, name, _ in BLOCK.findall(PAGE.read_text())}
    shown = {"intervals" if name.startswith("coverage-") else name for name in shown}
    for file in FOUND.glob("*.json"):
        assert any(file.stem == name or file.stem.startswith(f"{name}-") for name in shown), file


def test_every_cell_that_an_interval_calls_nominal_covers_between_93_and_a_half_and_96_and_a_half():
    found = rows("intervals")
    claimed = found[found["claimed"]]
    assert len(claimed) > 150
    assert claimed["coverage"].between(0.935, 0.965).all()
    bounds = found[~found["claimed"] & (found["question"] == "same problems")]
    assert (bounds["coverage"] >= 0.935).all()


def test_true_families_of_48_claims_are_contradicted_in_at_most_5_of_100():
    found = rows("family")
    assert (found["cells"] == 48).all()
    assert (found["family_wise_false_not_reproduced"] <= 0.05).all()

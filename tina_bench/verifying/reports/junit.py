"""JUnit XML: one test suite per model, one test case per claim, and one suite for the records.

A contradicted claim is a failure, an undecided one is skipped with the reason, unless `--fail-on`
makes it a failure; an accepted case is skipped with its reason; a record that fails a check is an
error. No times and no host name, so that the same records give the same bytes. Written for the
schema of Jenkins' xUnit plugin (junit-10.xsd), which Surefire's reports follow too.
"""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from tina_bench.formatting.escape import printable
from tina_bench.stats.claims.labels import INTEGRITY
from tina_bench.stats.graders.audit import CellAudit
from tina_bench.stats.types import Verdict
from tina_bench.verifying.fail_on import FailOn
from tina_bench.verifying.reports.text import deciding, regraded_line
from tina_bench.verifying.types import Check, CheckState, ClaimResult, RecordCheck, Verification

NAME = "tina-bench verify"
ERROR, FAILURE, SKIPPED = "error", "failure", "skipped"
"""Elements for the result of a test case; a case with none of them has passed."""


def junit_xml(verification: Verification) -> str:
    """The report as one XML document in UTF-8 with a final newline."""
    root = Element("testsuites", {"name": NAME})
    suites: dict[str, Element] = {}
    for group, case in _cases(verification):
        name = printable(group)
        case.set("classname", name)
        if name not in suites:
            suites[name] = SubElement(root, "testsuite", {"name": name})
        suites[name].append(case)
    for suite in suites.values():
        _count(suite, (ERROR, FAILURE, SKIPPED))
    _count(root, (FAILURE, ERROR))  # the schema knows no `skipped` of the root
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _count(element: Element, results: tuple[str, ...]) -> None:
    """Set the attributes `tests`, `errors`, `failures` and `skipped`."""
    element.set("tests", str(sum(1 for _ in element.iter("testcase"))))
    for result in results:
        name = result if result == SKIPPED else f"{result}s"
        element.set(name, str(sum(1 for _ in element.iter(result))))


def _cases(verification: Verification) -> Iterator[tuple[str, Element]]:
    """Every test case with the name of its suite; the suites in the order of the report."""
    claims = verification.claims
    for model in dict.fromkeys(claim.model for claim in claims):
        for claim in claims:
            if claim.model == model:
                yield model, _claim(claim)
    for record in verification.records:
        yield "records", _record(record)
    audit = FAILURE if FailOn.AUDIT in verification.fail_on else SKIPPED
    for finding in verification.findings:
        yield "audits", _sentence(finding.name, audit, finding.sentence, "AUDITS")
    if verification.regraded is not None:
        flip = FAILURE if FailOn.FLIP in verification.fail_on else SKIPPED
        for cell in verification.regraded.cells:
            yield "graded again", _regraded(cell, flip)
    stale = FAILURE if FailOn.STALE in verification.fail_on else SKIPPED
    for entry in verification.stale:
        sentence = f"The baseline's entry is not needed any more: {entry.reason}."
        yield "baseline", _sentence(entry.claim, stale, sentence, "BASELINE")


def _case(name: str) -> Element:
    return Element("testcase", {"name": printable(name)})


def _add_result(case: Element, result: str, message: str, type_: str) -> None:
    attributes = {"message": printable(message), "type": printable(type_)}
    SubElement(case, result, {name: value for name, value in attributes.items() if value})


def _add_output(case: Element, *lines: str) -> None:
    SubElement(case, "system-out").text = "\n".join(map(printable, lines))


def _claim(claim: ClaimResult) -> Element:
    case = _case(f"{claim.claim} ({claim.task})")
    verdict, reason = str(claim.verdict), claim.reason
    if claim.integrity is not None:
        _add_result(case, ERROR, f"Not judged: {claim.integrity}", INTEGRITY)
    elif claim.fails:
        why = f" ({claim.acceptance_void})" if claim.acceptance_void else ""
        _add_result(case, FAILURE, f"{reason}{why}", verdict)
    elif claim.others is not None and claim.others_fail:
        _add_result(case, FAILURE, claim.others.sentence, str(claim.others.word))
    elif claim.accepted is not None:
        accepted = f"Accepted on {claim.accepted.date}: {claim.accepted.reason}"
        _add_result(case, SKIPPED, f"{accepted} [{verdict}: {reason}]", "ACCEPTED")
    elif claim.verdict is not Verdict.REPRODUCED:
        _add_result(case, SKIPPED, reason, verdict)
    lines = [f"{verdict}: {reason}", f"Claimed by {claim.who}: {claim.source}"]
    if claim.would_decide:
        lines.append(deciding(claim))
    if claim.others is not None:
        lines.append(f"{claim.others.word}: {claim.others.sentence}")
    _add_output(case, *lines)
    return case


def _record(record: RecordCheck) -> Element:
    case = _case(record.file)
    for check in record.problems:
        _add_result(case, ERROR, check.detail, check.what)
    _add_output(case, *map(_line, record.checks))
    return case


def _line(check: Check) -> str:
    state = "" if check.state is CheckState.AGREES else f" ({check.state})"
    return f"{check.what}{state}: {check.detail}"


def _regraded(cell: CellAudit, result: str) -> Element:
    case = _case(f"{cell.model} on {cell.task}")
    if cell.flips:
        _add_result(case, result, regraded_line(cell), "FLIP")
    _add_output(case, regraded_line(cell))
    return case


def _sentence(name: str, result: str, sentence: str, type_: str) -> Element:
    case = _case(name)
    _add_result(case, result, sentence, type_)
    return case

"""JUnit XML: a test suite a model, a test case a claim, and one for the records themselves.

A contradicted claim is a failure, whatever was not decided is skipped with the reason, unless
`--fail-on` makes it a failure; an accepted case is skipped with its reason; a record that is not
what it says is an error. No times and no host name, so that the same records give the same bytes.
Written for the schema of Jenkins' xUnit plugin (junit-10.xsd), which Surefire's reports follow too.
"""

from collections.abc import Callable, Iterable
from xml.etree import ElementTree

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from tina_bench.formatting.escape import printable
from tina_bench.stats.claims.labels import INTEGRITY
from tina_bench.stats.graders.audit import CellAudit
from tina_bench.stats.types import Verdict
from tina_bench.verifying.fail_on import FailOn
from tina_bench.verifying.reports.text import deciding, regraded_line
from tina_bench.verifying.types import Check, CheckState, ClaimResult, RecordCheck, Verification

NAME = "tina-bench verify"


def junit_xml(made: Verification) -> str:
    """The report as one XML document in UTF-8 with a final newline."""
    report = JUnitXml(NAME)
    for model in dict.fromkeys(claim.model for claim in made.claims):
        claims = [claim for claim in made.claims if claim.model == model]
        report.add_testsuite(_suite(printable(model), map(_claim, claims)))
    if made.records:
        report.add_testsuite(_suite("records", map(_record, made.records)))
    audit = FailOn.AUDIT in made.fail_on
    if made.findings:
        cases = [_told("audits", f.name, f.sentence, fails=audit) for f in made.findings]
        report.add_testsuite(_suite("audits", cases))
    if made.regraded is not None and made.regraded.cells:
        report.add_testsuite(_suite("graded again", map(_regraded(made), made.regraded.cells)))
    stale = FailOn.STALE in made.fail_on
    if made.stale:
        cases = [_told("baseline", s.claim, _unneeded(s.reason), fails=stale) for s in made.stale]
        report.add_testsuite(_suite("baseline", cases))
    report.update_statistics()  # type: ignore[no-untyped-call]
    # Read back with the standard library: junitparser takes lxml where that is installed, which
    # spells some documents otherwise.
    written = report.tostring()  # type: ignore[no-untyped-call]
    root = ElementTree.fromstring(written)  # noqa: S314 - our own words, just written
    for element in root.iter():
        element.attrib.pop("time", None)
    root.attrib.pop("skipped", None)  # not of a root in the schema
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _unneeded(reason: str) -> str:
    return f"The baseline's entry is not needed any more: {reason}."


def _suite(name: str, cases: Iterable[TestCase]) -> TestSuite:
    suite = TestSuite(name)
    suite.add_testcases(list(cases))
    return suite


def _case(group: str, name: str) -> TestCase:
    return TestCase(printable(name), classname=printable(group))


def _claim(claim: ClaimResult) -> TestCase:
    case = _case(claim.model, f"{claim.claim} ({claim.task})")
    verdict, reason = str(claim.verdict), claim.reason
    if claim.integrity is not None:
        case.result = [Error(printable(f"Not judged: {claim.integrity}"), INTEGRITY)]
    elif claim.fails:
        why = f" ({claim.acceptance_void})" if claim.acceptance_void else ""
        case.result = [Failure(printable(f"{reason}{why}"), verdict)]
    elif claim.accepted is not None:
        said = f"Accepted on {claim.accepted.date}: {claim.accepted.reason} [{verdict}: {reason}]"
        case.result = [Skipped(printable(said), "ACCEPTED")]
    elif claim.verdict is not Verdict.REPRODUCED:
        case.result = [Skipped(printable(reason), verdict)]
    lines = [f"{verdict}: {reason}", f"Claimed by {claim.who}: {claim.source}"]
    if claim.would_decide:
        lines.append(deciding(claim))
    case.system_out = "\n".join(map(printable, lines))
    return case


def _record(record: RecordCheck) -> TestCase:
    case = _case("records", record.file)
    case.result = [
        Error(printable(check.detail), printable(check.what)) for check in record.problems
    ]
    case.system_out = "\n".join(printable(_line(check)) for check in record.checks)
    return case


def _line(check: Check) -> str:
    state = "" if check.state is CheckState.AGREES else f" ({check.state})"
    return f"{check.what}{state}: {check.detail}"


def _regraded(made: Verification) -> Callable[[CellAudit], TestCase]:
    kind = Failure if FailOn.FLIP in made.fail_on else Skipped

    def case(cell: CellAudit) -> TestCase:
        made_case = _case("graded again", f"{cell.model} on {cell.task}")
        if cell.flips:
            made_case.result = [kind(printable(regraded_line(cell)), "FLIP")]
        made_case.system_out = printable(regraded_line(cell))
        return made_case

    return case


def _told(group: str, name: str, sentence: str, *, fails: bool) -> TestCase:
    case = _case(group, name)
    kind = Failure if fails else Skipped
    case.result = [kind(printable(sentence), group.upper())]
    return case

"""The whole of `verify`, from options to files: cases to accept and grading again included.

Guarantees: what does not go together, and a file that cannot be written, are refused before any
work is done; every text is ready before the first file is written.
"""

from collections.abc import Callable
from dataclasses import replace

from tina_bench.catalog.schema import Catalog
from tina_bench.errors import UsageError
from tina_bench.lock.lockfile import Lock
from tina_bench.running.regrade.run import regrade_home
from tina_bench.store import records
from tina_bench.store.home import Home
from tina_bench.verifying.baseline import baseline_text, read_baseline
from tina_bench.verifying.fail_on import FailOn
from tina_bench.verifying.reports.outputs import VerifyFiles, write_all
from tina_bench.verifying.types import Verification
from tina_bench.verifying.verify import VerifyOptions, accept_cases, judge, verify

GRADERS = ("task",)
"""A verdict stands on the task's own metric, so this one alone is run again."""


def run_verify(
    home: Home,
    catalog: Catalog,
    lock: Lock,
    options: VerifyOptions,
    files: VerifyFiles,
    on_progress: Callable[[int, int], None],
) -> Verification:
    """Judge every claim by the records of a home, and write the files.

    `on_progress` gets the number of answers graded again, and of how many. Raises what `judge`,
    `accept_cases` and `regrade_home` do, and `UsageError` for options that do not go together, a
    bad baseline file, and a file that cannot be written.
    """
    _check(options, files)
    accept, path = options.accept, files.baseline
    files.check(home.root, accepts=accept is not None)
    if path is not None and (path.exists() or accept is None):
        options = replace(options, baseline=read_baseline(path))
    judged = judge(home, catalog, lock, options)
    texts = {}
    if accept is not None:
        accepted = accept_cases(
            judged, options.baseline, accept.claims,
            reason=accept.reason, by=accept.by, date=records.now().date(),
        )  # fmt: skip
        options = replace(options, baseline=accepted)
        if path is not None:
            texts[path] = baseline_text(accepted)
    regraded = None
    if options.regrade and judged.sound:
        regraded = regrade_home(home, catalog, judged.sound, GRADERS, on_progress)
    made = verify(judged, options, regraded)
    write_all(texts | files.texts(made))
    return made


def _check(options: VerifyOptions, files: VerifyFiles) -> None:
    """Raise `UsageError` for the first two options that do not go together."""
    if FailOn.AUDIT in options.fail_on and not options.audits:
        raise UsageError("--fail-on audit needs the audits; leave out --no-audits.")
    if files.others_badge is not None and not options.others:
        raise UsageError("--others-badge needs the others; leave out --no-others.")
    if FailOn.OTHERS_DIFFER in options.fail_on and not options.others:
        raise UsageError("--fail-on others-differ needs the others; leave out --no-others.")
    if FailOn.FLIP in options.fail_on and not options.regrade:
        raise UsageError("--fail-on flip needs grading again; give --regrade with it.")
    if options.regrade and options.without_samples:
        raise UsageError("--regrade needs the samples, so --without-samples does not go with it.")

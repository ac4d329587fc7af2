"""Every way tina-bench refuses, each with the exit code that scripts may rely on.

A `TinaBenchError` carries one sentence for the user: what was found, what was expected, what to
do. The command line prints that sentence and exits with the leaf's code; anything else that
escapes is a bug and keeps its traceback.

Codes 0-3 belong to `verify` (see `tina_bench.cli.verify`); errors start at 10 so that a script
can tell "the claim failed" from "the tool could not answer".
"""

EXIT_INTERRUPTED = 130
"""What shells give for a program that Ctrl-C ended."""


class TinaBenchError(Exception):
    """The root: one sentence for the user, one exit code."""

    exit_code = 10


class UsageError(TinaBenchError):
    """The command line asks for something that does not exist or does not fit together."""

    exit_code = 11


class CatalogError(TinaBenchError):
    """A catalog file is malformed: the sentence names file, key, what was found and expected."""

    exit_code = 12


class LockError(TinaBenchError):
    """`checkpoints.lock` is malformed, or has no resolved entry for what was asked."""

    exit_code = 13


class IntegrityError(TinaBenchError):
    """Bytes differ from what the lock or an earlier record says. Nothing was read further."""

    exit_code = 14


class DamagedLogError(IntegrityError):
    """An append-only log is damaged anywhere but in a torn last line."""

    exit_code = 15


class JobFailedError(TinaBenchError):
    """A job ended without a result; its log and its cost are kept."""

    exit_code = 20


class BudgetReachedError(TinaBenchError):
    """The next step would exceed `--budget`; everything finished so far is kept."""

    exit_code = 21


class BlockedError(TinaBenchError):
    """Something the plan needs is missing on this machine; the sentence says what."""

    exit_code = 22


class BusyError(TinaBenchError):
    """Another tina-bench process holds this home."""

    exit_code = 23


class MissingEngineError(TinaBenchError):
    """An optional engine package is not installed; the sentence names the extra that brings it."""

    exit_code = 24


class MissingGpuError(TinaBenchError):
    """A job computes on a GPU and there is none where it runs."""

    exit_code = 26


class StillOpenError(TinaBenchError):
    """A claim is open after as many seeds as were allowed; everything sampled is kept."""

    exit_code = 27


class ForeignFileError(TinaBenchError):
    """A file that others made is not what it should be; the sentence names file and key."""

    exit_code = 25


class HubAccessError(TinaBenchError):
    """The hub has it and does not hand it out: a licence to accept, or a token to set."""

    exit_code = 30


class NotOnHubError(TinaBenchError):
    """The hub has no such repository, revision or file."""

    exit_code = 31


class HubUnreachableError(TinaBenchError):
    """The hub does not answer, or not in time; whatever was fetched so far is kept."""

    exit_code = 32


class DiskFullError(TinaBenchError):
    """There is less free disk than is needed; the sentence says where, how much, and what to do."""

    exit_code = 33


def error_kind(exit_code: int) -> type[TinaBenchError]:
    """The error that ends with a code, to raise here what another process was refused with."""
    kinds: list[type[TinaBenchError]] = [TinaBenchError]
    for kind in kinds:  # grows on the way
        kinds += kind.__subclasses__()
    return next((kind for kind in kinds if kind.exit_code == exit_code), TinaBenchError)

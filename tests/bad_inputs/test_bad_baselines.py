"""Baseline files of `verify` that are torn, or accept what cannot be accepted."""

import datetime
from collections.abc import Callable

import pytest

from tests.bad_inputs.world import Case, World, refused
from tina_bench.errors import UsageError
from tina_bench.stats.types import Verdict
from tina_bench.verifying.baseline import Baseline, BaselineEntry, baseline_text

Spoil = Callable[[World], object]
CODE = UsageError.exit_code
NAME = "baseline.toml"
ASK = ("verify", "--no-audits", "--baseline", f"{{root}}/{NAME}")
GOOD = baseline_text(
    Baseline(
        accepted={
            "smoke-base-smoke-30": BaselineEntry(
                verdict=Verdict.INCONCLUSIVE, direction="lower", claimed_percent="38.75",
                measured_percent=38.3, evidence_sha256="0" * 64, reason="so it is on this machine",
                date=datetime.date(2026, 1, 2), by="me",
            )
        }
    )
)  # fmt: skip
"""A baseline as the program writes it."""


def data(make: Callable[[bytes], bytes]) -> Spoil:
    return lambda world: (world.root / NAME).write_bytes(make(GOOD.encode()))


def to(old: str, new: str) -> Spoil:
    assert GOOD.count(old) == 1, GOOD
    return lambda world: (world.root / NAME).write_text(GOOD.replace(old, new), encoding="utf-8")


def folder(world: World) -> None:
    (world.root / NAME).mkdir()


CASES = {
    "bytes": Case(data(lambda _: b"\x89PNG\r\n"), CODE, "byte 0", "0x89", "UTF-8"),
    "UTF-16": Case(
        data(lambda good: good.decode().encode("utf-16")), CODE, "byte 0", "UTF-16", "UTF-8"
    ),
    "a byte order mark": Case(
        data(lambda good: b"\xef\xbb\xbf" + good), CODE, "byte 0", "a byte order mark", "UTF-8"
    ),
    "cut short": Case(
        data(lambda good: good[: good.rindex(b"=") + 1]), CODE, "at ", "not valid TOML",
        "a baseline file",
    ),
    "10,000 lists in each other": Case(
        data(lambda good: b"x = " + b"[" * 10_000), CODE, "", "nested too deeply",
        "a baseline file",
    ),
    "an unknown key": Case(
        data(lambda good: b"colour = 3\n" + good), CODE, "colour", "3", "no such key"
    ),
    "a verdict that needs no acceptance": Case(
        to('"INCONCLUSIVE"', '"REPRODUCED"'), CODE, "accepted.smoke-base-smoke-30.verdict",
        "REPRODUCED", "a verdict that can fail",
    ),
    "an unknown verdict": Case(
        to('"INCONCLUSIVE"', '"FINE"'), CODE, "accepted.smoke-base-smoke-30.verdict", "'FINE'",
        "'INCONCLUSIVE'",
    ),
    "a short hash": Case(
        to("0" * 64, "0" * 60), CODE, "accepted.smoke-base-smoke-30.evidence_sha256", "0000",
        "[0-9a-f]{64}",
    ),
    "no reason": Case(
        to('reason = "so it is on this machine"\n', ""), CODE,
        "accepted.smoke-base-smoke-30.reason", "nothing", "required",
    ),
    "a day in words": Case(
        to("2026-01-02", '"yesterday"'), CODE, "accepted.smoke-base-smoke-30.date", "'yesterday'",
        "valid date",
    ),
    "a folder": Case(folder, CODE, "", "a folder", "a file"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_wrong_baseline_is_one_sentence_and_exit_code_11(world: World, case: Case) -> None:
    refused(world, case, ASK, world.root / NAME)

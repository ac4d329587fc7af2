"""Words on the command line that ask for what is not there or cannot be."""

from dataclasses import dataclass

import pytest

from tests.bad_inputs.world import MODEL, World, ask, assert_one_sentence
from tests.support.program import run
from tina_bench.errors import BlockedError, UsageError

WRONG, MISTYPED, MISSING = UsageError.exit_code, 2, BlockedError.exit_code
PLAN = ("plan", "--all", "--profile", "smoke")
DO = ("reproduce", "--all", "--profile", "smoke")


@dataclass(frozen=True)
class Words:
    """A command line, its exit code, and what the sentence must name."""

    verb: tuple[str, ...]
    code: int
    says: tuple[str, ...]


CASES = {
    "no seeds": Words((*PLAN, "--seeds", "0"), MISTYPED, ("--seeds: found '0', expected a value",)),
    "fewer seeds than none": Words((*PLAN, "--seeds", "-3"), MISTYPED, ("--seeds: found '-3'",)),
    "seeds in words": Words(
        (*PLAN, "--seeds", "few"), MISTYPED, ("--seeds: found 'few', expected a valid integer",)
    ),
    "half a seed": Words((*PLAN, "--seeds", "1.5"), MISTYPED, ("--seeds: found '1.5'",)),
    "seeds without end": Words(
        (*PLAN, "--seeds", "9" * 40), MISTYPED, ("--seeds: found '999", "10000")
    ),
    "no GPU": Words((*PLAN, "--count", "0"), MISTYPED, ("--count: found '0', expected",)),
    "an unknown runner": Words(
        (*PLAN, "--runner", "moon"), MISTYPED, ("--runner: found 'moon', expected one of 'auto'",)
    ),
    "an unknown scale": Words(
        (*PLAN, "--scale", "huge"), MISTYPED, ("--scale: found 'huge', expected one of 'tiny'",)
    ),
    "a negative budget": Words(
        (*DO, "--budget", "-1"), MISTYPED, ("--budget: found '-1', expected a value",)
    ),
    "a budget that is no number": Words(
        (*DO, "--budget", "nan"), MISTYPED, ("--budget: found 'nan', expected",)
    ),
    "an endless budget": Words(
        (*DO, "--budget", "inf"), WRONG, ("--budget: found inf, expected dollars",)
    ),
    "a price in words": Words(
        (*PLAN, "--price", "cheap"), WRONG, ("--price: found 'cheap', expected dollars an hour",)
    ),
    "a price of nothing": Words(
        (*PLAN, "--price", "l40s="), WRONG, ("--price: found 'l40s=', expected dollars",)
    ),
    "a negative price": Words((*PLAN, "--price=-1"), WRONG, ("--price: found '-1', expected",)),
    "a price with a comma": Words((*PLAN, "--price", "0,79"), WRONG, ("found '0,79', expected",)),
    "a price that is no number": Words(
        (*PLAN, "--price", "l40s=nan"), WRONG, ("found 'l40s=nan', expected",)
    ),
    "a price beyond all prices": Words((*PLAN, "--price", "1e300"), WRONG, ("'1e300', expected",)),
    "an unknown model to plan": Words(
        ("plan", "--profile", "smoke", "--model", "nobody"), WRONG,
        ("no entry 'nobody' in 'models'", "tina-bench catalog list models"),
    ),
    "an unknown model to reproduce": Words(
        ("reproduce", "--profile", "smoke", "--model", "nobody"), WRONG,
        ("no entry 'nobody' in 'models'", "tina-bench catalog list models"),
    ),
    "an unknown model to audit": Words(
        ("audit", "--model", "nobody"), WRONG, ("'nobody'", "tina-bench catalog list models")
    ),
    "an unknown model to compare": Words(("compare", "--model", "nobody"), WRONG, ("nobody",)),
    "an unknown model to import": Words(
        ("import", "{root}/logs", "--model", "nobody"), WRONG,
        ("--model: found 'nobody', expected a model",),
    ),
    "an unknown task": Words(
        (*PLAN, "--task", "nothing"), WRONG, ("no entry 'nothing' in 'tasks'", "catalog list tasks")
    ),
    "an unknown profile": Words(
        ("plan", "--all", "--profile", "nobody"), WRONG, ("no profile 'nobody'", "paper")
    ),
    "an unknown recipe": Words(("train", "nobody"), WRONG, ("nobody",)),
    "an unknown GPU": Words(
        ("plan", "--all", "--profile", "paper", "--gpu", "abacus"), WRONG, ("abacus",)
    ),
    "all and one": Words((*PLAN, "--model", MODEL), WRONG, ("either --all or",)),
    "neither all nor one": Words(("plan",), WRONG, ("either --all or",)),
    "an unknown column": Words(
        ("cost", "--by", "model,colour"), WRONG, ("--by: found 'colour', expected some of model",)
    ),
    "an unknown section": Words(("catalog", "list", "recipe"), WRONG, ("no 'recipe'", "recipes")),
    "a result that is not there": Words(
        ("results", "show", MODEL, "smoke-100"), WRONG, ("smoke-100", "tina-bench results list")
    ),
    "a file for a home": Words(
        ("results", "list", "--home", "{root}/mine.toml"), WRONG,
        ("mine.toml: found a file, expected a folder", "--home"),
    ),
    "a home that is not there": Words(
        ("results", "list", "--home", "{root}/gone"), WRONG, ("--home {root}/gone: is no folder",)
    ),
    "the former name of --home": Words(
        ("verify", "--records", "{root}/home"), WRONG, ("with --home {root}/home",)
    ),
    "an import of nothing there": Words(
        ("import", "{root}/gone"), WRONG, ("gone: found nothing there, expected a result file",)
    ),
    "a home without anything to verify": Words(
        ("verify", "--need-results", "--home", "{root}/logs"), MISSING, ("{root}/logs",)
    ),
    "a home without anything to show of the profile": Words(
        ("leaderboard", "build", "--home", "{root}/logs", "--profile", "paper"),
        MISSING,
        ("nothing has been measured", "under the profile 'paper'"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("words", CASES.values(), ids=CASES.keys())
def test_wrong_words_are_one_sentence_and_change_nothing(world: World, words: Words) -> None:
    before = world.bytes()
    ended = ask(world, words.verb)
    assert ended.code == words.code, (ended.code, ended.err)
    sentence = assert_one_sentence(ended, world.root)
    for part in words.says:
        assert part.replace("{root}", str(world.root)) in sentence, sentence
    assert ended.out == ""
    assert world.bytes() == before


@pytest.mark.parametrize("name", ["no seeds", "a price in words", "a file for a home"])
def test_a_real_process_says_the_same(world: World, name: str) -> None:
    words = CASES[name]
    ended = run(*(word.replace("{root}", str(world.root)) for word in words.verb))
    assert ended.code == words.code
    sentence = assert_one_sentence(ended, world.root)
    assert words.says[0] in sentence
    assert ended.out == ""

"""Help is complete and comes at once: nothing heavy is imported for it."""

import re
from collections.abc import Iterator

import click
import pytest
import typer

from tests.support.program import call, run
from tina_bench import __version__, errors
from tina_bench.cli.app import app
from tina_bench.errors import TinaBenchError

ROOT_COMMAND = typer.main.get_command(app)
HEAVY = {
    "torch", "transformers", "vllm", "trl", "peft", "lighteval", "datasets", "numpy", "pandas",
    "scipy", "statsmodels", "matplotlib", "jinja2", "psutil",
}  # fmt: skip
LIGHT_ROOMS = {"cli", "errors", "formatting", "__main__"}


def _commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, inner in getattr(command, "commands", {}).items():
        yield from _commands(inner, (*path, name))


def _find(path: tuple[str, ...]) -> click.Command:
    found: click.Command = ROOT_COMMAND
    for name in path:
        found = found.commands[name]  # type: ignore[attr-defined]
    return found


COMMANDS = list(_commands(ROOT_COMMAND))


def _plain(text: str) -> str:
    """Without colours, frames and line ends, which depend on the terminal."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m|[│╭╮╰╯─]", " ", text).split())


def test_every_verb_of_the_design_is_there() -> None:
    assert {
        ("reproduce",), ("plan",), ("verify",), ("leaderboard", "build"), ("results", "list"),
        ("results", "show"), ("cost",), ("catalog", "list"), ("catalog", "show"), ("lock",),
        ("doctor",),
    } <= set(COMMANDS)  # fmt: skip


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: " ".join(path) or "the program")
def test_the_help_of_every_command_names_every_option_and_what_it_is_for(
    path: tuple[str, ...],
) -> None:
    ended = call(*path, "--help")
    assert ended.code == 0
    text = _plain(ended.out)
    command = _find(path)
    assert command.help
    assert _plain(command.help).split()[0] in text
    for parameter in command.params:
        if isinstance(parameter, click.Option) and "completion" not in str(parameter.name):
            assert any(name in text for name in parameter.opts), parameter.name
            assert parameter.help, f"{path}: {parameter.name} is not explained"
    for name in getattr(command, "commands", {}):
        assert name in text


@pytest.mark.parametrize("path", [(), ("reproduce",), ("verify",), ("results", "list")])
def test_help_imports_nothing_heavy(path: tuple[str, ...]) -> None:
    ended = run(*path, "--help", python=("-X", "importtime"))
    assert ended.code == 0
    modules = {line.rpartition("|")[2].strip() for line in ended.err.splitlines()}
    assert "tina_bench.cli.app" in modules, "the list of imports was not understood"
    assert {module.partition(".")[0] for module in modules} & HEAVY == set()
    ours = {module.split(".")[1] for module in modules if module.startswith("tina_bench.")}
    assert ours <= LIGHT_ROOMS, "a room that reads records was opened for a page of help"


def test_the_program_s_own_help_does_not_even_import_pydantic() -> None:
    ended = run("--help", python=("-X", "importtime"))  # for options, typer imports it itself
    modules = {line.rpartition("|")[2].strip() for line in ended.err.splitlines()}
    assert "tina_bench.cli.app" in modules
    assert "pydantic" not in modules


def test_the_version_is_the_package_s() -> None:
    ended = call("--version")
    assert (ended.code, ended.out) == (0, f"{__version__}\n")


def _leaves(root: type[TinaBenchError] = TinaBenchError) -> Iterator[type[TinaBenchError]]:
    for inner in root.__subclasses__():
        yield inner
        yield from _leaves(inner)


def test_every_error_has_an_exit_code_of_its_own() -> None:
    found = [TinaBenchError, *_leaves()]
    assert all(leaf.__module__ == errors.__name__ for leaf in found)
    codes = [leaf.exit_code for leaf in found]
    assert len(set(codes)) == len(codes)
    # 0 to 3 are verify's; 126 and up are the shell's.
    assert all(10 <= code < 126 for code in codes)
    assert all("exit_code" in vars(leaf) for leaf in found), "an inherited code is no code"


def test_the_exit_codes_in_the_help_are_those_of_the_errors() -> None:
    text = _plain(call("--help").out)
    _, _, table = text.partition("10 and up")
    told = set()
    for low, high in re.findall(r"\b(\d\d)(?:-(\d\d))?\b", table):
        told |= set(range(int(low), int(high or low) + 1))
    assert told == {leaf.exit_code for leaf in _leaves()}


def test_no_arguments_show_the_help() -> None:
    for path in ((), ("catalog",), ("results",), ("leaderboard",)):
        ended = call(*path)
        assert "Usage" in ended.out + ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("dance",),
        ("plan", "--dance"),
        ("plan", "--seeds", "0"),
        ("plan", "--seeds", "few"),
        ("reproduce", "--all", "--budget", "-1"),
        ("reproduce", "--all", "--budget", "nan"),
    ],
    ids=" ".join,
)
def test_a_mistyped_command_ends_with_code_2(arguments: tuple[str, ...]) -> None:
    ended = call(*arguments)
    assert ended.code == 2
    assert "Traceback" not in ended.err

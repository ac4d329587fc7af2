"""Templates to bytes.

Guarantees: every expression in every template is escaped and has its hidden characters spelled out,
without the template asking for it; an undefined name is an error, never an empty cell; a link is
only ever made to `http` or `https`. Templates and assets are found in the installed package, else
in the checkout.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

import tina_bench
from tina_bench.board.output.mathml import answer, maths
from tina_bench.errors import BlockedError
from tina_bench.formatting import numbers
from tina_bench.formatting.escape import transcript, visible
from tina_bench.stats.claims.labels import LABELS
from tina_bench.stats.evidence.labels import OTHERS_LABELS
from tina_bench.stats.evidence.sentences import interval_text

_PACKAGED = Path(tina_bench.__file__).parent / "_site"
_CHECKOUT = Path(tina_bench.__file__).parent.parent / "leaderboard"
_LINK = re.compile(r"https?://[^\s<>\"'()]+[^\s<>\"'().,;:]|\barXiv[: ](\d{4}\.\d{4,5})(?:v\d+)?")


def site_folder(places: tuple[Path, ...] = (_PACKAGED, _CHECKOUT)) -> Path:
    """The first place that holds `templates/` and `assets/`; raises `BlockedError` without one."""
    for place in places:
        if (place / "templates").is_dir() and (place / "assets").is_dir():
            return place
    raise BlockedError(
        "the site's templates were found neither in "
        + " nor in ".join(str(place) for place in places)
        + ": this installation is incomplete; install tina-bench again."
    )


def cited(text: str) -> Markup:
    """A citation with its web addresses and arXiv numbers as links; everything else escaped."""
    parts, end = [], 0
    for match in _LINK.finditer(text):
        address = f"https://arxiv.org/abs/{match[1]}" if match[1] else match[0]
        parts.append(escape(visible(text[end : match.start()])))
        parts.append(Markup('<a href="{}" rel="noopener">{}</a>').format(address, match[0]))
        end = match.end()
    parts.append(escape(visible(text[end:])))
    return Markup("").join(parts)


def _seen(value: Any) -> Any:
    """What Jinja applies to every expression before it escapes it."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@dataclass(frozen=True)
class Renderer:
    """Renders the templates of one folder."""

    environment: jinja2.Environment

    @classmethod
    def of(cls, folder: Path, compiled: Path | None = None) -> "Renderer":
        """For the templates in `folder`, whose compiled form is cached in `compiled`."""
        bytecode = None
        if compiled is not None:
            compiled.mkdir(parents=True, exist_ok=True)
            bytecode = jinja2.FileSystemBytecodeCache(str(compiled))
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(folder),
            bytecode_cache=bytecode,
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            finalize=_seen,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters.update(
            {
                name: getattr(numbers, name)
                for name in (
                    "count",
                    "date",
                    "dollars",
                    "fixed",
                    "hours",
                    "joules",
                    "level",
                    "moment",
                    "p_value",
                    "plural",
                    "signed",
                    "significant",
                )
            }
        )
        environment.filters.update(
            {
                "answer": answer,
                "cited": cited,
                "maths": maths,
                "transcript": transcript,
                "others_role": lambda word: OTHERS_LABELS[word].role,
                "others_sign": lambda word: OTHERS_LABELS[word].sign,
                "others_word": lambda word: OTHERS_LABELS[word].word,
                "percents": interval_text,
                "verdict_role": lambda verdict: LABELS[verdict].role,
                "verdict_word": lambda verdict: LABELS[verdict].word,
            }
        )
        return cls(environment)

    def page(self, template: str, path: str, context: Mapping[str, Any]) -> bytes:
        """The page that will lie at `path`; `root` leads from there back to the site's root."""
        root = "../" * path.count("/")
        return self.environment.get_template(template).render(root=root, **context).encode()

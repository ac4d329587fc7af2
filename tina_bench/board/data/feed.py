"""`feed.xml`: new results and trainings, for feed readers (Atom, RFC 4287).

Guarantees: the same evidence gives the same bytes, newest entry first; an entry keeps its id for
good, whatever site it is on, and `updated` is when its result was finished, so a reader shows a
result again only when it was measured further. Without a base URL links are relative, which
RFC 4287 allows (section 2) and most readers resolve against the feed's own address.

Ids are UUIDs of names (version 5, RFC 9562 section 5.5): `tag:` URIs would have to be minted by
the owner of a domain (RFC 4151 section 2.1), and this project owns none.
"""

import datetime
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from tina_bench.board.content.context import SiteContext
from tina_bench.formatting.escape import visible
from tina_bench.formatting.numbers import fixed, level, plural
from tina_bench.stats.claims.labels import counted
from tina_bench.stats.types import Verdict

FEED_FILE = "feed.xml"
ATOM = "http://www.w3.org/2005/Atom"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:tina-bench:leaderboard")
_NO_RESULTS = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
"""Atom wants a date also of a feed in which nothing has happened yet."""


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One thing that happened."""

    name: str
    """What makes it the same thing on any site, at any time."""
    title: str
    """In one line."""
    summary: str
    """In a few sentences."""
    path: str
    """Page about it, from the site's root."""
    updated: datetime.datetime
    """When it was finished."""

    @property
    def id(self) -> str:
        """Its identity."""
        return _urn(self.name)


def _urn(name: str) -> str:
    return f"urn:uuid:{uuid.uuid5(_NAMESPACE, name)}"


def _results(evidence: SiteContext) -> Iterator[FeedEntry]:
    for (model, task), record in evidence.records.items():
        found = evidence.estimates[model, task]
        interval = found.same_problems
        verdicts = counted(
            judged.verdict
            for judged in evidence.judgements(model, task)
            if judged.verdict is not Verdict.NOT_MEASURED
        )
        claims = f" Published scores about it: {verdicts}." if verdicts else ""
        score = f"{fixed(found.avg_percent)} %"
        yield FeedEntry(
            name=f"result {record.provenance.profile} {model} {task}",
            title=f"{evidence.model_title(model)} on {evidence.task_title(task)}: {score}",
            summary=(
                f"{score} of {plural(found.n, 'problem')} over {plural(found.k, 'run')}; "
                f"{level(interval.level)} interval {fixed(interval.low)} to {fixed(interval.high)} "
                f"for {interval.question.value}.{claims}"
            ),
            path=f"models/{model}.html",
            updated=record.provenance.finished_at,
        )


def _trainings(evidence: SiteContext) -> Iterator[FeedEntry]:
    ended = {attempt.first.folder: attempt.last.at for attempt in evidence.bill.attempts}
    for curve in evidence.curves:
        if curve.finished and curve.folder in ended:
            yield FeedEntry(
                name=f"training {curve.folder}",
                title=f"{evidence.model_title(curve.model)} was trained",
                summary=f"{plural(len(curve.steps), 'step')} were logged.",
                path=f"models/{curve.model}.html",
                updated=ended[curve.folder],
            )


def entries(evidence: SiteContext) -> list[FeedEntry]:
    """Everything that happened, newest first."""
    found = [*_results(evidence), *_trainings(evidence)]
    return sorted(found, key=lambda entry: (-entry.updated.timestamp(), entry.name))


def _moment(value: datetime.datetime) -> str:
    return value.astimezone(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _add(parent: ET.Element, tag: str, text: str | None = None, **attributes: str) -> ET.Element:
    made = ET.SubElement(parent, tag, attributes)
    made.text = None if text is None else visible(text)
    return made


def feed(evidence: SiteContext, base_url: str | None) -> bytes:
    """The feed; `base_url` is where the site's root will be, ending in a slash."""
    root, found = base_url or "", entries(evidence)
    top = ET.Element("feed", xmlns=ATOM)
    _add(top, "id", _urn(f"feed {root}"))
    _add(top, "title", "tina-bench: results")
    _add(top, "subtitle", "Published scores of reasoning models, measured again.")
    _add(top, "updated", _moment(found[0].updated if found else _NO_RESULTS))
    _add(_add(top, "author"), "name", "tina-bench")
    _add(top, "link", rel="self", type="application/atom+xml", href=f"{root}{FEED_FILE}")
    _add(top, "link", rel="alternate", type="text/html", href=f"{root}index.html")
    for entry in found:
        one = _add(top, "entry")
        _add(one, "id", entry.id)
        _add(one, "title", entry.title)
        _add(one, "updated", _moment(entry.updated))
        _add(one, "link", rel="alternate", type="text/html", href=f"{root}{entry.path}")
        _add(one, "summary", entry.summary)
    ET.indent(top, space=" ")
    body: bytes = ET.tostring(top, encoding="utf-8", xml_declaration=True)
    return body + b"\n"

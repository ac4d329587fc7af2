"""Whether a page is what it looks like: HTML that every parser reads in one way.

The parser is turbohtml's, which follows the WHATWG algorithm. It names errors of the tokenizer and,
in a pass of its own, of authoring (obsolete elements, roles, ids, headings). Errors of tree
construction it repairs in silence, as browsers do; they are found here by comparing what is written
with what was built: each element must be opened and closed in the source where it stands in the
tree. That asks for more than HTML does, which allows some end tags to be left out; our templates
leave out none, so anything of the kind is a slip, or markup that came in by another way.
"""

from collections.abc import Iterator
from typing import NamedTuple

import turbohtml
from turbohtml import Document, Element, TokenType, conformance, tokenize

VOID = frozenset(
    {
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source",
        "track", "wbr",
    }
)  # fmt: skip
"""Elements without an end tag (HTML Living Standard, 13.1.2)."""
_FOREIGN = frozenset({"svg", "math"})


class Fault(NamedTuple):
    """A fault of a page's markup."""

    rule: str
    line: int
    message: str
    serious: bool = True


class _Tag(NamedTuple):
    depth: int
    name: str
    line: int


def _written(text: str) -> Iterator[_Tag | Fault]:
    """Every start tag of the source with its depth, and a fault where tags do not match."""
    open_tags: list[_Tag] = []
    foreign = 0
    for token in tokenize(text):
        name = token.tag or ""
        if token.type is TokenType.START_TAG:
            tag = _Tag(len(open_tags), name, token.line)
            yield tag
            drawing = name in _FOREIGN
            if name not in VOID and not ((foreign or drawing) and token.self_closing):
                open_tags.append(tag)
                foreign += drawing
        elif token.type is TokenType.END_TAG:
            if not open_tags or open_tags[-1].name != name:
                inside = f"<{open_tags[-1].name}>" if open_tags else "nothing"
                yield Fault("nesting", token.line, f"</{name}> stands where {inside} is open.")
                return
            foreign -= open_tags.pop().name in _FOREIGN
    if open_tags:
        yield Fault("nesting", open_tags[-1].line, f"<{open_tags[-1].name}> is never closed.")


def _built(document: Document) -> Iterator[tuple[int, Element]]:
    """Every element of the tree with its depth, in document order."""
    waiting = [(0, child) for child in reversed(document.children) if isinstance(child, Element)]
    while waiting:
        depth, element = waiting.pop()
        yield depth, element
        waiting += [
            (depth + 1, child) for child in reversed(element.children) if isinstance(child, Element)
        ]


def _tree_faults(text: str, document: Document) -> Iterator[Fault]:
    """The first place where the tree is not what is written."""
    tree = _built(document)
    for tag in _written(text):
        if isinstance(tag, Fault):
            yield tag
            return
        depth, element = next(tree, (0, None))
        found = "nothing" if element is None else f"<{element.tag.lower()}>"
        if element is None or (depth, element.tag.lower()) != (tag.depth, tag.name):
            message = f"<{tag.name}> may not stand here: a browser puts {found} in its place."
            yield Fault("nesting", tag.line, message)
            return
    for _, element in tree:
        message = f"<{element.tag.lower()}> is not written, and a browser adds it."
        yield Fault("nesting", element.source_line or 0, message)
        return


def markup_faults(text: str, document: Document) -> Iterator[Fault]:
    """Every fault of the markup; `document` is what `turbohtml.parse` made of `text`."""
    if not text.lower().startswith("<!doctype html>"):
        yield Fault("doctype", 1, "the page does not begin with <!doctype html>.")
    for error in document.errors:
        yield Fault("html", error.line, f"{error.code.replace('-', ' ')}.")
    yield from _tree_faults(text, document)
    for found in conformance.check(document).messages:
        if found.severity != "info":
            serious = found.severity == "error"
            yield Fault(f"html-{found.code}", found.line, f"{found.message}.", serious)


class Part(NamedTuple):
    """An element as most rules look at it."""

    tag: str
    """In lower case."""
    attributes: dict[str, str]
    """All of them, a list of words joined."""
    line: int
    element: Element


def parts_of(document: Document) -> list[Part]:
    """Every element in document order."""
    return [
        Part(
            element.tag.lower(),
            {
                name: " ".join(v) if isinstance(v, list) else v or ""
                for name, v in element.attrs.items()
            },
            element.source_line or 0,
            element,
        )
        for element in document.iter_elements()
    ]


def parsed(text: str) -> Document:
    """The tree that a browser with scripts switched off builds."""
    return turbohtml.parse(text)


def attribute(element: Element, name: str) -> str | None:
    """Value of an attribute, as text; `None` where it is not given."""
    value = element.attrs.get(name)
    if isinstance(value, list):
        return " ".join(value)
    return value

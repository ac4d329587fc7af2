"""Whether a page is what it looks like: HTML that every parser reads in one way.

The parser is turbohtml's, which follows the WHATWG algorithm. It names errors of the tokenizer and,
in a pass of its own, of authoring (obsolete elements, roles, ids, headings). Errors of tree
construction it repairs in silence, as browsers do; they are found here by comparing what is written
with what was built: each element must be opened and closed in the source where it stands in the
tree. That asks for more than HTML does, which allows some end tags to be left out; our templates
leave out none, so anything of the kind is a slip, or markup that came in by another way.

And whether a page is accessible, as far as that shows without a browser: after WCAG 2.2 and
the rules that axe-core checks for it. Contrast, focus and reading order are not looked at here.
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
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_NAMED_INPUTS = frozenset({"hidden", "submit", "reset", "button", "image"})
_REFERENCES = frozenset(
    {"aria-labelledby", "aria-describedby", "aria-controls", "aria-owns", "for", "list"}
)
_DESCRIBED = frozenset({"aria-describedby", "aria-controls", "aria-owns"})


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
    """Every fault of the markup; `document` is `text`, parsed by `turbohtml.parse`."""
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


def _text(element: Element) -> str:
    """Text, and text alternatives, inside an element."""
    alternatives = (
        attribute(inner, "alt") or attribute(inner, "aria-label") or ""
        for inner in element.find_all(["img", "svg"])
    )
    return "".join((element.text, *alternatives)).strip()


def _is_hidden(element: Element) -> bool:
    return any(
        attribute(one, "aria-hidden") == "true" or attribute(one, "hidden") is not None
        for one in (element, *element.ancestors)
        if isinstance(one, Element)
    )


def _has_name(element: Element) -> bool:
    return any(attribute(element, name) for name in ("aria-label", "aria-labelledby", "title"))


def _whole_page(document: Document) -> Iterator[Fault]:
    html = document.find("html")
    if html is None or not attribute(html, "lang"):
        yield Fault("lang", 1, "<html> has no lang, so a screen reader guesses the language.")
    title = document.find("title")
    if title is None or not title.text.strip():
        yield Fault("title", 1, "the page has no title.")
    mains = document.find_all("main")
    if len(mains) != 1:
        yield Fault("main", 1, f"found {len(mains)} <main>, expected one.")


def _headings(document: Document) -> Iterator[Fault]:
    found = [h for h in document.find_all(list(_HEADINGS)) if not _is_hidden(h)]
    ones = sum(heading.tag == "h1" for heading in found)
    if ones != 1:
        yield Fault("one-h1", 1, f"found {ones} <h1>, expected one.")
    before = 0
    for heading in found:
        depth = int(heading.tag[1])
        line = heading.source_line or 0
        if depth > before + 1:
            yield Fault("heading-order", line, f"<{heading.tag}> follows <h{before}>.")
        if not _text(heading):
            yield Fault("heading-empty", line, f"<{heading.tag}> has no text.")
        before = depth


def _pictures(document: Document) -> Iterator[Fault]:
    for image in document.find_all("img"):
        if attribute(image, "alt") is None:
            yield Fault("alt", image.source_line or 0, "<img> has no alt.")
    for drawing in document.find_all("svg"):
        if drawing.find("title") is None and not _has_name(drawing) and not _is_hidden(drawing):
            message = "<svg> has neither aria-label nor title, and is not aria-hidden."
            yield Fault("alt", drawing.source_line or 0, message)


def _tables(document: Document) -> Iterator[Fault]:
    for table in document.find_all("table"):
        headers = table.find_all("th")
        if not headers:
            yield Fault("table-header", table.source_line or 0, "<table> has no <th>.")
        if table.find("caption") is None and not _has_name(table):
            message = "<table> has neither caption nor aria-label."
            yield Fault("table-name", table.source_line or 0, message, serious=False)
        for header in headers:
            if attribute(header, "scope") not in {"col", "row", "colgroup", "rowgroup"}:
                yield Fault("th-scope", header.source_line or 0, "<th> has no scope.")


def _controls(document: Document) -> Iterator[Fault]:
    labelled = {attribute(label, "for") for label in document.find_all("label")}
    for control in document.find_all(["input", "select", "textarea"]):
        if attribute(control, "type") in _NAMED_INPUTS or _has_name(control):
            continue
        wrapped = any(isinstance(a, Element) and a.tag == "label" for a in control.ancestors)
        if not wrapped and attribute(control, "id") not in labelled - {None}:
            yield Fault("label", control.source_line or 0, f"<{control.tag}> has no label.")
    for element in document.find_all(["a", "button", "summary"]):
        nothing = element.tag == "a" and attribute(element, "href") is None
        if not nothing and not _has_name(element) and not _text(element):
            message = f"<{element.tag}> has no text and no label."
            yield Fault("name", element.source_line or 0, message)
    for details in document.find_all("details"):
        first = next((c for c in details.children if isinstance(c, Element)), None)
        if first is None or first.tag != "summary":
            message = "<details> does not begin with <summary>."
            yield Fault("summary", details.source_line or 0, message)


def _identities(parts: list[Part]) -> Iterator[Fault]:
    seen: set[str] = set()
    for part in parts:
        own = part.attributes.get("id")
        if own is not None:
            if own in seen:
                yield Fault("id", part.line, f"the id {own!r} stands twice.")
            seen.add(own)
        order = part.attributes.get("tabindex")
        if order is not None and order not in {"0", "-1"}:
            message = f"tabindex={order!r} breaks the order of the keyboard, expected 0 or -1."
            yield Fault("tabindex", part.line, message)
    for part in parts:
        for name in _REFERENCES.intersection(part.attributes):
            for target in part.attributes[name].split():
                if target not in seen:
                    message = f"{name}={target!r} names no element of this page."
                    # A script may be going to make what a control names.
                    serious = name not in _DESCRIBED
                    yield Fault("reference", part.line, message, serious)


def access_faults(document: Document, parts: list[Part]) -> Iterator[Fault]:
    """Every fault of accessibility."""
    yield from _whole_page(document)
    yield from _headings(document)
    yield from _pictures(document)
    yield from _tables(document)
    yield from _controls(document)
    yield from _identities(parts)

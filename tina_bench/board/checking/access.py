"""What can be told without a browser of whether everybody can use a page.

After WCAG 2.2 and the rules that axe-core checks for it; what needs a browser (contrast, focus,
reading order) is not looked at here.
"""

from collections.abc import Iterator

from turbohtml import Document, Element

from tina_bench.board.checking.markup import Fault, Part, attribute

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_NAMED_INPUTS = frozenset({"hidden", "submit", "reset", "button", "image"})
_REFERENCES = frozenset(
    {"aria-labelledby", "aria-describedby", "aria-controls", "aria-owns", "for", "list"}
)
_DESCRIBED = frozenset({"aria-describedby", "aria-controls", "aria-owns"})


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
    """Every fault that keeps somebody from using the page."""
    yield from _whole_page(document)
    yield from _headings(document)
    yield from _pictures(document)
    yield from _tables(document)
    yield from _controls(document)
    yield from _identities(parts)

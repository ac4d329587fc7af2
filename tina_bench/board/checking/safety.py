"""Whether a page can do harm, whatever stood in the transcripts it shows.

What a page may load comes from its own folder; what it may run is a script file from there, if its
policy says so, and nothing else.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from tina_bench.board.checking.markup import Fault, Part
from tina_bench.formatting.escape import visible

_LOADS = frozenset({"src", "srcset", "poster", "data", "background", "xlink:href"})
_LEADING = frozenset({"href", "xlink:href", "action", "formaction"})
_INLINE = frozenset({"style", "srcdoc", "ping"})
_LOADING_LINKS = frozenset(
    {"stylesheet", "icon", "preload", "prefetch", "modulepreload", "manifest"}
)
_DRAWN = frozenset({"use", "image", "feimage"})
_FORBIDDEN = frozenset(
    {"base", "embed", "frame", "frameset", "iframe", "object", "style", "portal", "applet"}
)
_SCHEMES = frozenset({"", "http", "https"})
_POLICY = "content-security-policy"
_SOURCES = frozenset({"'none'", "'self'"})
_NEEDED = {"default-src": "'none'", "base-uri": "'none'", "form-action": "'none'"}
_IGNORED = re.compile(r"^[\x00-\x20]+|[\t\n\r]")
_STYLE_LOAD = re.compile(r"url\(\s*['\"]?([^'\")]*)|@import\s+['\"]?([^'\";]*)", re.IGNORECASE)


def loads(part: Part) -> Iterator[str]:
    """Addresses that a browser loads by itself when it meets the element."""
    for name in _LOADS.intersection(part.attributes):
        yield from (one.split()[0] for one in part.attributes[name].split(",") if one.split())
    value = part.attributes.get("href")
    if value and part.tag == "link":
        if _LOADING_LINKS.intersection(part.attributes.get("rel", "").lower().split()):
            yield value
    elif value and part.tag in _DRAWN:
        yield value


def _scheme(address: str) -> str:
    """As a browser reads it: white space and controls do not count (URL Standard, 4.4)."""
    return urlsplit(_IGNORED.sub("", address)).scheme.lower()


def _is_own(address: str) -> bool:
    parts = urlsplit(address)
    return not parts.scheme and not parts.netloc and not address.startswith("/")


def _policy_faults(content: str, line: int) -> Iterator[Fault]:
    given: dict[str, list[str]] = {}
    for part in content.split(";"):
        words = part.split()
        if words:
            given.setdefault(words[0].lower(), words[1:])
    for name, source in _NEEDED.items():
        if given.get(name) != [source]:
            found = " ".join(given.get(name, ())) or "nothing"
            yield Fault("csp", line, f"{name} is {found}, expected {source}.")
    for name, sources in given.items():
        for source in sources:
            if source not in _SOURCES:
                yield Fault("csp", line, f"{name} allows {source}, expected 'none' or 'self'.")


def _policies(parts: list[Part]) -> Iterator[Fault]:
    loaded = None
    for part in parts:
        if part.tag == "meta" and part.attributes.get("http-equiv", "").lower() == _POLICY:
            yield from _policy_faults(part.attributes.get("content", ""), part.line)
            if loaded is not None:
                yield Fault("csp", part.line, f"{loaded!r} is loaded before the policy holds.")
            return
        loaded = loaded or next(loads(part), None)
    yield Fault("csp", 1, "the page has no Content-Security-Policy.")


def _part_faults(part: Part) -> Iterator[Fault]:
    line, tag, given = part.line, part.tag, part.attributes
    if tag in _FORBIDDEN:
        yield Fault("forbidden", line, f"<{tag}> has no place on these pages.")
    if tag == "script" and ("src" not in given or part.element.text.strip()):
        yield Fault("inline", line, "a script stands in the page, expected a file.")
    if tag == "meta" and given.get("http-equiv", "").lower() == "refresh":
        yield Fault("forbidden", line, "the page leads elsewhere by itself (meta refresh).")
    for name in given:
        if name.startswith("on") or name in _INLINE:
            yield Fault("inline", line, f"<{tag}> has the attribute {name}.")
    for address in loads(part):
        if not _is_own(address):
            yield Fault("external", line, f"<{tag}> loads {address!r}, expected a relative path.")
    for name in _LEADING.intersection(given):
        if _scheme(given[name]) not in _SCHEMES:
            found = given[name][:60]
            yield Fault("scheme", line, f"<{tag}> leads to {found!r}, expected http or https.")


def _hidden(text: str) -> Iterator[Fault]:
    shown = visible(text)
    if shown != text:
        place = next(i for i, (a, b) in enumerate(zip(text, shown, strict=False)) if a != b)
        line = text.count("\n", 0, place) + 1
        name = f"U+{ord(text[place]):04X}"
        yield Fault("hidden", line, f"the hidden character {name} stands in the page as it is.")


def safety_faults(text: str, parts: list[Part]) -> Iterator[Fault]:
    """Every way in which a page could load, run or hide something."""
    yield from _hidden(text)
    yield from _policies(parts)
    for part in parts:
        if part.attributes or part.tag in _FORBIDDEN or part.tag == "script":
            yield from _part_faults(part)


def style_faults(text: str) -> Iterator[Fault]:
    """What a style sheet loads from elsewhere."""
    for match in _STYLE_LOAD.finditer(text):
        address = (match[1] or match[2] or "").strip()
        if not _is_own(address):
            line = text.count("\n", 0, match.start()) + 1
            yield Fault("external", line, f"loads {address!r}, expected a relative path.")

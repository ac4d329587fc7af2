"""Pages as a parser sees them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

VOID = {"meta", "link", "img", "br", "hr", "input"}


@dataclass
class Page(HTMLParser):
    """Tags, attributes, ids, values, and transcripts with their hidden characters restored."""

    tags: set[str] = field(default_factory=set)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    transcripts: list[str] = field(default_factory=list)
    values: list[tuple[str, str]] = field(default_factory=list)
    text: str = ""
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._in_transcript = self._in_control = False
        self._value: str | None = None

    @classmethod
    def of(cls, path: Path) -> "Page":
        page = cls()
        page.feed(path.read_bytes().decode("utf-8"))
        page.close()
        assert page.open == [], f"{path}: left open: {page.open}"
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        self.attributes += [(tag, name, value) for name, value in found.items()]
        if "id" in found:
            self.ids.append(found["id"])
        if self._in_transcript:
            assert (tag, found.get("class")) == ("span", "control"), f"<{tag}> inside a transcript"
            self._in_control = True
        if tag == "pre" and found.get("class") == "transcript":
            self._in_transcript = True
            self.transcripts.append("")
        if tag == "data":
            self._value = found["value"]
            self.values.append((self._value, ""))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag
        if tag == "span":
            self._in_control = False
        if tag == "pre" and self._in_transcript:
            self._in_transcript = False
            # The first newline after <pre> belongs to HTML, not to the text.
            assert self.transcripts[-1].startswith("\n")
            self.transcripts[-1] = self.transcripts[-1][1:]
        if tag == "data":
            self._value = None

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._in_transcript:
            spelled = data.removeprefix("⟨U+").removesuffix("⟩")
            self.transcripts[-1] += chr(int(spelled, 16)) if self._in_control else data
        if self._value is not None:
            value, shown = self.values[-1]
            self.values[-1] = (value, shown + data)


def pages(site: Path) -> dict[str, Page]:
    """Every page of a site by its path."""
    return {p.relative_to(site).as_posix(): Page.of(p) for p in sorted(site.rglob("*.html"))}

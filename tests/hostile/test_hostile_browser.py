"""In a real Chromium no transcript runs, asks for anything, or paints outside its own box."""

import hashlib
import io
import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageDraw
from playwright.sync_api import Browser, Page, ViewportSize

from tests.hostile.conftest import PAGES_IN_A_BROWSER, PAGES_IN_PIXELS
from tests.hostile.payloads import CANARY
from tests.hostile.sites import Sites
from tests.support.chromium import PATIENCE, new_context
from tina_bench.board.site.preview_server import SiteServer

WATCH = """
window.seen = [];
const say = (what) => window.seen.push(String(what));
document.addEventListener("securitypolicyviolation",
  (event) => say(`violation ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
for (const name of ["alert", "confirm", "prompt", "print", "open"])
  window[name] = () => say(`called ${name}`);
for (const name of ["fetch", "WebSocket"]) {
  const whole = window[name];
  window[name] = new Proxy(whole, {
    apply: (...args) => { say(`called ${name}`); return Reflect.apply(...args); },
    construct: (...args) => { say(`made ${name}`); return Reflect.construct(...args); },
  });
}
window.addEventListener("error", (event) => say(`error ${event.message}`), true);
"""
OPEN_ALL = "() => document.querySelectorAll('details').forEach((one) => { one.open = true; })"
ESCAPES = """() => {
  const escapes = [];
  const slack = 1;
  for (const box of document.querySelectorAll("pre.transcript, .said")) {
    const own = box.getBoundingClientRect();
    const style = getComputedStyle(box);
    const clips = style.overflowX !== "visible" && style.overflowY !== "visible";
    const range = document.createRange();
    range.selectNodeContents(box);
    for (const rect of range.getClientRects()) {
      const inside = rect.left >= own.left - slack && rect.right <= own.right + slack
        && rect.top >= own.top - slack && rect.bottom <= own.bottom + slack;
      if (!inside && !clips)
        escapes.push(`${box.className}: ${JSON.stringify(rect)} of ${JSON.stringify(own)}`);
    }
    if (box.matches("pre") && (own.left < 0 || own.right > document.documentElement.clientWidth))
      escapes.push(`${box.className}: wider than the page`);
  }
  const page = document.documentElement;
  if (page.scrollWidth > page.clientWidth)
    escapes.push(`the page is ${page.scrollWidth} wide, the window ${page.clientWidth}`);
  return escapes;
}"""
BOXES = """(side) => [...document.querySelectorAll("pre.transcript, .said")]
  .filter((_, place) => place % 2 === side)
  .map((box) => box.getBoundingClientRect())
  .filter((box) => box.width && box.bottom > 0 && box.top < innerHeight)
  .map((box) => [box.left, box.top, box.right, box.bottom])"""
PAINT = """([side, ink]) => [...document.querySelectorAll("pre.transcript, .said")]
  .filter((_, place) => place % 2 === side)
  .forEach((box) => {
    box.style.webkitTextFillColor = ink;
    box.querySelectorAll(".control").forEach((one) => { one.style.borderColor = ink; });
  })"""
"""Without ink, not without the element: its layer, and so its neighbours' edges, stay."""
UNCLIP = """() => document.querySelectorAll("pre.transcript, .said, details").forEach(
  (box) => { box.style.overflow = "visible"; box.style.maxHeight = "none"; })"""
FAINT = 24
"""Of 255: drawing the same thing twice differs by 1 or 2, ink on the ground by 200."""
FOREIGN_SCRIPTS = """() => [...document.scripts]
  .filter((one) => !one.src.startsWith(location.origin)).length"""
WIDE = ViewportSize(width=1200, height=900)
NARROW = ViewportSize(width=390, height=844)
TALL = ViewportSize(width=1000, height=3000)


@pytest.fixture(scope="module")
def address(sites: Sites) -> Iterator[str]:
    server = SiteServer(sites.hostile, "127.0.0.1", 0, reload=False)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.url
    server.stop()
    server.server_close()


def sampled(site: Path) -> list[str]:
    """Pages with transcripts, chosen by hash, a part of a long one among them."""
    found = [
        path.relative_to(site).as_posix()
        for path in site.rglob("*.html")
        if b'<pre class="transcript"' in path.read_bytes()
    ]
    found.sort(key=lambda name: hashlib.sha256(name.encode()).digest())
    parts = [name for name in found if "-part-" in name]
    assert parts
    return list(dict.fromkeys([*parts[:1], *found]))[:PAGES_IN_A_BROWSER]


def opened(chromium: Browser, address: str, path: str) -> tuple[Page, list[str]]:
    """A page, with everything that it does beside being shown."""
    context = new_context(chromium, viewport=WIDE)
    context.add_init_script(WATCH)
    did: list[str] = []

    def asked(request: Any) -> None:
        if not request.url.startswith(address):
            did.append(f"asked for {request.url}")

    context.on("request", asked)
    context.on("page", lambda page: did.append("opened a window") if page.opener() else None)
    page = context.new_page()
    page.on("dialog", lambda dialog: (did.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("console", lambda message: did.append(f"console {message.text}"))
    page.on("pageerror", lambda error: did.append(f"error {error}"))
    page.on("download", lambda download: did.append(f"download {download.url}"))
    page.goto(address + path)
    return page, did


def seen(page: Page) -> list[str]:
    found: list[str] = page.evaluate("() => window.seen")
    return found


def test_the_watch_sees_what_it_is_for(chromium: Browser, sites: Sites, address: str) -> None:
    """A page with holes in it, on the same server: otherwise the next test could not fail."""
    page = sites.hostile / "hole.html"
    page.write_text(
        "<!doctype html><meta http-equiv=Content-Security-Policy content=\"default-src 'self'\">"
        "<title>x</title><img src='https://evil.example/x' onerror='alert(1)'>"
        f"<script>window.{CANARY}=1</script>"
    )
    try:
        shown, did = opened(chromium, address, "hole.html")

        def all_seen() -> bool:
            found = " ".join(seen(shown))
            return (
                "violation script-src" in found
                and "violation img-src" in found
                and any("Content Security Policy" in one for one in did)
            )

        rounds = PATIENCE // 50
        while not all_seen() and (rounds := rounds - 1):
            shown.wait_for_timeout(50)
        assert all_seen(), (seen(shown), did)
        shown.context.close()
    finally:
        page.unlink()


@dataclass
class Looked:
    """What a page did and showed in the browser."""

    did: list[str]
    seen: list[str]
    canary: str
    address: str
    scripts: int
    transcripts: int
    escapes: list[str]


@pytest.fixture(scope="module")
def looked(chromium: Browser, sites: Sites, address: str) -> dict[str, Looked]:
    """Every sampled page: opened, unfolded, moved about in, and measured in two widths."""
    found = {}
    for path in sampled(sites.hostile):
        page, did = opened(chromium, address, path)
        page.evaluate(OPEN_ALL)
        for _ in range(3):
            page.keyboard.press("Tab")
        page.mouse.move(400, 500)
        escapes = page.evaluate(ESCAPES)
        page.set_viewport_size(NARROW)
        escapes += page.evaluate(ESCAPES)
        found[path] = Looked(
            did=did,
            seen=seen(page),
            canary=page.evaluate(f"() => typeof window.{CANARY}"),
            address=page.url.removeprefix(address),
            scripts=page.evaluate(FOREIGN_SCRIPTS),
            transcripts=page.locator("pre.transcript").count(),
            escapes=escapes,
        )
        page.context.close()
    return found


def test_no_script_of_a_transcript_runs(looked: dict[str, Looked]) -> None:
    for path, one in looked.items():
        assert (one.seen, one.canary, one.scripts) == ([], "undefined", 0), path
    transcripts = sum(one.transcripts for one in looked.values())
    assert transcripts >= len(looked) > 1
    print(f"\n{len(looked)} pages with {transcripts} transcripts were looked at in Chromium.")


def test_no_transcript_asks_for_anything_or_leads_away(looked: dict[str, Looked]) -> None:
    for path, one in looked.items():
        assert (one.did, one.address) == ([], path)


def test_no_text_reaches_out_of_its_box_or_widens_the_page(looked: dict[str, Looked]) -> None:
    for path, one in looked.items():
        assert one.escapes == [], path


def strong(one: Image.Image, other: Image.Image) -> Image.Image:
    """White where the two differ by more than drawing the same thing twice does."""
    changed = ImageChops.difference(one, other).convert("L")
    return changed.point(lambda value: 255 if value > FAINT else 0)


def settled(page: Page) -> Image.Image:
    """The window once it stays as it is: the first use of a font may take a moment."""
    shots = (Image.open(io.BytesIO(page.screenshot())).convert("RGB") for _ in range(20))
    for before, now in itertools.pairwise(shots):
        if strong(before, now).getbbox() is None:
            return now
    pytest.fail("the window never stops changing")


def painted_outside(page: Page, side: int) -> tuple[int, int, int, int] | None:
    """Where taking the ink out of every second box changes a pixel in none of these boxes."""
    boxes = page.evaluate(BOXES, side)
    shots = []
    for ink in ("", "transparent"):
        page.evaluate(PAINT, [side, ink])
        shots.append(settled(page))
    page.evaluate(PAINT, [side, ""])
    changed = strong(*shots)
    draw = ImageDraw.Draw(changed)
    for left, top, right, bottom in boxes:
        draw.rectangle((left - 1, top - 1, right + 1, bottom + 1), fill=0)
    return changed.getbbox()


def escaped(page: Page) -> Iterator[object]:
    """What is painted outside its box, in two windows of a page."""
    page.evaluate(OPEN_ALL)
    page.set_viewport_size(TALL)
    height = page.evaluate("() => document.documentElement.scrollHeight")
    for top in (0, height // 2):
        page.evaluate("(top) => scrollTo(0, top)", top)
        for side in (0, 1):
            yield painted_outside(page, side)


def test_no_text_paints_over_its_neighbours(chromium: Browser, sites: Sites, address: str) -> None:
    """Pixel by pixel: rectangles do not tell how far a stack of combining marks reaches."""
    for path in sampled(sites.hostile)[1 : 1 + PAGES_IN_PIXELS]:
        page, _ = opened(chromium, address, path)
        assert page.evaluate(BOXES, 0) + page.evaluate(BOXES, 1) != []
        assert list(escaped(page)) == [None] * 4, path
        page.context.close()


def test_without_the_boxes_edges_texts_would_paint_over_their_neighbours(
    chromium: Browser, sites: Sites, address: str
) -> None:
    """Otherwise the test before could not fail."""
    page, _ = opened(chromium, address, sampled(sites.hostile)[1])
    page.evaluate(UNCLIP)
    assert any(escaped(page))
    page.context.close()

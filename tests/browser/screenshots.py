"""The pictures of the README, made anew: `python -m tests.browser.screenshots HOME LOGS`.

HOME is one that `make smoke` left (`./runs`); it is copied and left alone. LOGS is a folder with
the logs of Open-RS (logs/ in a checkout of knoveleng/open-rs), which are imported into the copy;
without it the pictures show none. The site is built from the copy with the whole catalog.
"""

import argparse
import io
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from tests.browser.browser_site import served
from tests.support.chromium import ARGUMENTS, NAMES

ROOT = Path(__file__).parents[2]
OUT = ROOT / "docs" / "screenshots"
MOST_BYTES = 200_000
WIDTH, HEIGHT = 1280, 1000


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture."""

    name: str
    page: str
    scheme: str = "light"
    at: str = ""
    """What is moved to the top first; the page's own top if nothing."""
    open: str = ""
    """A folded part that is opened first."""


SHOTS = (
    Shot("front-light", "index.html"),
    Shot("front-dark", "index.html", "dark", at="#audits"),
    Shot("score", "scores/open-rs3/aime24.html"),
    Shot("model", "models/tina-open-rs2.html"),
    Shot("claim", "claims/smoke-tina-smoke-100.html"),
    Shot("run", "runs/smoke-tina/smoke-30/seed-0.html", open="details.answer >> nth=0"),
)
"""The front page twice, then one of each kind that a reader follows to."""


def _run(*words: str | Path) -> None:
    """Our own program; what it says is shown when it fails."""
    subprocess.run([sys.executable, "-m", "tina_bench", *map(str, words)], check=True, cwd=ROOT)


def build(home: Path, logs: Path | None, folder: Path) -> Path:
    """The site of a copy of the home, with others' logs where they are given."""
    copy = folder / "home"
    shutil.copytree(home, copy, ignore=shutil.ignore_patterns("site", "weights"))
    if logs is not None:
        _run("import", logs, "--who", "Open-RS authors", "--home", copy,
             "--source", "knoveleng/open-rs@2889c47, logs/")  # fmt: skip
    _run("leaderboard", "build", "--home", copy, "--out", folder / "site")
    return folder / "site"


def small(picture: bytes) -> bytes:
    """The same picture, with fewer colours only where it would not fit into the budget."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    for colours in (None, 256, 128, 64):
        fewer = colours and image.quantize(colours, Image.Quantize.MAXCOVERAGE)
        buffer = io.BytesIO()
        (fewer or image).save(buffer, "PNG", optimize=True)
        if buffer.tell() <= MOST_BYTES:
            return buffer.getvalue()
    raise SystemExit(f"a picture has more than {MOST_BYTES} bytes with 64 colours; show less of it")


def take(browser: Browser, address: str, shot: Shot) -> bytes:
    """One picture, as large as a small window."""
    page = browser.new_page(
        viewport={"width": WIDTH, "height": HEIGHT},
        color_scheme=shot.scheme,  # type: ignore[arg-type]
    )
    page.goto(address + shot.page)
    if shot.open:
        page.locator(shot.open).locator("summary").first.click()
        page.locator(shot.open).scroll_into_view_if_needed()
    if shot.at:
        page.evaluate("at => document.querySelector(at).scrollIntoView()", shot.at)
    picture = page.screenshot()
    page.close()
    return small(picture)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path, nargs="?", default=ROOT / "runs")
    parser.add_argument("logs", type=Path, nargs="?")
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    if not (asked.home / "results").is_dir():
        raise SystemExit(f"{asked.home}: found no results; run `make smoke` first")
    if asked.logs is not None and not asked.logs.is_dir():
        raise SystemExit(f"{asked.logs}: found no folder, expected one with the logs of Open-RS")
    program = os.environ.get("CHROMIUM") or next(
        (path for name in NAMES if (path := shutil.which(name))), None
    )
    if program is None:
        raise SystemExit(f"found none of {', '.join(NAMES)}; let CHROMIUM name a Chromium")
    asked.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        site = build(asked.home, asked.logs, Path(folder))
        with served(site) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
            for shot in SHOTS:
                data = take(browser, address, shot)
                (asked.out / f"{shot.name}.png").write_bytes(data)
                print(f"{shot.name}.png: {len(data)} bytes")
            browser.close()


if __name__ == "__main__":
    main()

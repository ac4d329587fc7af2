"""In a real Chromium: pages reload when the site was built anew, and say nothing else."""

import threading
from pathlib import Path

from playwright.sync_api import Browser

from tests.checking.sites import MadeSite
from tests.support.chromium import new_context
from tina_bench.board.site.preview_server import SiteServer


def test_an_open_page_reloads_after_a_build_and_not_before(
    chromium: Browser, tmp_path: Path
) -> None:
    made = MadeSite(tmp_path / "site")
    icon = '<link rel="icon" href="assets/icon.svg">\n</head>'
    made.files["assets/icon.svg"] = '<svg xmlns="http://www.w3.org/2000/svg"/>'
    for name in ("index.html", "other.html"):
        made.files[name] = made.files[name].replace("</head>", icon)
    server = SiteServer(made.write(), "127.0.0.1", 0, reload=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = new_context(chromium)
    page = context.new_page()
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    try:
        with page.expect_request("**/events"):
            page.goto(f"{server.url}other.html")
        for text in ("Once", "Twice"):
            page.wait_for_timeout(300)
            before = asked.count(f"{server.url}other.html")
            made.files["other.html"] = made.files["other.html"].replace(
                page.locator("h1").inner_text(), text
            )
            made.write()
            server.rebuilt()
            page.wait_for_function(f"() => document.querySelector('h1').textContent === '{text}'")
            assert asked.count(f"{server.url}other.html") == before + 1
        assert complaints == []
        assert all(url.startswith(server.url) for url in asked)
    finally:
        context.close()
        server.stop()
        server.server_close()

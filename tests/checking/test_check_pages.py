"""What a check finds on a page: each fault by its name, and nothing on a page without one."""

import random
from pathlib import Path

import pytest

from tests.checking.sites import FRONT, HEAD, POLICY, MadeSite, page
from tina_bench.board.checking.check import check_site
from tina_bench.board.checking.findings import Level


@pytest.fixture
def made(tmp_path: Path) -> MadeSite:
    return MadeSite(tmp_path / "site")


def rules(site: Path) -> list[str]:
    return sorted({found.rule for found in check_site(site).findings})


def test_a_sound_site_has_no_findings(made: MadeSite) -> None:
    checked = check_site(made.write())
    assert checked.findings == ()
    assert (checked.files, checked.pages, checked.links) == (6, 2, 6)
    assert 0 < checked.first_page_bytes < 2_000


BODIES = {
    "link": ('<a href="nowhere.html">x</a>', '<a href="other.html#gone">x</a>',
             '<a href="#gone">x</a>', '<a href="../outside.html">x</a>',
             '<a href="data/results.csv#row">x</a>', '<a href="data/">x</a>'),
    "load": ('<img src="gone.png" alt="">',),
    "nesting": ("<p><div>x</div></p>", "<p>x", "</p>", "<b><i>x</b></i>",
                '<a href="other.html"><a href="other.html">x</a></a>', "<table><td>x</td></table>",
                "<table><tbody><tr><td>x</td></tr><tr><p>y</p></tr></tbody></table>",
                "<p/>", "<form><form></form></form>"),
    "html": ("<p a=1 a=2>x</p>", "<p>&foo;</p>", '<p b"c=1>x</p>', "<!-- x --!>"),
    "html-obsolete-element": ("<font>x</font>",),
    "html-aria-invalid-role": ('<p role="hero">x</p>',),
    "html-img-missing-alt": ('<img src="og.png">',),
    "id": ('<p id="q">x</p>',),
    "one-h1": ("<h1>Again</h1>",),
    "heading-order": ("<h4>x</h4>",),
    "heading-empty": ("<h2> </h2>",),
    "alt": ('<svg viewBox="0 0 1 1"><circle r="1"/></svg>',),
    "table-header": ("<table><caption>x</caption><tbody><tr><td>a</td></tr></tbody></table>",),
    "th-scope": ("<table><caption>x</caption><tbody><tr><th>a</th></tr></tbody></table>",),
    "table-name": ('<table><tbody><tr><th scope="row">a</th></tr></tbody></table>',),
    "label": ("<input>", "<select></select>", '<label for="q">x</label><textarea></textarea>'),
    "name": ('<a href="other.html"></a>', "<button> </button>"),
    "summary": ("<details><p>x</p></details>",),
    "tabindex": ('<p tabindex="3">x</p>',),
    "reference": ('<p aria-labelledby="gone">x</p>', '<label for="gone">x</label>'),
    "external": ('<img src="https://evil.example/x.png" alt="">',
                 '<img src="//evil.example" alt="">',
                 '<img src="data:image/png;base64,AA" alt="">', '<img src="/x.png" alt="">',
                 '<img srcset="https://evil.example/x 2x" alt="">',
                 '<svg aria-hidden="true"><use href="https://evil.example/#x"/></svg>',
                 '<svg aria-hidden="true"><image xlink:href="https://evil.example/x"/></svg>'),
    "scheme": ('<a href="javascript:alert(1)">x</a>', '<a href=" java&#10;script:alert(1)">x</a>',
               '<a href="data:text/html,x">x</a>', '<a href="VBScript:x">x</a>',
               '<a href="file:///etc/passwd">x</a>'),
    "inline": ("<script>alert(1)</script>", '<p onclick="alert(1)">x</p>',
               '<p style="top:0">x</p>'),
    "forbidden": ("<style>p { top: 0 }</style>", '<iframe title="x" src="other.html"></iframe>',
                  '<object data="other.html"></object>', '<embed src="other.html">'),
    "hidden": ("<p>\u202e</p>", "<p>\x07</p>", "<p>\u200b</p>"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "body"), [(rule, body) for rule, bodies in BODIES.items() for body in bodies]
)
def test_a_fault_is_found_by_its_name_and_line(made: MadeSite, rule: str, body: str) -> None:
    made.files["index.html"] = page(f"{FRONT}{body}\n")
    findings = [found for found in check_site(made.write()).findings if found.rule == rule]
    assert findings, rules(made.root)
    assert {found.path for found in findings} == {"index.html"}
    line = (HEAD + FRONT).count("\n") + 1
    if rule not in {"load", "one-h1", "reference"}:
        assert line in {found.line for found in findings} or rule == "nesting"


HEADS = {
    "lang": ('<html lang="en">', "<html>"),
    "title": ("<title>A page</title>", "<title> </title>"),
    "doctype": ("<!doctype html>\n", ""),
    "csp": (POLICY, POLICY.replace("'none'", "*", 1)),
}


@pytest.mark.parametrize("rule", HEADS)
def test_a_faulty_head_is_found(made: MadeSite, rule: str) -> None:
    before, after = HEADS[rule]
    made.files["index.html"] = page(FRONT, HEAD.replace(before, after))
    assert rule in rules(made.write())


@pytest.mark.parametrize(
    "policy",
    [
        "", "default-src 'self'; base-uri 'none'; form-action 'none'",
        POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'"),
        POLICY.replace("img-src 'self'", "img-src 'self' data:"),
        POLICY + "; script-src https://cdn.example", POLICY + "; script-src 'unsafe-eval'",
        POLICY.replace("base-uri 'none'", ""), POLICY.replace("form-action 'none'", ""),
    ],
)  # fmt: skip
def test_a_policy_that_allows_more_than_it_must_is_found(made: MadeSite, policy: str) -> None:
    made.files["index.html"] = page(FRONT, HEAD.replace(POLICY, policy))
    assert "csp" in rules(made.write())


def test_a_script_file_of_the_site_may_be_allowed(made: MadeSite) -> None:
    head = HEAD.replace(POLICY, f"{POLICY}; script-src 'self'")
    script = '<script src="assets/board.js" defer></script>\n</head>'
    made.files["index.html"] = page(FRONT, head.replace("</head>", script))
    made.files["assets/board.js"] = '"use strict";\n'
    assert check_site(made.write()).findings == ()


def test_a_policy_that_comes_too_late_is_found(made: MadeSite) -> None:
    sheet = '<link rel="stylesheet" href="assets/site.css">\n'
    head = HEAD.replace(sheet, "").replace("<meta http-equiv", f"{sheet}<meta http-equiv")
    made.files["index.html"] = page(FRONT, head)
    assert "csp" in rules(made.write())


def test_a_style_sheet_that_loads_from_elsewhere_is_found(made: MadeSite) -> None:
    for text in ("@import 'https://evil.example/x';", "p { background: url( //evil.example/x ) }"):
        made.files["assets/site.css"] = text
        assert "external" in rules(made.write()), text


def test_markup_in_a_transcript_is_no_fault_once_it_is_escaped(made: MadeSite) -> None:
    body = "<pre>\n&lt;script&gt;alert(1)&lt;/script&gt; &lt;/pre&gt; &amp;lt; ⟨U+202E⟩</pre>\n"
    made.files["index.html"] = page(FRONT + body)
    assert check_site(made.write()).findings == ()


def test_a_page_that_is_not_utf8_is_found(made: MadeSite) -> None:
    made.files["other.html"] = page("<h1>\ud800</h1>")
    assert "encoding" in rules(made.write())


def test_a_first_page_of_more_than_100_kilobytes_compressed_is_an_error(made: MadeSite) -> None:
    noise = random.Random(5).randbytes(95_000).hex()
    made.files["assets/site.css"] = f"/* {noise} */"
    checked = check_site(made.write())
    assert checked.first_page_bytes > 100_000
    assert [(f.rule, f.level) for f in checked.findings] == [("first-page", Level.ERROR)]


def test_a_huge_page_is_a_warning(made: MadeSite) -> None:
    made.files["other.html"] = page(f'<h1 id="there">x</h1><p>{"x" * 2_200_000}</p>')
    findings = check_site(made.write()).findings
    assert [(f.rule, f.level) for f in findings] == [("page-size", Level.WARNING)]

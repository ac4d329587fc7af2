"""tina-bench: is this reasoning model's published score real, and what did it cost?

`import tina_bench as tb` gives what the command line does as functions (`tb.plan`, `tb.reproduce`,
`tb.verify`, `tb.compare`, `tb.audit`, `tb.build_board`, `tb.export`), what they take (`tb.Request`,
`tb.RunOptions`, `tb.SeedLimits`, `tb.VerifyOptions`, `tb.VerifyFiles`, `tb.ExportOptions`,
`tb.Home`), and tables of what a home holds (`tb.frames`). They are imported when they are first
used: this import takes no longer than Python.
"""

TYPE_CHECKING = False  # as type checkers read it, without the import of typing

if TYPE_CHECKING:
    from tina_bench import frames as frames
    from tina_bench.api import ExportOptions as ExportOptions
    from tina_bench.api import Request as Request
    from tina_bench.api import RunOptions as RunOptions
    from tina_bench.api import SeedLimits as SeedLimits
    from tina_bench.api import VerifyFiles as VerifyFiles
    from tina_bench.api import VerifyOptions as VerifyOptions
    from tina_bench.api import audit as audit
    from tina_bench.api import build_board as build_board
    from tina_bench.api import compare as compare
    from tina_bench.api import export as export
    from tina_bench.api import plan as plan
    from tina_bench.api import reproduce as reproduce
    from tina_bench.api import verify as verify
    from tina_bench.store.home import Home as Home

__version__ = "0.1.0"
__all__ = [
    "ExportOptions", "Home", "Request", "RunOptions", "SeedLimits", "VerifyFiles", "VerifyOptions",
    "__version__", "audit", "build_board", "compare", "export", "frames", "plan", "reproduce",
    "verify",
]  # fmt: skip


def __getattr__(name: str) -> object:
    """Import a public name when it is first used."""
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module 'tina_bench' has no attribute {name!r}")
    if name == "frames":
        return import_module("tina_bench.frames")
    room = "tina_bench.store.home" if name == "Home" else "tina_bench.api"
    return getattr(import_module(room), name)


def __dir__() -> list[str]:
    return sorted(__all__)

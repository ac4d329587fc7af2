"""`tina-bench lock`: write or check `checkpoints.lock`."""

from pathlib import Path
from typing import Annotated

import typer

from tina_bench.cli.common import CatalogOption, console


def lock(
    check: Annotated[
        bool,
        typer.Option("--check", help="Write nothing; exit code 13 if the lock is out of date."),
    ] = False,
    path: Annotated[
        Path | None, typer.Option("--file", help="The lock; the checkout's own if not given.")
    ] = None,
    catalog: CatalogOption = None,
) -> None:
    """Resolve every embedded file of the catalog to its size and sha256.

    Hub entries are left as they are: they stay unresolved, and whatever needs them is refused.
    """
    from tina_bench.catalog.load import load_catalog
    from tina_bench.errors import LockError
    from tina_bench.lock.lockfile import packaged_lock, read_lock, write_lock
    from tina_bench.lock.resolve import resolve_embedded

    target = path or packaged_lock()
    made = resolve_embedded(load_catalog(catalog or ()))
    if check:
        if read_lock(target) != made:
            raise LockError(
                f"{target}: differs from the files it locks; `tina-bench lock` renews it."
            )
        console().print(f"{target}: agrees with every file it locks.", markup=False)
        return
    write_lock(made, target)
    console().print(f"{target}: written.", markup=False)

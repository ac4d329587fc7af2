"""What was worked out of the same records before, so that a large report need not be made anew.

Guarantees: with or without it, the results are the same; it is asked for by the sha256 of the files
that the records stand in. Whoever keeps the values sees to it that they come from this version of
the program (`tina_bench.board.output.cache` does).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from tina_bench.store.records import ResultRecord

ShapeT = TypeVar("ShapeT", bound=BaseModel)


class Memory(Protocol):
    """Keeps bytes by what they were made from."""

    def get(self, kind: str, key: Any, make: Callable[[], bytes]) -> bytes:
        """The value of `key`, a JSON value that holds everything `make` depends on."""
        ...


@dataclass(frozen=True)
class RecordCache:
    """Values kept by the records that they were worked out from."""

    memory: Memory | None = None
    """Where they are kept; without one, everything is worked out."""
    sha256: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Of the file of each record, by model and task."""

    def shape(
        self,
        kind: str,
        records: Sequence[ResultRecord],
        more: Any,
        shape: type[ShapeT],
        make: Callable[[], ShapeT],
    ) -> ShapeT:
        """What `make` makes of the records and of `more`, a JSON value, and of nothing else."""
        names = [(record.model, record.task) for record in records]
        if not self.sha256.keys() >= set(names):
            return make()
        return self.value(
            kind, lambda: [[[*name, self.sha256[name]] for name in names], more], shape, make
        )

    def value(
        self, kind: str, key: Callable[[], Any], shape: type[ShapeT], make: Callable[[], ShapeT]
    ) -> ShapeT:
        """What `make` makes of `key`, a JSON value that is asked for only if something keeps it."""
        if self.memory is None:
            return make()
        kept = self.memory.get(kind, key(), lambda: make().model_dump_json().encode())
        return shape.model_validate_json(kept)


NOTHING_KNOWN = RecordCache()
"""Everything is worked out."""

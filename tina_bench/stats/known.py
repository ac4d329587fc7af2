"""What was worked out of the same records before, so that a large report need not be made anew.

Guarantees: with or without it, the results are the same; it is asked for by the sha256 of the files
that the records stand in. Whoever keeps the values sees to it that they come from this version of
the program (`tina_bench.board.memo` does).
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
class Known:
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
        key = self.names(records)
        return make() if key is None else self.value(kind, [key, more], shape, make)

    def names(self, records: Sequence[ResultRecord]) -> list[list[str]] | None:
        """A JSON value that names these records; `None` where nothing can be kept of them."""
        found = [(record.model, record.task) for record in records]
        if self.memory is None or not self.sha256.keys() >= set(found):
            return None
        return [[*name, self.sha256[name]] for name in found]

    def value(self, kind: str, key: Any, shape: type[ShapeT], make: Callable[[], ShapeT]) -> ShapeT:
        """What `make` makes of `key`, a JSON value, and of nothing else."""
        if self.memory is None:
            return make()
        kept = self.memory.get(kind, key, lambda: make().model_dump_json().encode())
        return shape.model_validate_json(kept)


NOTHING_KNOWN = Known()
"""Everything is worked out."""

"""Logs of many answers, read without keeping or even building the texts.

Guarantees of `scan_samples`: every byte that a record counts was hashed in the same pass, and what
comes out is the place, the figures and the whereabouts of each answer; a text is read from the file
when it is wanted. Guarantees of `scan_grades`: each line has the bytes that its own check names.

Traded away: the other fields of an answer are validated only when it is read whole. Rates on the
machine of BENCHMARKS.md stand there.
"""

import hashlib
import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from tina_bench.errors import IntegrityError
from tina_bench.files.append_log import is_sealed, read_log
from tina_bench.store.home import read_records
from tina_bench.store.records import Grade, GradeStatus, Sample

HeadT = TypeVar("HeadT")


class SampleHead(msgspec.Struct, gc=False):
    """An answer but for its text, and where it lies in the log."""

    key: str
    task: str
    problem: str
    seed: int
    protocol: str
    sample_seed: int
    tokens_out: int
    finish_reason: str
    finished_at: str
    offset: int = 0
    """Of its line, bytes."""
    length: int = 0
    """Of its line, bytes."""


class GradeHead(msgspec.Struct, gc=False):
    """A grade as far as pages show it."""

    task: str
    problem: str
    index: int
    seed: int
    protocol: str
    metric: str
    status: str
    correct: bool
    extracted: str | None
    gold: str
    tokens_out: int

    @property
    def contradicts_itself(self) -> bool:
        """What `Grade.contradiction` says, in short."""
        undecided = self.status != GradeStatus.GRADED
        return (self.correct and undecided) or self.index < 0 or self.tokens_out < 0


def scan_samples(path: Path, prefixes: Collection[tuple[int, str]]) -> Iterator[SampleHead]:
    """Yield the answers within the longest of the prefixes, in the order of the log.

    `prefixes`: lengths in bytes with the sha256 that the log must have so far. Raises
    `IntegrityError` at the end where one differs: what was yielded before may not be used then.
    """
    wanted = dict(prefixes)
    if len(wanted) < len(set(prefixes)):
        raise _other_bytes(path)
    decode = msgspec.json.Decoder(SampleHead)
    hasher, offset, end = hashlib.sha256(), 0, max(wanted)
    with path.open("rb", buffering=1 << 20) as file:
        for line in file:
            if offset >= end:
                break
            hasher.update(line)
            head = _decoded(decode, line)
            if head is None:
                raise _other_bytes(path)
            head.offset, head.length = offset, len(line)
            offset += len(line)
            expected = wanted.pop(offset, None)
            if expected is not None and expected != hasher.hexdigest():
                raise _other_bytes(path)
            yield head
    if wanted:
        raise _other_bytes(path)


def _decoded(decoder: "msgspec.json.Decoder[HeadT]", line: bytes) -> HeadT | None:
    """One line's head; `None` where it is not of that shape."""
    try:
        return decoder.decode(line)
    except (msgspec.MsgspecError, ValueError):
        # A lone surrogate is a legal JSON string, which models do emit, and no legal UTF-8.
        try:
            return msgspec.convert(json.loads(line), decoder.type)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None


def _other_bytes(path: Path) -> IntegrityError:
    return IntegrityError(
        f"{path}: found other bytes than its results were made from; restore it from a copy, or "
        "start afresh in another home."
    )


def read_sample(path: Path, head: SampleHead) -> Sample:
    """The whole answer that a head was made of, every field checked."""
    with path.open("rb") as file:
        file.seek(head.offset)
        line = file.read(head.length)
    if not is_sealed(line):
        raise _other_bytes(path)
    record = json.loads(line)
    del record["check"]
    return Sample.model_validate(record)


def scan_grades(path: Path) -> Iterator[GradeHead]:
    """Yield the grades of a log in order; a torn last line is left out.

    Raises `IntegrityError` naming the line for a damaged or contradictory one.
    """
    decode = msgspec.json.Decoder(GradeHead)
    with path.open("rb", buffering=1 << 20) as file:
        for line in file:
            if not line.endswith(b"\n"):
                return
            head = _decoded(decode, line) if is_sealed(line) else None
            if head is None or head.contradicts_itself:
                # The strict readers say what is wrong with it, by line.
                for _ in read_records(path, Grade):
                    pass
                for _ in read_log(path):
                    pass
                raise _other_bytes(path)
            yield head

"""A checkout whose images are small: the real commands build them from a Dockerfile in seconds."""

from dataclasses import dataclass
from pathlib import Path

DOCKERFILE = """\
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
ARG SOURCE_DATE_EPOCH
ARG LENT_CERTIFICATES=
ARG LENT_WHEELS=
ARG LENT_SHA256=
ARG GREETING=hello
RUN mkdir -p /opt/was && echo tiny > /opt/was/built \\
    && if [ -n "${LENT_CERTIFICATES}" ]; then wget -qO - "${LENT_CERTIFICATES}" > /opt/was/ca; fi \\
    && if [ -n "${LENT_WHEELS}" ]; then wget -qO - "${LENT_WHEELS}" > /opt/was/wheels; fi \\
    && mkdir -p /opt/tina-bench && find /opt -exec touch -d "@${SOURCE_DATE_EPOCH}" {} +
COPY containers/tiny/words.txt /opt/words.txt
COPY tina_bench /opt/tina-bench/tina_bench
RUN echo "${GREETING}" > /opt/greeting \\
    && find /opt -exec touch -d "@${SOURCE_DATE_EPOCH}" {} +
CMD ["cat", "/opt/words.txt"]
"""
IMAGES = """\
[bases.python]
reference = "docker.io/library/python:3.11-slim-bookworm"

[images.tiny]
title = "a small one"
base = "python"
files = ["words.txt"]
package = true
disk_gib = 0.01
"""


@dataclass(frozen=True)
class Checkout:
    """Its files, and how to change one."""

    root: Path

    def write(self, path: str, text: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def replace(self, path: str, old: str, new: str) -> None:
        text = (self.root / path).read_text()
        assert old in text
        self.write(path, text.replace(old, new))


def make_checkout(root: Path) -> Checkout:
    made = Checkout(root)
    made.write("containers/images.toml", IMAGES)
    made.write("containers/tiny/Dockerfile", DOCKERFILE)
    made.write("containers/tiny/words.txt", "some words\n")
    return made

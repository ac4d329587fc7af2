"""Containers whose runner died: found by their labels, stopped, removed.

They stop by themselves when they miss their runner's sign of life; this takes away those that have
not noticed yet, and what is left of those that have.
"""

from typing import TYPE_CHECKING

from tina_bench.containers.engine import LABEL, connect
from tina_bench.errors import BlockedError, MissingEngineError
from tina_bench.running.docker.errors import talking
from tina_bench.running.local import GRACE_SECONDS
from tina_bench.store.home import WORK_SUFFIX, Home
from tina_bench.store.job_folder import HEARTBEAT_FILE

if TYPE_CHECKING:
    from docker import DockerClient

LABEL_HOME = f"{LABEL}.home"
"""On every container, with the real path of the home that it works for."""
LABEL_ATTEMPT = f"{LABEL}.attempt"
"""On every container, with its attempt."""


def clear(home: Home, client: "DockerClient | None") -> int:
    """Stop and remove what is left of this home's containers; returns how many there were.

    The caller holds the home, so that none of them can belong to a runner that is alive. Without a
    client, as for the local runner, an engine is looked for only when a heartbeat was left behind;
    one that does not answer keeps nothing running for long.
    """
    if client is not None:
        return _remove(home, client)
    if not any(home.jobs.glob(f"*{WORK_SUFFIX}/{HEARTBEAT_FILE}")):
        return 0
    try:
        found = connect()
    except (BlockedError, MissingEngineError):
        return 0
    try:
        return _remove(home, found)
    finally:
        found.close()


def _remove(home: Home, client: "DockerClient") -> int:
    with talking():
        label = f"{LABEL_HOME}={home.root.resolve()}"
        left = client.containers.list(all=True, filters={"label": label})
        for container in left:
            container.stop(timeout=int(GRACE_SECONDS))
            container.remove(force=True)
    return len(left)

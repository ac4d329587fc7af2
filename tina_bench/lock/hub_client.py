"""huggingface_hub as this program uses it: imported late, quiet, and patient.

`HF_ENDPOINT`, `HF_TOKEN`, `HF_HOME`, `HF_HUB_OFFLINE` and proxies mean here what they mean there.
Answers 408, 429 and 5xx and broken connections are tried again after the delay that the server
requires (tenacity: huggingface_hub 1.33 itself waits on 429 in a download, but neither on 5xx
there nor in its calls of the API); a server that cannot be reached at all is not tried again.
"""

import datetime
import email.utils
import logging
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import urlsplit

from tina_bench.errors import UsageError

if TYPE_CHECKING:
    from tenacity import RetryCallState

Kind = Literal["model", "dataset"]
T = TypeVar("T")
TRIES = 6
LONGEST_WAIT_SECONDS = 600.0
"""A longer wait that a server requires counts as a refusal."""
API_TIMEOUT_SECONDS = 30.0
TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})
log = logging.getLogger(__name__)


def endpoint() -> str:
    """The hub in use: `HF_ENDPOINT`, else the public one."""
    return str(library().constants.ENDPOINT)


def library() -> Any:
    """huggingface_hub, set to print nothing and to report nothing about this machine.

    Raises `UsageError` for an `HF_ENDPOINT` that is no address, which it would trip over.
    """
    given = os.environ.get("HF_ENDPOINT")
    if given is not None and not _is_address(given):
        raise UsageError(
            f"HF_ENDPOINT: found {given!r}, expected an address such as 'https://huggingface.co'."
        )
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    import huggingface_hub
    from huggingface_hub.utils import logging as hub_logging

    hub_logging.set_verbosity_error()
    return huggingface_hub


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def response_of(error: BaseException) -> Any:
    """The server's answer that an error is about; `None` when there was none."""
    return getattr(error, "response", None)


def _is_transient(error: BaseException) -> bool:
    import httpx

    response = response_of(error)
    if response is not None:
        return int(response.status_code) in TRANSIENT
    never_there = isinstance(
        error, httpx.ConnectError | httpx.ProxyError | httpx.UnsupportedProtocol
    )
    return isinstance(error, httpx.TransportError) and not never_there


def asked_delay_seconds(headers: Any) -> float | None:
    """Seconds that a server requires between requests; `None` when it does not say.

    From `RateLimit` (the hub's own) or `Retry-After`, a number of seconds or a date (RFC 9110).
    """
    from huggingface_hub.utils import parse_ratelimit_headers

    limit = parse_ratelimit_headers(headers)
    if limit is not None and limit.remaining == 0:
        return float(limit.reset_in_seconds) + 1.0
    value = headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    try:
        until = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=datetime.UTC)
    return max(0.0, (until - datetime.datetime.now(datetime.UTC)).total_seconds())


def delay_after(error: BaseException | None) -> float | None:
    """Seconds that the answer behind an error requires to wait; `None` when it does not say."""
    response = None if error is None else response_of(error)
    return None if response is None else asked_delay_seconds(response.headers)


def patiently(call: Callable[[], T]) -> T:
    """Call until it works, up to `TRIES` times, with the server's own delay between the tries.

    The last error goes on up when none works, or when the server requires more than ten minutes.
    """
    from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

    usual = wait_exponential(multiplier=1, max=8)

    def delay(state: "RetryCallState") -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = delay_after(error)
        return usual(state) if asked is None else asked

    def stop(state: "RetryCallState") -> bool:
        return stop_after_attempt(TRIES)(state) or delay(state) > LONGEST_WAIT_SECONDS

    def say(state: "RetryCallState") -> None:
        error = state.outcome.exception() if state.outcome else None
        response = None if error is None else response_of(error)
        why = f"answered {response.status_code}" if response is not None else f"{error}"
        log.warning("%s: %s; trying again in %.0f s", endpoint(), why, delay(state))

    return Retrying(
        retry=retry_if_exception(_is_transient),
        wait=delay,
        stop=stop,
        before_sleep=say,
        reraise=True,
    )(call)


def cache_folder() -> str:
    """The library's own cache, which other programs share."""
    return str(library().constants.HF_HUB_CACHE)

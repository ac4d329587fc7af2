"""Published texts (system prompts, chat templates): fetched, checked and read, never copied here.

The catalog names the source file, its sha256 and a string constant in it. The file is parsed, and
the constant taken as a literal: nothing of it is ever run.
"""

import ast
import hashlib
from pathlib import Path

from tina_bench.catalog.recipes import PublishedText
from tina_bench.errors import HubUnreachableError, IntegrityError, LockError, NotOnHubError
from tina_bench.files.atomic import write_bytes
from tina_bench.lock.hub_client import library, patiently

TIMEOUT_SECONDS = 30.0
LARGEST_BYTES = 1 << 20
"""A source file that holds a prompt is some kilobytes."""


def text_path(text: PublishedText) -> Path:
    """Where the text's file is kept: with the other assets of `HF_HOME`, under its own hash."""
    return Path(library().constants.HF_ASSETS_CACHE) / "tina-bench" / "texts" / text.sha256


def fetch_published_text(text: PublishedText) -> Path:
    """The file in the cache, downloaded if it is not there yet; its bytes are those of the catalog.

    Raises `IntegrityError` for other bytes, `NotOnHubError` when the server has no such file, and
    `HubUnreachableError` when it does not answer or `HF_HUB_OFFLINE` is set.
    """
    path = text_path(text)
    if not path.is_file():
        data = _download(text)
        _check(data, text, f"{text.url} sent")
        write_bytes(path, data)
    _checked(path, text)
    return path


def read_published_text(text: PublishedText) -> str:
    """The text itself, from the cache.

    Raises `LockError` when it was never fetched (the sentence has the command) or when the file has
    no such constant, and `IntegrityError` when its bytes are not those of the catalog.
    """
    path = text_path(text)
    if not path.is_file():
        raise LockError(
            f"the text {text.constant} of {text.url} was never fetched; "
            f"`tina-bench fetch {text.url}` brings it."
        )
    return _constant(_checked(path, text), text)


def _checked(path: Path, text: PublishedText) -> bytes:
    data = path.read_bytes()
    try:
        _check(data, text, f"{path} has")
    except IntegrityError:
        path.unlink()
        raise
    return data


def _check(data: bytes, text: PublishedText, who: str) -> None:
    found = hashlib.sha256(data).hexdigest()
    if found != text.sha256:
        raise IntegrityError(
            f"{who} sha256 {found}, expected {text.sha256} as the catalog says for {text.constant} "
            f"of {text.url}; the file is not kept, `tina-bench fetch {text.url}` tries anew."
        )


def _download(text: PublishedText) -> bytes:
    library()
    import httpx
    from huggingface_hub.errors import OfflineModeIsEnabled
    from huggingface_hub.utils import get_session

    def once() -> bytes:
        # The library's own client, for its proxies and its offline switch; without the hub's token.
        with get_session().stream("GET", text.url, timeout=TIMEOUT_SECONDS) as response:
            response.raise_for_status()
            data = b""
            for block in response.iter_bytes():
                data += block
                if len(data) > LARGEST_BYTES:
                    raise IntegrityError(
                        f"{text.url}: sent more than {LARGEST_BYTES} bytes, expected the source "
                        f"file that holds {text.constant}; it is not kept."
                    )
            return data

    try:
        return patiently(once)
    except OfflineModeIsEnabled:
        raise HubUnreachableError(
            f"{text.url}: HF_HUB_OFFLINE is set, and the text is not in the cache; unset it."
        ) from None
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        shape = HubUnreachableError if status >= 500 or status in {408, 429} else NotOnHubError
        raise shape(
            f"{text.url}: the server answered {status}, expected the source file that holds "
            f"{text.constant}."
        ) from None
    except (httpx.RequestError, httpx.InvalidURL) as error:
        raise HubUnreachableError(
            f"{text.url}: no answer: {str(error) or type(error).__name__}; check the network and "
            "its proxy."
        ) from None


def _constant(data: bytes, text: PublishedText) -> str:
    """The value of a top-level string constant of a Python file."""
    try:
        module = ast.parse(data)
    except (SyntaxError, ValueError):
        raise LockError(f"{text.url}: is not a Python file, expected one.") from None
    found = [statement for statement in module.body if text.constant in _assigned(statement)]
    value = _literal(found[0]) if len(found) == 1 else None
    if value is None:
        raise LockError(
            f"{text.url}: found {len(found)} top-level assignments of {text.constant!r}, expected "
            "one, of a plain string; check 'constant' in the catalog."
        )
    return value


def _assigned(statement: ast.stmt) -> set[str]:
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
        targets = [statement.target]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _literal(statement: ast.stmt) -> str | None:
    """The string that is assigned; `None` for what would have to be computed."""
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
        return None
    try:
        value = ast.literal_eval(statement.value)
    except ValueError:
        return None
    return value if isinstance(value, str) else None

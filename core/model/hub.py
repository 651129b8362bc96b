"""A model of the Hugging Face hub, by way of `huggingface_hub`: its cache, its switches.

Files are asked for one by one, because a model's repository may hold the same weights for
half a dozen programs. A model that is in the cache is taken from there, and nobody is asked
whether there is a newer one. What is not there and can't be downloaded, for
``HF_HUB_OFFLINE`` is set or there is no network, ends as one line that says where to put
it.
"""

import re
from collections.abc import Callable
from pathlib import Path

from core.model.weight_files import INDEX, WEIGHT_FILES, needs_extra, shards
from debug.protocol.diagnostic import Problem

HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
OTHERS = ("config.json", "generation_config.json", "adapter_config.json")


def download(name: str) -> Path:
    """The folder in the hub's cache that holds a model's weights and settings.

    Args:
        name: ``owner/name``.

    Raises:
        Problem: `huggingface_hub` is not installed, or the model can't be had.
    """
    try:
        from huggingface_hub import constants, hf_hub_download
        from huggingface_hub.errors import (
            EntryNotFoundError,
            HfHubHTTPError,
            HFValidationError,
        )
        from huggingface_hub.utils import logging
    except ImportError as error:
        raise needs_extra("huggingface_hub") from error
    logging.set_verbosity_error()  # it warns of each of its five attempts
    try:
        return _fetch(lambda file: Path(hf_hub_download(name, file, local_files_only=True)))
    except EntryNotFoundError:
        pass  # not all of it is in the cache
    except HFValidationError as error:
        message = f"{name} is no path, and no name that the hub allows"
        raise Problem("model", f"{message}; give owner/name") from error
    try:
        return _fetch(lambda file: Path(hf_hub_download(name, file)))
    except (OSError, EntryNotFoundError, HfHubHTTPError) as error:
        cache = constants.HF_HUB_CACHE
        where = f"on a machine that can, run hf download {name} and copy it to {cache}"
        advice = f"{where}, or give a folder with its config.json and model.safetensors"
        message = f"can't download {name} ({_reason(error)}), and no such path is here"
        raise Problem("model", f"{message}: {advice}", detail=str(error)) from error


def _fetch(get: Callable[[str], Path]) -> Path:
    """The folder of what there is, once all of it is there.

    Args:
        get: brings one file into the cache.

    Raises:
        EntryNotFoundError: there are no weights in the cache, and nothing else tells why;
            or the repository is empty.
    """
    from huggingface_hub.errors import EntryNotFoundError

    folder, missing = None, EntryNotFoundError("it holds no model")
    for file in (*OTHERS, *WEIGHT_FILES):
        try:
            path = get(file)
        except EntryNotFoundError as error:  # not in the repository, or not in the cache
            if _offline(error) and folder is None:
                raise
            missing = error
            continue
        folder = path.parent
        if file in WEIGHT_FILES:
            files = shards(path) if file.endswith(INDEX) else {}
            for shard in sorted(set(files.values())):
                get(shard)
            return folder
    if folder is None or _offline(missing):
        raise missing
    return folder


def _offline(error: Exception) -> bool:
    """Whether a file is only missing in the cache."""
    from huggingface_hub.errors import LocalEntryNotFoundError

    return isinstance(error, LocalEntryNotFoundError)


def _reason(error: Exception) -> str:
    from huggingface_hub import constants
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    if isinstance(error, GatedRepoError):
        return "it needs your consent on its page, and hf auth login"
    if isinstance(error, RepositoryNotFoundError):
        return "the hub has no such model, or it is private: hf auth login"
    if constants.is_offline_mode():
        return "HF_HUB_OFFLINE is set and it is not in the cache"
    if _offline(error):
        return "the hub can't be reached and it is not in the cache"
    return str(error).strip().splitlines()[0][:100] if str(error).strip() else "no reason"

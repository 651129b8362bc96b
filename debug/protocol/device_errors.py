"""What a GPU's driver says when it gives up, as something that a person can act on.

PyTorch, MAX and CUDA have their own words for the same few things, often on the second or
third line of a long message. The words are looked for in the whole of it.
"""

KNOWN = {
    (
        "out of memory",
        "out_of_memory",
        "memalloc failed",
        "not enough memory: you tried to allocate",
        "can't allocate memory: you tried to allocate",
    ): "its memory is full: end what else is in it (nvidia-smi names that), or choose a "
    "smaller model",
    (
        "no kernel image",
        "no_binary_for_gpu",
        "unsupported ptx",
        "invalid_ptx",
        "unsupported gpu architecture",
    ): "this build has no code for this GPU: install one that has (maxwhisper doctor names "
    "the architecture)",
    (
        "busy or unavailable",
        "device_unavailable",
    ): "another process has the GPU for itself: end it (nvidia-smi names it), or take "
    "another GPU, --device gpu:1",
    (
        "gpu is lost",
        "device_lost",
        "fallen off the bus",
        "uncorrectable ecc",
        "ecc_uncorrectable",
        "illegal memory access",
        "illegal_address",
        "unspecified launch failure",
        "launch_failed",
    ): "the GPU has failed, and this process can't use it any more: start again "
    "(nvidia-smi says whether it is still there)",
    (
        "driver version is insufficient",
        "insufficient_driver",
        "system_driver_mismatch",
    ): "the driver is older than this build needs: install a newer one "
    "(nvidia-smi says which is there)",
}


def remedy_for(error: BaseException) -> str | None:
    """What is wrong with the device and what to do, or None for any other error."""
    text = f"{type(error).__name__}: {error}".lower()
    for words, remedy in KNOWN.items():
        if any(each in text for each in words):
            return remedy
    return None

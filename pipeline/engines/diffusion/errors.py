"""Classifies torch's errors: out of memory, or a device that this process can no longer use."""

from __future__ import annotations

ROOM_SIGNS = ("out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED")

DEVICE_SIGNS = ("CUDA error", "CUBLAS_STATUS", "CUDNN_STATUS", "device-side assert", "HIP error")


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether a smaller batch may succeed."""
    return type(error).__name__ == "OutOfMemoryError" or _tells(error, ROOM_SIGNS)


def broke_device(error: BaseException) -> bool:
    """Return whether the device's context is broken; only a new process can use the device again.

    After such an error, every later CUDA call of the process fails with it.
    """
    if is_out_of_memory(error):
        return False
    return type(error).__name__ == "AcceleratorError" or _tells(error, DEVICE_SIGNS)


def _tells(error: BaseException, signs: tuple[str, ...]) -> bool:
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in signs)

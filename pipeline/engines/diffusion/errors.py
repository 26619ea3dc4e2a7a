"""What torch's errors mean: too much at once, or a device that will never answer again."""

from __future__ import annotations

ROOM_SIGNS = ("out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED")

DEVICE_SIGNS = ("CUDA error", "CUBLAS_STATUS", "CUDNN_STATUS", "device-side assert", "HIP error")


def is_out_of_memory(error: BaseException) -> bool:
    """Say whether less work at once may succeed."""
    return type(error).__name__ == "OutOfMemoryError" or _tells(error, ROOM_SIGNS)


def broke_device(error: BaseException) -> bool:
    """Say whether the device's context is lost to this process; only a new process can go on.

    CUDA reports such an error again from every later call, whatever that does.
    """
    if is_out_of_memory(error):
        return False
    return type(error).__name__ == "AcceleratorError" or _tells(error, DEVICE_SIGNS)


def _tells(error: BaseException, signs: tuple[str, ...]) -> bool:
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in signs)

"""Recognising that memory ran out, whichever device it was, and giving back what can be given back."""

from __future__ import annotations

import gc

import torch

_CPU_ALLOCATOR = "DefaultCPUAllocator"


def ran_out_of_memory(error: BaseException) -> bool:
    """Say whether this is how torch or Python says that memory ran out: on a CPU torch raises a plain RuntimeError."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and _CPU_ALLOCATOR in str(error)


def give_back_memory() -> None:
    """Free what nothing holds any more, so that a smaller attempt finds room."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()

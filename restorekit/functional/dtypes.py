"""Which precisions a device computes in."""

from __future__ import annotations

import torch
from torch import Tensor

UNITS = ('avx512', 'amx')


def is_native(dtype: torch.dtype, device: str | torch.device) -> bool:
    """Whether a device has instructions for a precision; otherwise it is emulated, and slow.

    Args:
        dtype: float32, bfloat16 or float16.
        device: cpu or cuda, with or without an index; others are taken at their word.
    """
    kind = torch.device(device)
    if dtype not in (torch.bfloat16, torch.float16):
        return True
    if kind.type == 'cuda':
        # Turing and older multiply float16 alone in half precision.
        return dtype == torch.float16 or torch.cuda.get_device_capability(kind) >= (8, 0)
    if kind.type != 'cpu':
        return True
    named = {torch.bfloat16: 'bf16', torch.float16: 'fp16'}[dtype]
    asked = [getattr(torch.cpu, f'_is_{unit}_{named}_supported', None) for unit in UNITS]
    if dtype == torch.bfloat16:
        asked.append(getattr(torch.cpu, '_is_amx_tile_supported', None))
    return any(ask() for ask in asked if ask is not None)


def in_float64(tensor: Tensor) -> Tensor:
    """A tensor in float64: on its device, or on the CPU where that has none, as Apple's."""
    return (tensor.cpu() if tensor.device.type == 'mps' else tensor).double()

"""In which precision a network restores."""

from __future__ import annotations

from typing import Literal, get_args

import torch

from restorekit.catalogue.card import Card
from restorekit.functional.dtypes import is_native

Precision = Literal['auto', 'float32', 'bfloat16', 'float16']
MAX_LOSS = 0.02  # dB: what nobody sees


def choose_precision(
    asked: str, device: str | torch.device, card: Card | None = None
) -> tuple[torch.dtype, str]:
    """The precision to compute in, and a sentence that says so.

    'auto' takes bfloat16 where the device has instructions for it and the model's card says that
    less than 0.02 dB is lost, otherwise float32. Half precision pays in channels-last alone.

    Args:
        asked: 'auto', 'float32', 'bfloat16' or 'float16'.
        device: Where the network computes.
        card: Of the model, if it has one.
    Raises:
        ValueError: If `asked` is none of these.
    """
    if asked not in get_args(Precision):
        accepted = ', '.join(get_args(Precision))
        raise ValueError(f'precision must be one of {accepted}, got {asked!r}')
    kind = torch.device(device).type
    where = 'this processor' if kind == 'cpu' else f'this device ({kind})'
    if asked == 'auto':
        return _automatic(where, torch.device(device), card)
    dtype = getattr(torch, asked)
    if not is_native(dtype, device):
        slower = f'{where} has no instructions for it, so that it is slower than float32'
        return dtype, f'{asked}, as asked: {slower}'
    return dtype, f'{asked}, as asked'


def _automatic(where: str, device: torch.device, card: Card | None) -> tuple[torch.dtype, str]:
    loss = None if card is None else card.bfloat16_loss
    if not is_native(torch.bfloat16, device):
        return torch.float32, f'float32: {where} has no instructions for bfloat16'
    if device.type not in ('cpu', 'cuda'):
        return torch.float32, f'float32: what bfloat16 costs was not measured on {where}'
    if loss is None:
        return torch.float32, 'float32: what bfloat16 costs was not measured for this model'
    if not loss < MAX_LOSS:
        return torch.float32, f'float32: bfloat16 costs this model {loss:.3f} dB'
    return torch.bfloat16, f'bfloat16: {where} computes it, and it costs {max(loss, 0):.3f} dB'

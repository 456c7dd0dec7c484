"""Mixed precision on any device."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.device import get_device
from mmengine.optim import OptimWrapper
from torch import Tensor, nn

from restorekit.registry import OPTIM_WRAPPERS

DTYPES = ('float16', 'bfloat16')


@OPTIM_WRAPPERS.register_module()
class AmpOptimWrapper(OptimWrapper):
    """Automatic mixed precision, on CPU too, where mmengine's needs a GPU.

    Args:
        dtype: 'float16' (with gradient scaling) or 'bfloat16'; by default float16 on a GPU and
            bfloat16 on CPU, which has no fast float16.
        loss_scale: Initial gradient scale of float16.
        kwargs: mmengine's OptimWrapper: optimizer, accumulative_counts, clip_grad.
    """

    def __init__(
        self, dtype: str | None = None, loss_scale: float = 2.0**16, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.device = torch.device(get_device()).type
        dtype = dtype or ('bfloat16' if self.device == 'cpu' else 'float16')
        if dtype not in DTYPES:
            raise ValueError(f'AmpOptimWrapper: dtype must be one of {DTYPES}, got {dtype!r}')
        self.dtype = getattr(torch, dtype)
        self.scaler = torch.amp.GradScaler(
            self.device, init_scale=loss_scale, enabled=dtype == 'float16'
        )

    def backward(self, loss: Tensor, **kwargs: Any) -> None:
        self.scaler.scale(loss).backward(**kwargs)
        self._inner_count += 1

    def step(self, **kwargs: Any) -> None:
        if self.clip_grad_kwargs:
            self.scaler.unscale_(self.optimizer)
            self._clip_grad()
        self.scaler.step(self.optimizer, **kwargs)
        self.scaler.update()

    def state_dict(self) -> dict:
        return {**super().state_dict(), 'loss_scaler': self.scaler.state_dict()}

    def load_state_dict(self, state_dict: dict) -> None:
        state = dict(state_dict)
        scaler = state.pop('loss_scaler', None)
        if scaler:
            self.scaler.load_state_dict(scaler)
        super().load_state_dict(state)

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        with super().optim_context(model), torch.autocast(self.device, dtype=self.dtype):
            yield

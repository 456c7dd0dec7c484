"""Mixed precision on any device."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, get_args

import torch
from mmengine.device import get_device
from mmengine.dist import all_reduce, is_distributed
from torch import Tensor, nn

from restorekit.engine.distributed import is_sharded
from restorekit.engine.optim import OptimWrapper
from restorekit.registry import OPTIM_WRAPPERS

Dtype = Literal['float16', 'bfloat16']


class GradScaler(torch.amp.GradScaler):
    """torch's, whose ranks leave out the same steps where each holds a part of the gradients.

    Infinity may then be in the part of one rank alone. torch's own ShardedGradScaler does not share
    what fused optimizers find, and fails where their gradients are clipped (torch 2.4 to 2.13).
    """

    ranks_differ = False
    found: Tensor  # more than 0 where infinity or NaN was found in the present step

    def _unscale_grads_(
        self,
        optimizer: torch.optim.Optimizer,
        inv_scale: Tensor,
        found_inf: Tensor,
        allow_fp16: bool,
    ) -> dict[torch.device, Tensor]:
        """Unscale, and tell each device whether infinity was found: all steps come through here."""
        found = super()._unscale_grads_(optimizer, inv_scale, found_inf, allow_fp16)
        # A rank may hold no gradient at all.
        self.found = sum((flag.to(found_inf.device) for flag in found.values()), start=found_inf)
        if not self.ranks_differ:
            return found
        all_reduce(self.found, op='max')
        return {self.found.device: self.found}


@OPTIM_WRAPPERS.register_module()
class AmpOptimWrapper(OptimWrapper):
    """Automatic mixed precision, on CPU too, where mmengine's needs a GPU.

    Args:
        optimizer, accumulative_counts, clip_grad, skip_nonfinite: As for OptimWrapper. With float16
            the gradient scale leaves steps out, whatever `skip_nonfinite` says, and halves itself;
            what counts in a row are those in which the loss was not finite, or the scale below 1.
        dtype: 'float16' (with gradient scaling) or 'bfloat16'; by default float16 on a GPU and
            bfloat16 on CPU, which has no fast float16.
        loss_scale: Initial gradient scale of float16.
    """

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        *,
        accumulative_counts: int = 1,
        clip_grad: dict | None = None,
        skip_nonfinite: bool = True,
        dtype: Dtype | None = None,
        loss_scale: float = 2.0**16,
    ) -> None:
        super().__init__(
            optimizer,
            accumulative_counts=accumulative_counts,
            clip_grad=clip_grad,
            skip_nonfinite=skip_nonfinite,
        )
        self.device = torch.device(get_device()).type
        dtype = dtype or ('bfloat16' if self.device == 'cpu' else 'float16')
        if dtype not in get_args(Dtype):
            raise ValueError(
                f'AmpOptimWrapper: dtype must be one of {get_args(Dtype)}, got {dtype!r}'
            )
        self.cast_dtype = getattr(torch, dtype)
        self.scaler = GradScaler(self.device, init_scale=loss_scale, enabled=dtype == 'float16')
        self._loss_is_finite = torch.ones(())

    def attach(self, model: nn.Module) -> None:
        super().attach(model)
        self.scaler.ranks_differ = is_sharded(model)

    def backward(self, loss: Tensor, **kwargs: Any) -> None:
        if self.scaler.is_enabled():
            finite = loss.detach().isfinite()
            self._loss_is_finite = self._loss_is_finite.to(finite.device) * finite
        self.scaler.scale(loss).backward(**kwargs)
        self._inner_count += 1

    def step(self, **kwargs: Any) -> None:
        if not self.scaler.is_enabled():
            super().step(**kwargs)
            return
        if self.clip_grad_kwargs:
            self.scaler.unscale_(self.optimizer)
            self._clip_grad()
        self.scaler.step(self.optimizer, **kwargs)
        self._count_scaled()
        self.scaler.update()

    def _count_scaled(self) -> None:
        """Count what the scaler left out; in a row, what no smaller scale would have mended."""
        if is_distributed():  # the gradients are shared, the losses are each rank's own
            all_reduce(self._loss_is_finite, op='min')
        left_out = self.scaler.found > 0
        scale = self.scaler._get_scale_async()
        assert scale is not None
        hopeless = (self._loss_is_finite < 1) | (scale < 1)
        self._count(left_out, left_out & hopeless & self.skip_nonfinite)
        self._loss_is_finite = torch.ones_like(self._loss_is_finite)

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
        with super().optim_context(model), torch.autocast(self.device, dtype=self.cast_dtype):
            yield

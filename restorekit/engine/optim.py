"""Optimizer wrappers: a guard against non-finite gradients, and mixed precision on any device."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, get_args

import torch
from mmengine.device import get_device
from mmengine.dist import all_reduce
from mmengine.optim import OptimWrapper as MMEngineOptimWrapper
from torch import Tensor, nn

from restorekit.engine.distributed import (
    is_sharded,
    load_whole_optimizer_state,
    whole_optimizer_state,
)
from restorekit.registry import OPTIM_WRAPPERS

Dtype = Literal['float16', 'bfloat16']


@OPTIM_WRAPPERS.register_module()
class OptimWrapper(MMEngineOptimWrapper):
    """mmengine's, which leaves out a step whose gradients are not all finite.

    A loss that is not finite makes such gradients, on every rank of a DDP run alike. `skipped`
    counts the steps left out, `skipped_in_a_row` those since the last step that was taken.

    Args:
        optimizer, accumulative_counts, clip_grad: As in mmengine.
        skip_nonfinite: Switch for the guard.
    """

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        *,
        accumulative_counts: int = 1,
        clip_grad: dict | None = None,
        skip_nonfinite: bool = True,
    ) -> None:
        super().__init__(optimizer, accumulative_counts, clip_grad)
        self.skip_nonfinite = skip_nonfinite
        self.skipped = 0
        self.skipped_in_a_row = 0
        self.model: nn.Module | None = None

    def attach(self, model: nn.Module) -> None:
        """Set the model, as it is trained: each rank may hold a part of the gradients alone."""
        self.model = model

    def state_dict(self) -> dict:
        """That of the whole model, also where it is sharded; to be called on all ranks."""
        state = super().state_dict()
        return state | whole_optimizer_state(self.model, self.optimizer)

    def load_state_dict(self, state_dict: dict) -> None:
        """Take over what `state_dict` gave, with or without sharded weights."""
        state = dict(state_dict)
        settings = state.pop('base_param_settings', None)
        if settings is not None:
            self.base_param_settings = settings
        load_whole_optimizer_state(self.model, self.optimizer, state)

    def _clip_grad(self) -> None:
        if is_sharded(self.model):
            options = {k: v for k, v in self.clip_grad_kwargs.items() if k != 'type'}
            norm = self.model.clip_grad_norm_(**options)
            self.message_hub.update_scalar('train/grad_norm', float(norm))
        else:
            super()._clip_grad()

    def step(self, **kwargs: Any) -> None:
        if self._may_step():
            super().step(**kwargs)

    @property
    def at_step_boundary(self) -> bool:
        """Whether no gradients are being accumulated."""
        return self._inner_count % self._accumulative_counts == 0

    def _may_step(self) -> bool:
        if not self.skip_nonfinite:
            return True
        grads = [p.grad for group in self.optimizer.param_groups for p in group['params']]
        finite = _all_finite([grad for grad in grads if grad is not None and grad.numel()])
        if is_sharded(self.model):  # the others see other gradients
            flag = torch.tensor(float(finite), device=self.model.compute_device)
            all_reduce(flag, op='min')
            finite = bool(flag.item())
        self.skipped += not finite
        self.skipped_in_a_row = 0 if finite else self.skipped_in_a_row + 1
        return finite


def _all_finite(grads: list[Tensor]) -> bool:
    """One transfer in all: infinity and NaN survive in the largest magnitude of each tensor."""
    if not grads:
        return True
    largest = torch._foreach_norm(grads, float('inf'))
    return bool(torch.stack([norm.float() for norm in largest]).isfinite().all())


class GradScaler(torch.amp.GradScaler):
    """torch's, whose ranks leave out the same steps where each holds a part of the gradients.

    Infinity may then be in the part of one rank alone. torch's own ShardedGradScaler does not share
    what fused optimizers find, and fails where their gradients are clipped (torch 2.4 to 2.13).
    """

    ranks_differ = False

    def _unscale_grads_(
        self,
        optimizer: torch.optim.Optimizer,
        inv_scale: Tensor,
        found_inf: Tensor,
        allow_fp16: bool,
    ) -> dict[torch.device, Tensor]:
        """Unscale, and tell each device whether infinity was found: all steps come through here."""
        found = super()._unscale_grads_(optimizer, inv_scale, found_inf, allow_fp16)
        if not self.ranks_differ:
            return found
        # A rank may hold no gradient at all.
        flag = sum((flag.to(found_inf.device) for flag in found.values()), start=found_inf)
        all_reduce(flag, op='max')
        return {flag.device: flag}


@OPTIM_WRAPPERS.register_module()
class AmpOptimWrapper(OptimWrapper):
    """Automatic mixed precision, on CPU too, where mmengine's needs a GPU.

    Args:
        optimizer, accumulative_counts, clip_grad, skip_nonfinite: As for OptimWrapper.
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
        self.dtype = getattr(torch, dtype)
        self.scaler = GradScaler(self.device, init_scale=loss_scale, enabled=dtype == 'float16')
        # With a gradient scale, infinity says that the scale is too large: the scaler's own affair.
        self.skip_nonfinite = self.skip_nonfinite and not self.scaler.is_enabled()

    def attach(self, model: nn.Module) -> None:
        super().attach(model)
        self.scaler.ranks_differ = is_sharded(model)

    def backward(self, loss: Tensor, **kwargs: Any) -> None:
        self.scaler.scale(loss).backward(**kwargs)
        self._inner_count += 1

    def step(self, **kwargs: Any) -> None:
        if not self._may_step():
            return
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

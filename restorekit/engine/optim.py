"""The optimizer wrapper, with a guard against non-finite gradients that no device waits for."""

from __future__ import annotations

from collections import deque
from typing import Any

import torch
from mmengine.dist import all_reduce
from mmengine.optim import OptimWrapper as MMEngineOptimWrapper
from torch import Tensor, nn

from restorekit.engine.distributed import (
    is_sharded,
    load_whole_optimizer_state,
    whole_optimizer_state,
)
from restorekit.registry import OPTIM_WRAPPERS

FUSED = (torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD)
KERNELS = ('fused', 'foreach')  # options of a parameter group that say how, not what, is computed


@OPTIM_WRAPPERS.register_module()
class OptimWrapper(MMEngineOptimWrapper):
    """mmengine's, which leaves out a step whose gradients are not all finite.

    A loss that is not finite makes such gradients, on every rank of a DDP run alike. `skipped`
    counts the steps left out, `skipped_in_a_row` those since the last step that was taken. Both are
    counted where the gradients are: to read them is to wait for the device.

    A fused optimizer leaves a step out by itself, on the device; any other is asked, and waits. On
    a GPU Adam, AdamW and SGD are fused, unless their config says `fused` or `foreach`.

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
        self.unread: deque[tuple[str, Tensor]] = deque(maxlen=1000)  # for the log, by name
        self.model: nn.Module | None = None
        self._skipped: Tensor | int = 0
        self._in_a_row: Tensor | int = 0
        self._flags = torch.zeros(()), torch.ones(())

    @property
    def skipped(self) -> int:
        """Steps left out."""
        return int(self._skipped)

    @property
    def skipped_in_a_row(self) -> int:
        """Steps left out since the last that was taken."""
        return int(self._in_a_row)

    @property
    def waits(self) -> bool:
        """Whether to read the two is to wait for a device."""
        return isinstance(self._skipped, Tensor) and not self._skipped.is_cpu

    def attach(self, model: nn.Module) -> None:
        """Set the model, as it is trained: each rank may hold a part of the gradients alone."""
        self.model = model
        if _can_be_fused(self.optimizer):
            for group in self.optimizer.param_groups:
                group['fused'] = True
            self.optimizer._step_supports_amp_scaling = True

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
        # Which kernels compute is this machine's affair, not that of the one that wrote the state.
        own = self.optimizer.param_groups
        if len(state['param_groups']) == len(own):
            state['param_groups'] = [
                group | {name: mine[name] for name in KERNELS if name in mine}
                for group, mine in zip(state['param_groups'], own, strict=True)
            ]
        load_whole_optimizer_state(self.model, self.optimizer, state)

    def _clip_grad(self) -> None:
        options = self.clip_grad_kwargs
        norm: Tensor | None
        if is_sharded(self.model):
            options = {k: v for k, v in options.items() if k != 'type'}
            norm = self.model.clip_grad_norm_(**options)
        else:
            parameters = [p for group in self.optimizer.param_groups for p in group['params']]
            parameters = [p for p in parameters if p.requires_grad and p.grad is not None]
            norm = self.clip_func(parameters, **options) if parameters else None
        if norm is not None:  # clipping values gives none
            self.unread.append((f'train/{self.grad_name}', norm.detach()))

    def step(self, **kwargs: Any) -> None:
        if not self.skip_nonfinite:
            super().step(**kwargs)
            return
        found = self._found_nonfinite()
        if self._is_fused():
            self._count(found > 0)
            self.optimizer.found_inf = found  # as torch's gradient scaler sets it
            super().step(**kwargs)
            del self.optimizer.found_inf
            return
        left_out = found.item() > 0
        self._count(left_out)
        if not left_out:
            super().step(**kwargs)

    @property
    def at_step_boundary(self) -> bool:
        """Whether no gradients are being accumulated."""
        return self._inner_count % self._accumulative_counts == 0

    def _is_fused(self) -> bool:
        groups = self.optimizer.param_groups
        return isinstance(self.optimizer, FUSED) and all(group.get('fused') for group in groups)

    def _found_nonfinite(self) -> Tensor:
        """1 if a gradient is not finite, on any rank, else 0; float32, on their device."""
        grads = [p.grad for group in self.optimizer.param_groups for p in group['params']]
        found = self._check([grad for grad in grads if grad is not None and grad.numel()])
        if is_sharded(self.model):  # the others see other gradients
            found = found.to(self.model.compute_device)
            all_reduce(found, op='max')
        return found

    def _check(self, grads: list[Tensor]) -> Tensor:
        """1 if one of them is not finite, else 0; float32, on their device."""
        kinds: dict[tuple[torch.device, torch.dtype], list[Tensor]] = {}
        for grad in grads:
            real = torch.view_as_real(grad) if grad.is_complex() else grad
            kinds.setdefault((real.device, real.dtype), []).append(real)
        device = next((device for device, _ in kinds), torch.device('cpu'))
        if self._flags[0].device != device:
            self._flags = torch.zeros((), device=device), torch.ones((), device=device)
        found, one = self._flags  # to make them anew takes longer than to ask
        found.zero_()
        for (kind, _), alike in kinds.items():
            if kind.type in ('cpu', 'cuda'):
                # What torch's gradient scaler asks; a factor of one changes no bit.
                torch._amp_foreach_non_finite_check_and_unscale_(alike, found, one)
            else:  # some cannot: infinity and NaN survive in the largest magnitude
                largest = torch.stack(torch._foreach_norm(alike, float('inf'))).amax()
                found.add_(~largest.isfinite())
        return found

    def _count(self, left_out: Tensor | bool, in_a_row: Tensor | None = None) -> None:
        """Count a step; `in_a_row` says whether one left out counts as such, which it does."""
        self._skipped = self._skipped + left_out
        self._in_a_row = (self._in_a_row + (left_out if in_a_row is None else in_a_row)) * left_out


def _can_be_fused(optimizer: torch.optim.Optimizer) -> bool:
    """Whether torch has a fused kernel for it, all is on a GPU, and its config does not choose."""
    return type(optimizer) in FUSED and all(
        not any(group.get(name) for name in ('capturable', 'differentiable'))
        and all(group.get(name) is None for name in KERNELS)
        and all(p.is_cuda and p.is_floating_point() for p in group['params'])
        for group in optimizer.param_groups
    )

"""mmengine's Runner with the promises of this toolkit kept: seeded samples, safe checkpoints, CPU
process groups."""

from __future__ import annotations

import os
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import torch
from mmengine.dist import is_distributed, master_only
from mmengine.runner import Runner as MMEngineRunner
from torch import nn
from torch.utils.data import DataLoader

from restorekit.datasets import SeededDataset
from restorekit.engine.checkpoint import load_weights, read_checkpoint
from restorekit.engine.samplers import ResumableSampler
from restorekit.registry import DATA_SAMPLERS, RUNNERS


@RUNNERS.register_module()
class Runner(MMEngineRunner):
    """Trains, validates and tests what a config describes. Configs name it by `runner_type =
    'restorekit.Runner'`.

    Beside mmengine's keys a config may hold `unsafe_load`: unpickle checkpoints without
    restriction.
    """

    _resumed_iter = 0  # iteration at which the sampler's present `start` was current
    _strict_loading = False

    @staticmethod
    def build_dataloader(
        dataloader: DataLoader | dict, seed: int | None = None, diff_rank_seed: bool = False
    ) -> DataLoader:
        """mmengine's, with SeededDataset around the dataset."""
        if isinstance(dataloader, dict) and _has_fixed_positions(dataloader.get('sampler')):
            dataloader = {
                **dataloader,
                'dataset': {
                    'type': SeededDataset,
                    'dataset': dataloader['dataset'],
                    'seed': seed or 0,
                },
            }
        return MMEngineRunner.build_dataloader(dataloader, seed=seed, diff_rank_seed=diff_rank_seed)

    def setup_env(self, env_cfg: dict) -> None:
        """mmengine's, except that processes without a GPU meet through gloo."""
        if (
            self.distributed
            and not is_distributed()
            and not torch.cuda.is_available()
            and 'RANK' in os.environ
        ):
            torch.distributed.init_process_group('gloo')
        super().setup_env(env_cfg)

    def wrap_model(self, model_wrapper_cfg: dict | None, model: nn.Module) -> nn.Module:
        """mmengine's, except that DDP on CPU gets no device ids."""
        if self.distributed and not torch.cuda.is_available():
            model_wrapper_cfg = {
                'type': 'MMDistributedDataParallel',
                'broadcast_buffers': False,
                'device_ids': None,
                'find_unused_parameters': self.cfg.get('find_unused_parameters', False),
                **(model_wrapper_cfg or {}),
            }
        return super().wrap_model(model_wrapper_cfg, model)

    def scale_lr(self, optim_wrapper: Any, auto_scale_lr: dict | None = None) -> None:
        """Scale the learning rate by the real total batch: per rank, times ranks, times accumulated
        steps."""
        if auto_scale_lr is None or not auto_scale_lr.get('enable'):
            return
        if 'base_batch_size' not in auto_scale_lr:
            raise ValueError(
                'auto_scale_lr: base_batch_size is missing; it is the total batch that the '
                'learning rate was chosen for'
            )
        counts = getattr(optim_wrapper, '_accumulative_counts', 1)
        total = self._batch_size() * self.world_size * counts
        ratio = total / auto_scale_lr['base_batch_size']
        for group in optim_wrapper.optimizer.param_groups:
            group['lr'] *= ratio
        self.logger.info(
            f'Learning rate scaled by {ratio:g}: total batch {total} ({self._batch_size()} per '
            f'rank x {self.world_size} ranks x {counts} accumulated), '
            f'chosen for {auto_scale_lr["base_batch_size"]}'
        )

    def load_checkpoint(
        self,
        filename: str,
        map_location: str | Callable = 'cpu',
        strict: bool = False,
        revise_keys: Any = None,
    ) -> dict:
        """Load weights from a file on disk; see `restorekit.engine.checkpoint`. `revise_keys` is
        not supported."""
        checkpoint = read_checkpoint(
            filename, map_location=map_location, unsafe=self.cfg.get('unsafe_load', False)
        )
        checkpoint.get('meta', {}).pop('config', None)  # mmengine would run it as Python
        self.call_hook('after_load_checkpoint', checkpoint=checkpoint)
        model = getattr(self.model, 'module', self.model)
        problem = load_weights(
            model,
            checkpoint['state_dict'],
            source=str(filename),
            strict=strict or self._strict_loading,
        )
        if problem:
            self.logger.warning(f'{filename} fits in part: {problem}')
        self._has_loaded = True
        self.logger.info(f'Loaded {filename}')
        return checkpoint

    def resume(self, filename: str, *args: Any, **kwargs: Any) -> None:
        """mmengine's, and the sampler goes on where the checkpoint left it."""
        self._strict_loading = True
        super().resume(filename, *args, **kwargs)
        self._strict_loading = False
        sampler = self.train_dataloader.sampler
        if isinstance(sampler, ResumableSampler):
            # Not iterations times batch: the batch, or the number of ranks, may have changed
            # meanwhile.
            sampler.start = self.message_hub.get_info('position', 0)
            self._resumed_iter = self.iter
            loop = self.train_loop
            if hasattr(
                loop, 'dataloader_iterator'
            ):  # it may have prefetched from position 0 already
                loop.dataloader_iterator = type(loop.dataloader_iterator)(loop.dataloader)

    @master_only
    def save_checkpoint(self, *args: Any, **kwargs: Any) -> None:
        """mmengine's, with the number of samples consumed by all ranks."""
        sampler = getattr(self.train_dataloader, 'sampler', None)
        if isinstance(sampler, ResumableSampler):
            done = self.iter + 1 - self._resumed_iter
            self.message_hub.update_info(
                'position', sampler.start + done * self._batch_size() * self.world_size
            )
        super().save_checkpoint(*args, **kwargs)

    def val(self) -> dict:
        self._strict_loading = True
        return super().val()

    def test(self) -> dict:
        self._strict_loading = True
        return super().test()

    def _batch_size(self) -> int:
        loader = self._train_dataloader
        if isinstance(loader, dict):
            return loader['batch_size']
        assert loader is not None
        return loader.batch_size


def _has_fixed_positions(sampler: Any) -> bool:
    """Whether a sampler hands out positions, or goes through the dataset in order; another one has
    no position to offer."""
    if not isinstance(sampler, dict):
        return False
    kind = sampler['type']
    found = DATA_SAMPLERS.get(kind) if isinstance(kind, str) else kind
    if isinstance(found, type) and issubclass(found, ResumableSampler):
        return True
    return deepcopy(sampler).get('shuffle') is False

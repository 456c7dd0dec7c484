"""mmengine's Runner, with seeded samples, safe checkpoints and process groups without a GPU."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.dataset import DefaultSampler
from mmengine.dist import broadcast, is_main_process
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger
from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapper as MMEngineOptimWrapper
from mmengine.optim import OptimWrapperDict
from mmengine.runner import BaseLoop, EpochBasedTrainLoop
from mmengine.runner import Runner as MMEngineRunner
from torch import nn
from torch.utils.data import DataLoader

from restorekit.config.settings import spread_settings
from restorekit.datasets import SeededDataset
from restorekit.engine.console import hush, speak
from restorekit.engine.device_loader import on_device
from restorekit.engine.distributed import is_sharded, shards, wrapper_options
from restorekit.engine.guarding import check_ranks_agree, explained, lock_folder
from restorekit.engine.hooks.guard import PreemptionHook
from restorekit.engine.launching import open_process_group
from restorekit.engine.loading import with_workers
from restorekit.engine.optim import OptimWrapper
from restorekit.engine.resumable import ResumableRunner
from restorekit.engine.samplers import ResumableSampler
from restorekit.functional import set_tf32
from restorekit.registry import DATA_SAMPLERS, RUNNERS, SCOPE
from restorekit.restorers.preprocessor import ImagePreprocessor


@RUNNERS.register_module()
class Runner(ResumableRunner):
    """Trains, validates and tests what a config describes.

    Configs name it by `runner_type = 'restorekit.Runner'`. Besides mmengine's keys they may hold
    `unsafe_load`: unpickle checkpoints without restriction.
    """

    test_dtype: torch.dtype | None = None  # to which a test autocasts; who casts says so

    @classmethod
    def from_cfg(cls, cfg: Config) -> Runner:
        """mmengine's; what is said once at the top is handed on, and the default scope is ours."""
        cfg = copy.deepcopy(cfg)
        cfg.setdefault('default_scope', SCOPE)
        spread_settings(cfg, cfg.filename or 'config')
        return super().from_cfg(cfg)

    def build_logger(
        self, log_level: int | str = 'INFO', log_file: str | None = None, **options: Any
    ) -> MMLogger:
        """mmengine's; the console is quiet until something begins, and shorter than the file.

        `options` are those of mmengine's logger.
        """
        logger = super().build_logger(log_level, log_file, **options)
        hush(logger)
        return logger

    @staticmethod
    def build_dataloader(
        dataloader: DataLoader | dict, seed: int | None = None, diff_rank_seed: bool = False
    ) -> DataLoader:
        """mmengine's, with SeededDataset around the dataset.

        Besides the options of a DataLoader there may be `skip_unreadable`: see SeededDataset; and
        `on_device`, True or options of DeviceImages.
        """
        if isinstance(dataloader, dict):
            dataloader = dict(dataloader)
            skip = dataloader.pop('skip_unreadable', False)
            device = dataloader.pop('on_device', False)
            if _has_fixed_positions(dataloader.get('sampler')):
                dataloader['dataset'] = {
                    'type': SeededDataset,
                    'dataset': dataloader['dataset'],
                    'seed': seed or 0,
                    'skip_unreadable': skip,
                }
                if device is not False:
                    dataloader = on_device(dataloader, device)
            elif skip or device is not False:
                name = 'skip_unreadable' if skip else 'on_device'
                raise ValueError(f'{name} needs ResumableSampler')
            dataloader = with_workers(dataloader, seed=seed or 0)
        return MMEngineRunner.build_dataloader(dataloader, seed=seed, diff_rank_seed=diff_rank_seed)

    def build_train_loop(self, loop: dict | BaseLoop) -> BaseLoop:
        """mmengine's, with batches that are stacked in the workers, where the model takes them.

        An endless sampler is refused where epochs are to end.
        """
        model = self.model.module if is_model_wrapper(self.model) else self.model
        loader: DataLoader | dict = self._train_dataloader  # type: ignore[has-type]  # mmengine's
        if isinstance(loader, dict) and isinstance(model.data_preprocessor, ImagePreprocessor):
            self._train_dataloader = with_workers(loader, seed=self.seed, stacked=True)
        built = super().build_train_loop(loop)
        endless = isinstance(getattr(built.dataloader, 'sampler', None), ResumableSampler)
        if endless and isinstance(built, EpochBasedTrainLoop):
            raise ValueError(
                'ResumableSampler never ends: use IterBasedTrainLoop, or DefaultSampler for epochs'
            )
        return built

    def dump_config(self) -> None:
        """mmengine's, in training alone: a test must not overwrite what a run was trained with."""
        if self._train_loop is not None:
            super().dump_config()

    def setup_env(self, env_cfg: dict) -> None:
        """mmengine's, and TF32; how the processes meet is for `open_process_group`."""
        if 'tf32' in env_cfg:
            set_tf32(env_cfg['tf32'])
        open_process_group(self.launcher, **env_cfg.get('dist_cfg', {}))
        super().setup_env(env_cfg)
        if self._train_dataloader is not None and is_main_process():
            self._lock = lock_folder(Path(self.work_dir))

    def set_randomness(
        self, seed: int | None, diff_rank_seed: bool = False, deterministic: bool = False
    ) -> None:
        """mmengine's; `deterministic` also sets cuBLAS's variable, read when that starts."""
        if deterministic:
            os.environ.setdefault('CUBLAS_WORKSPACE_CONFIG', ':4096:8')
            torch.backends.cudnn.benchmark = False
        super().set_randomness(seed, diff_rank_seed, deterministic)

    def build_evaluator(self, evaluator: Any) -> Evaluator:
        """mmengine's; several nodes gather their figures without a folder that all of them see."""
        built = super().build_evaluator(evaluator)
        for metric in built.metrics if self.distributed else ():
            if metric.collect_device == 'cpu' and getattr(metric, 'collect_dir', None) is None:
                metric.collect_device = (
                    'gpu'  # mmengine's word for: by the process group, whatever it is
                )
        return built

    def wrap_model(self, model_wrapper_cfg: dict | None, model: nn.Module) -> nn.Module:
        """mmengine's, except that processes without a GPU get no device ids."""
        if self.distributed and shards(model_wrapper_cfg):
            # mmengine makes the ranks' weights equal later, when each has but a part of them.
            initialize = getattr(model, 'init_weights', None)
            if initialize is not None:
                initialize()
            for tensor in model.state_dict().values():
                broadcast(tensor)
        if self.distributed:
            unused = self.cfg.get('find_unused_parameters', False)
            model_wrapper_cfg = wrapper_options(model_wrapper_cfg, find_unused_parameters=unused)
        return super().wrap_model(model_wrapper_cfg, model)

    def _init_model_weights(self) -> None:
        """mmengine's, which makes all ranks' weights equal; sharded ones are done already."""
        if not is_sharded(self.model):
            super()._init_model_weights()

    def build_optim_wrapper(
        self, optim_wrapper: dict | torch.optim.Optimizer | MMEngineOptimWrapper
    ) -> MMEngineOptimWrapper | OptimWrapperDict:
        """mmengine's; ours is told the model, and must be there where the weights are sharded."""
        built = super().build_optim_wrapper(optim_wrapper)
        if isinstance(built, OptimWrapper):
            built.attach(self.model)
        elif is_sharded(self.model):
            raise ValueError(
                'optim_wrapper: sharded weights take OptimWrapper or AmpOptimWrapper of '
                f'restorekit, got {type(built).__module__}.{type(built).__name__}'
            )
        return built

    def _maybe_compile(self, target: str) -> None:
        """Compile the backbone alone, where the config's `compile` asks for it.

        mmengine would compile the whole step, with the optimizer and the logs in it.
        """
        options = self.cfg.get('compile')
        if not options:
            return
        options = {} if options is True else dict(options)
        model = self.model.module if is_model_wrapper(self.model) else self.model
        for name in ('forward', 'forward_train'):
            if hasattr(model.backbone, name):
                try:
                    compiled = torch.compile(getattr(model.backbone, name), **options)
                except RuntimeError as error:  # no such backend, or mode
                    raise ValueError(f'compile: {str(error).splitlines()[0]}') from error
                setattr(model.backbone, name, compiled)
        self.logger.info('The backbone is compiled in its first steps, which take long')

    def train(self) -> nn.Module:
        """mmengine's; what ends it is said in a sentence, and signals get their handlers back."""
        speak(self.logger)
        if self.distributed:
            check_ranks_agree(self.cfg.pretty_text, len(self.train_dataloader.dataset))
        try:
            with explained(self):
                return super().train()
        finally:
            for hook in self._hooks:
                if isinstance(hook, PreemptionHook):
                    hook.release()

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """Of the inputs of the present step."""
        return self._history_hook.batch_shape

    def scale_lr(
        self, optim_wrapper: MMEngineOptimWrapper, auto_scale_lr: dict | None = None
    ) -> None:
        """Scale the learning rate by the real total batch: batch x ranks x accumulated steps."""
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


def _has_fixed_positions(sampler: object) -> bool:
    """Whether a sampler hands out positions, or goes through the dataset in order."""
    if not isinstance(sampler, dict):
        return False
    kind = sampler['type']
    found = DATA_SAMPLERS.get(kind) if isinstance(kind, str) else kind
    if not isinstance(found, type):
        return False
    in_order = issubclass(found, DefaultSampler) and sampler.get('shuffle') is False
    return in_order or issubclass(found, ResumableSampler)

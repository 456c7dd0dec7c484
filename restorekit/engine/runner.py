"""mmengine's Runner, with seeded samples, safe checkpoints and process groups without a GPU."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from mmengine.dataset import DefaultSampler
from mmengine.dist import all_gather_object, broadcast, is_main_process
from mmengine.model import is_model_wrapper
from mmengine.runner import EpochBasedTrainLoop
from mmengine.runner import Runner as MMEngineRunner
from mmengine.runner.checkpoint import weights_to_cpu
from torch import nn
from torch.utils.data import DataLoader

from restorekit.datasets import DataError, SeededDataset
from restorekit.datasets.base import sample_files
from restorekit.engine.checkpoint import (
    CheckpointError,
    latest_checkpoint,
    load_weights,
    read_checkpoint,
    write_checkpoint,
)
from restorekit.engine.distributed import (
    average_buffers,
    is_sharded,
    open_process_group,
    own_optimizer_state,
    shards,
    whole_model,
    whole_optimizer_state,
    wrapper_options,
)
from restorekit.engine.history import BoundedHistoryHook, plain_history, restored_history
from restorekit.engine.random_state import RandomStateHook, random_state
from restorekit.engine.samplers import ResumableSampler
from restorekit.registry import DATA_SAMPLERS, RUNNERS
from restorekit.version import __version__, versions


@RUNNERS.register_module()
class Runner(MMEngineRunner):
    """Trains, validates and tests what a config describes.

    Configs name it by `runner_type = 'restorekit.Runner'`. Beside mmengine's keys they may hold
    `unsafe_load`: unpickle checkpoints without restriction.
    """

    _resumed_iter = 0  # iteration at which the sampler's present `start` was current
    _loaded_meta: dict = {}  # noqa: RUF012  (replaced, never changed)
    _strict_loading = False
    _resuming = False

    @staticmethod
    def build_dataloader(
        dataloader: DataLoader | dict, seed: int | None = None, diff_rank_seed: bool = False
    ) -> DataLoader:
        """mmengine's, with SeededDataset around the dataset.

        Beside the options of a DataLoader there may be `skip_unreadable`: see SeededDataset.
        """
        if isinstance(dataloader, dict):
            dataloader = dict(dataloader)
            skip = dataloader.pop('skip_unreadable', False)
            if _has_fixed_positions(dataloader.get('sampler')):
                dataloader['dataset'] = {
                    'type': SeededDataset,
                    'dataset': dataloader['dataset'],
                    'seed': seed or 0,
                    'skip_unreadable': skip,
                }
            elif skip:
                raise ValueError('skip_unreadable needs ResumableSampler')
        return MMEngineRunner.build_dataloader(dataloader, seed=seed, diff_rank_seed=diff_rank_seed)

    def build_train_loop(self, loop: Any) -> Any:
        """mmengine's, except that an endless sampler is refused where epochs are to end."""
        built = super().build_train_loop(loop)
        endless = isinstance(getattr(built.dataloader, 'sampler', None), ResumableSampler)
        if endless and isinstance(built, EpochBasedTrainLoop):
            raise ValueError(
                'ResumableSampler never ends: use IterBasedTrainLoop, or DefaultSampler for epochs'
            )
        return built

    def register_hooks(self, default_hooks: Any = None, custom_hooks: Any = None) -> None:
        """mmengine's, and those that keep the random generators and the histories in order."""
        super().register_hooks(default_hooks, custom_hooks)
        self.register_hook(BoundedHistoryHook())
        self._random_state_hook = RandomStateHook()
        self.register_hook(self._random_state_hook)

    def dump_config(self) -> None:
        """mmengine's, in training alone: a test must not overwrite what a run was trained with."""
        if self._train_loop is not None:
            super().dump_config()

    def setup_env(self, env_cfg: dict) -> None:
        """mmengine's, except for how the processes meet; see `open_process_group`."""
        open_process_group(self.launcher, env_cfg.get('dist_cfg', {}).get('backend', 'nccl'))
        super().setup_env(env_cfg)

    def wrap_model(self, model_wrapper_cfg: dict | None, model: nn.Module) -> nn.Module:
        """mmengine's, except that processes without a GPU get no device ids."""
        if self.distributed and shards(model_wrapper_cfg):
            # mmengine makes the ranks' weights equal later, when each has but a part of them.
            if hasattr(model, 'init_weights'):
                model.init_weights()
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

    def build_optim_wrapper(self, optim_wrapper: Any) -> Any:
        """mmengine's, which is told where the weights are sharded."""
        built = super().build_optim_wrapper(optim_wrapper)
        if is_sharded(self.model):
            built.sharded_model = self.model
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
                compiled = torch.compile(getattr(model.backbone, name), **options)
                setattr(model.backbone, name, compiled)
        self.logger.info('The backbone is compiled in its first steps, which take long')

    def train(self) -> nn.Module:
        """mmengine's, and the death of a loader's worker names the files it may have read."""
        try:
            return super().train()
        except RuntimeError as error:
            if not re.match(r'DataLoader worker.*(exited unexpectedly|killed)', str(error)):
                raise
            first = str(error).splitlines()[0].rstrip('. ')
            raise DataError(f'{first}. One of these was being read: {self._in_flight()}') from error

    def _in_flight(self) -> str:
        """The files of the batches that workers have not delivered yet."""
        loader = self.train_dataloader
        if not isinstance(loader.sampler, ResumableSampler):
            return 'unknown, the sampler has no positions'
        position = self._position(self.iter)
        assert position is not None
        count = loader.batch_size * loader.num_workers * (loader.prefetch_factor or 1)
        data = loader.dataset.dataset
        samples = (data.get_data_info(i) for i in loader.sampler.indices(position, count))
        return ', '.join(path for sample in samples for _, path in sample_files(sample))

    def scale_lr(self, optim_wrapper: Any, auto_scale_lr: dict | None = None) -> None:
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

    def load_checkpoint(
        self,
        filename: str,
        map_location: str | Callable = 'cpu',
        strict: bool = False,
        revise_keys: Any = None,
    ) -> dict:
        """Load weights from a file on disk, as `restorekit.engine.checkpoint` does.

        `map_location` and `revise_keys` are mmengine's and have no effect: tensors come to the CPU
        first, and other codes' names take a converter.
        """
        # Always to the CPU: what belongs on a device is copied there when it is loaded.
        checkpoint = read_checkpoint(filename, unsafe=self.cfg.get('unsafe_load', False))
        checkpoint.setdefault('meta', {}).pop('config', None)  # mmengine would run it as Python
        if self._resuming and not {'iter', 'epoch'} <= checkpoint['meta'].keys():
            raise CheckpointError(
                f'{filename}: weights alone, no run to resume; to start from them set load_from'
            )
        self.call_hook('after_load_checkpoint', checkpoint=checkpoint)
        with whole_model(self.model) as model:
            problem = load_weights(
                model,
                checkpoint['state_dict'],
                source=str(filename),
                strict=strict or self._strict_loading,
            )
        if self._resuming and 'optimizer' in checkpoint:
            checkpoint['optimizer'] = own_optimizer_state(
                self.model, self.optim_wrapper, checkpoint['optimizer']
            )
        if problem:
            self.logger.warning(f'{filename} fits in part: {problem}')
        history = checkpoint.get(
            'message_hub', {'log_scalars': {}, 'runtime_info': {}, 'resumed_keys': {}}
        )
        checkpoint['message_hub'] = restored_history(history)
        self._loaded_meta = checkpoint['meta']
        self._has_loaded = True
        self.logger.info(f'Loaded {filename}')
        return checkpoint

    def load_or_resume(self) -> None:
        """mmengine's; resuming without a named checkpoint takes the latest that is whole."""
        if self._resume and self._load_from is None and not self._has_loaded:
            path, passed_over = latest_checkpoint(Path(self.work_dir))
            for reason in passed_over:
                self.logger.warning(f'Passed over: {reason}')
            if path is None:
                if passed_over:
                    raise CheckpointError(f'{self.work_dir}: no checkpoint is whole')
                self.logger.info(f'{self.work_dir} has no checkpoint: starting anew')
                return
            self._load_from: str | None = str(path)
        super().load_or_resume()

    def resume(self, filename: str, *args: Any, **kwargs: Any) -> None:
        """mmengine's, and samples and random generators go on where the checkpoint left them."""
        self._strict_loading = self._resuming = True
        super().resume(filename, *args, **kwargs)
        self._strict_loading = self._resuming = False
        saved = self._loaded_meta
        loader = self.train_dataloader
        if isinstance(loader.sampler, ResumableSampler):
            # Not iterations times batch: batch and number of ranks may have changed meanwhile.
            loader.sampler.start = saved.get('position') or 0
            loader.sampler.seed = loader.dataset.seed = self.seed  # the checkpoint's, by now
            self._resumed_iter = self.iter
        loop = self.train_loop
        if hasattr(loop, 'dataloader_iterator'):  # an eager one has begun at position 0 already
            loop.dataloader_iterator = type(loop.dataloader_iterator)(loader)
        self._warn_of_changes(saved)
        states = saved.get('random_states') or []
        if len(states) == self.world_size:
            self._random_state_hook.to_restore = states[self.rank]

    def _warn_of_changes(self, saved: dict) -> None:
        """Say what can no longer end in the same bits."""
        changes = {
            'processes': (len(saved.get('random_states') or []), self.world_size),
            'images per batch': (saved.get('batch_size'), self._batch_size()),
            'iterations': (saved.get('max_iters'), self.max_iters),
        }
        for what, (before, now) in changes.items():
            if before != now:
                self.logger.warning(
                    f'Resumed with another number of {what} ({before or "unknown"} before, {now} '
                    'now): no sample is lost or repeated and the learning rate keeps its schedule, '
                    'but the bits cannot be the same'
                )

    def save_checkpoint(
        self,
        out_dir: str,
        filename: str,
        file_client_args: dict | None = None,
        *,
        save_optimizer: bool = True,
        save_param_scheduler: bool = True,
        meta: dict | None = None,
        by_epoch: bool = True,
        backend_args: dict | None = None,
    ) -> None:
        """Write what mmengine's checkpoint holds, and what it takes to go on in the same bits.

        To be called on all ranks; the first writes. Beside mmengine's entries there are the number
        of samples consumed and every rank's random generators. All is tensors and plain data.

        Args:
            out_dir, filename: A folder on disk, and the name in it.
            save_optimizer, save_param_scheduler, meta, by_epoch: As in mmengine.
            file_client_args, backend_args: mmengine's, for storage other than a disk; must be None.
        Raises:
            CheckpointError: If the file cannot be written; an older one of the name is intact.
        """
        if file_client_args is not None or backend_args is not None:
            raise ValueError('Runner: checkpoints go to a disk; backend_args is not supported')
        average_buffers(self.model)
        random_states = all_gather_object(random_state())
        # Hooks run before the loop has counted the iteration, or in mmengine's epochs, the epoch.
        counters = {
            'epoch': self.epoch + by_epoch,
            'iter': self.iter + (not by_epoch),
            **(meta or {}),
        }
        with whole_model(self.model) as model:
            checkpoint = {
                'meta': {**counters, 'random_states': random_states, **self._meta(counters)},
                'state_dict': weights_to_cpu(model.state_dict()),
                'message_hub': plain_history(self.message_hub.state_dict()),
            }
        if save_optimizer:
            checkpoint['optimizer'] = whole_optimizer_state(self.model, self.optim_wrapper)
        if save_param_scheduler and self.param_schedulers is not None:
            checkpoint['param_schedulers'] = _states(self.param_schedulers)
        if is_main_process():
            self.call_hook('before_save_checkpoint', checkpoint=checkpoint)
            write_checkpoint(Path(out_dir) / filename, checkpoint)

    def _meta(self, counters: dict) -> dict:
        """What a checkpoint says of its run."""
        return {
            'cfg': self.cfg.pretty_text,
            'seed': self.seed,
            'position': self._position(counters['iter']),
            'batch_size': self._batch_size(),
            'max_iters': self.max_iters,
            'experiment_name': self.experiment_name,
            'time': time.strftime('%Y%m%d_%H%M%S'),
            'restorekit_version': __version__,
            'versions': versions(),
            'dataset_meta': getattr(self.train_dataloader.dataset, 'metainfo', None),
        }

    def _position(self, iterations: int) -> int | None:
        """Samples that all ranks have consumed, counted from the start of the run."""
        sampler = self.train_dataloader.sampler
        if not isinstance(sampler, ResumableSampler):
            return None
        done = iterations - self._resumed_iter
        return sampler.start + done * self._batch_size() * self.world_size

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


def _states(schedulers: Any) -> Any:
    """States of a list of schedulers, or of one list per optimizer."""
    if isinstance(schedulers, dict):
        return {name: _states(entries) for name, entries in schedulers.items()}
    # Some hold their own methods, which the constructor sets again.
    return [
        {name: value for name, value in scheduler.state_dict().items() if not callable(value)}
        for scheduler in schedulers
    ]


def _has_fixed_positions(sampler: Any) -> bool:
    """Whether a sampler hands out positions, or goes through the dataset in order."""
    if not isinstance(sampler, dict):
        return False
    kind = sampler['type']
    found = DATA_SAMPLERS.get(kind) if isinstance(kind, str) else kind
    if not isinstance(found, type):
        return False
    in_order = issubclass(found, DefaultSampler) and sampler.get('shuffle') is False
    return in_order or issubclass(found, ResumableSampler)

"""mmengine's Runner with checkpoints that a run goes on from in the same bits."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmengine.dist import all_gather_object, is_main_process
from mmengine.hooks import EMAHook
from mmengine.runner import Runner as MMEngineRunner

from restorekit.catalogue import find_model, is_model
from restorekit.config.embedded import model_data
from restorekit.engine import changes, console, history
from restorekit.engine.distributed import (
    average_buffers,
    is_sharded,
    load_whole_weights,
    whole_weights,
)
from restorekit.engine.random_state import KernelSearchHook, RandomStateHook, random_state
from restorekit.engine.samplers import ResumableSampler
from restorekit.io.checkpoint import (
    CheckpointError,
    latest_checkpoint,
    read_checkpoint,
    write_checkpoint,
)
from restorekit.io.fitting import fitting_weights
from restorekit.version import __version__, versions


class ResumableRunner(MMEngineRunner):
    """mmengine's Runner, but for how checkpoints are written, read, and gone on from."""

    _resumed_iter = 0  # iteration at which the sampler's present `start` was current
    _loaded_meta: dict = {}  # noqa: RUF012  (replaced, never changed)
    _strict_loading = False
    _resuming = False

    def register_hooks(
        self, default_hooks: dict | None = None, custom_hooks: list | None = None
    ) -> None:
        """mmengine's, and those that keep the random generators and the histories in order."""
        self._history_hook = history.HistoryHook()
        default_hooks = {'runtime_info': self._history_hook, **(default_hooks or {})}
        super().register_hooks(default_hooks, custom_hooks)
        if is_sharded(self.model) and any(isinstance(hook, EMAHook) for hook in self.hooks):
            raise ValueError(
                'EMAHook: averaged weights and sharded weights (MMFullyShardedDataParallel) do not '
                'go together; leave out the hook or model_wrapper_cfg'
            )
        self._random_state_hook = RandomStateHook()
        own = (history.BoundedHistoryHook(), KernelSearchHook(), console.ConsoleHook())
        for hook in (*own, self._random_state_hook):
            self.register_hook(hook)

    def val(self) -> dict:
        self._strict_loading = True
        return super().val()

    def test(self) -> dict:
        self._strict_loading = True
        return super().test()

    def load_checkpoint(
        self,
        filename: str,
        map_location: str | Callable = 'cpu',
        strict: bool = False,
        revise_keys: list | None = None,
    ) -> dict:
        """Load weights from a file on disk, as `restorekit.io.checkpoint` does.

        `filename` may be the name of a model of the catalogue. `map_location` and `revise_keys` are
        mmengine's and have no effect: tensors come to the CPU first, and other codes' names take a
        converter.
        """
        if is_model(filename):
            filename = str(find_model(filename).file())
        checkpoint = read_checkpoint(filename, unsafe=self.cfg.get('unsafe_load', False))
        checkpoint.setdefault('meta', {}).pop('config', None)  # mmengine would run it as Python
        if self._resuming and not {'iter', 'epoch'} <= checkpoint['meta'].keys():
            raise CheckpointError(
                f'{filename}: weights alone, no run to resume; to start from them set load_from'
            )
        self.call_hook('after_load_checkpoint', checkpoint=checkpoint)
        own = whole_weights(self.model)
        fitting, problem = fitting_weights(
            own,
            checkpoint['state_dict'],
            source=str(filename),
            strict=strict or self._strict_loading,
        )
        load_whole_weights(self.model, own | fitting)
        if problem:
            self.logger.warning(f'{filename} fits in part: {problem}')
        saved = checkpoint.get(
            'message_hub', {'log_scalars': {}, 'runtime_info': {}, 'resumed_keys': {}}
        )
        checkpoint['message_hub'] = history.restored_history(saved)
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
        configured = changes.schedules(self.param_schedulers)
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
        states = saved.get('random_states') or []
        figures = (len(states), saved.get('batch_size'), saved.get('max_iters'))
        now = (self.world_size, self._batch_size(), self.max_iters)
        counts = (dict(zip(changes.COUNTED, each, strict=True)) for each in (figures, now))
        for text in (
            *changes.changed_counts(*counts),
            *changes.changed_schedules(configured, changes.schedules(self.param_schedulers)),
        ):
            self.logger.warning(text)
        if len(states) == self.world_size:
            self._random_state_hook.to_restore = states[self.rank]

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

        To be called on all ranks; the first writes. Besides mmengine's entries there are the number
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
        self._history_hook.read(self)
        average_buffers(self.model)
        random_states = all_gather_object(random_state())
        # Hooks run before the loop has counted the iteration, or in mmengine's epochs, the epoch.
        counters = {
            'epoch': self.epoch + by_epoch,
            'iter': self.iter + (not by_epoch),
            **(meta or {}),
        }
        checkpoint: dict[str, Any] = {
            'meta': {**counters, 'random_states': random_states, **self._meta(counters)},
            'state_dict': whole_weights(self.model, to_save=True),
            'message_hub': history.plain_history(self.message_hub.state_dict()),
        }
        if save_optimizer:
            checkpoint['optimizer'] = self.optim_wrapper.state_dict()
        if save_param_scheduler and self.param_schedulers is not None:
            checkpoint['param_schedulers'] = _states(self.param_schedulers)
        if is_main_process():
            self.call_hook('before_save_checkpoint', checkpoint=checkpoint)
            write_checkpoint(Path(out_dir) / filename, checkpoint)

    def _meta(self, counters: dict) -> dict:
        """What a checkpoint says of its run.

        `model` is the model's config as plain data, from which it can be built again; `cfg` is the
        text of the whole config, for people and mmengine.
        """
        return {
            'model': model_data(self.cfg),
            'cfg': self._config_text,
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

    @functools.cached_property
    def _config_text(self) -> str:
        """Formatted once: it can take a second."""
        return self.cfg.pretty_text

    def _position(self, iterations: int) -> int | None:
        """Samples that all ranks have consumed, counted from the start of the run."""
        sampler = self.train_dataloader.sampler
        if not isinstance(sampler, ResumableSampler):
            return None
        done = iterations - self._resumed_iter
        return sampler.start + done * self._batch_size() * self.world_size

    def _batch_size(self) -> int:
        loader = self._train_dataloader
        if isinstance(loader, dict):
            return loader['batch_size']
        assert loader is not None
        return loader.batch_size


def _states(schedulers: dict | list) -> dict | list:
    """States of a list of schedulers, or of one list per optimizer."""
    if isinstance(schedulers, dict):
        return {name: _states(entries) for name, entries in schedulers.items()}
    # Some hold their own methods, which the constructor sets again.
    return [
        {name: value for name, value in scheduler.state_dict().items() if not callable(value)}
        for scheduler in schedulers
    ]

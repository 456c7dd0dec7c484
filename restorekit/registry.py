"""Every registry of restorekit, in one page.

| registry | holds | contract |
| --- | --- | --- |
| BLOCKS | parts of networks | `restorekit.contracts.Block` |
| BACKBONES | whole networks | `restorekit.contracts.Backbone` |
| LOSSES | training criteria | `forward(pred, target)` to a scalar, equal shapes |
| MODELS | restorers, data preprocessors, convolution layers | mmengine's |
| DATASETS, DATA_SAMPLERS, TRANSFORMS | what feeds a run | mmengine's |
| METRICS | figures of merit | `score(pred, target, samples)` to (N,) |
| HOOKS, OPTIM_WRAPPERS, FUNCTIONS, RUNNERS | what drives a run | mmengine's |

A third party registers by decorator (`@BLOCKS.register_module()`) and is found either through
`custom_imports` in a config or, with no import at all, through an entry point in the group
`restorekit.plugins` that names the module to import.
"""

from __future__ import annotations

import importlib
import inspect
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import mmengine
from mmengine import registry as root
from mmengine.utils import digit_version

from restorekit.contracts import Backbone, Block, Part, check_class, complete
from restorekit.options import OptionError, check_options, checked, nearest, untyped
from restorekit.plugins import load_plugins

SCOPE = 'restorekit'

if digit_version(mmengine.__version__) < digit_version('0.10.12'):
    warnings.warn(
        f'mmengine {mmengine.__version__} is older than the maintained onedl-mmengine 0.10.12: it '
        'cannot resume on torch >= 2.6. Install with: pip install "onedl-mmengine>=0.10.12"',
        stacklevel=2,
    )


class UnknownTypeError(KeyError, ValueError):
    """A name is not in the registry that was asked for it."""

    def __str__(self) -> str:  # KeyError would show the quoted repr of the message
        return str(self.args[0])


class Registry(root.Registry):
    """mmengine's registry, with errors that help and with plugins found by entry point."""

    last_resort = 'mmengine'  # what is imported once a name is not found

    def get(self, key: str) -> type | None:
        """The class registered as `key`.

        Raises:
            UnknownTypeError: If there is none here, nor in any registry that this one falls back
                to.
        """
        found = self._find(key)
        if found is None:
            raise UnknownTypeError(self._explain(key))
        return found

    def _find(self, key: str) -> type | None:
        self.import_from_location()
        try:
            found = super().get(key)
        except RuntimeError:  # mmengine's way to say that a name leads nowhere
            found = None
        if found is None and self.last_resort not in sys.modules:
            importlib.import_module(self.last_resort)
            return self._find(key)
        return found

    def import_from_location(self) -> None:
        super().import_from_location()
        load_plugins()

    def names(self) -> list[str]:
        """Everything that is registered here, plugins included, sorted."""
        self.import_from_location()
        return sorted(self._module_dict)

    def registered(self) -> set[str]:
        """Names here and in the registries above: what needs no import of a dotted name."""
        names = set(self.names())
        registry = self.parent
        importlib.import_module(self.last_resort)
        while registry is not None:
            registry.import_from_location()
            names |= set(registry.module_dict)
            registry = registry.parent
        return names

    def __contains__(self, key: str) -> bool:
        return self._find(key) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def __repr__(self) -> str:
        self.import_from_location()
        return super().__repr__()

    def _register_module(
        self, module: type, module_name: str | list[str] | None = None, force: bool = False
    ) -> None:
        super()._register_module(module, module_name, force)
        if inspect.isclass(module):
            checked(module)

    def build(self, cfg: dict, *args: Any, **kwargs: Any) -> Any:
        if isinstance(cfg, dict) and self.build_func is not root.build_runner_from_cfg:
            kind = cfg.get('type')
            if not isinstance(kind, str) and not callable(kind):
                raise OptionError(f'{self.name}: {untyped(cfg)}')
        if isinstance(cfg, dict) and isinstance(cfg.get('type'), str):
            options = {name: v for name, v in cfg.items() if name not in ('type', '_scope_')}
            with self.switch_scope_and_registry(cfg.get('_scope_')) as registry:
                found = registry.get(cfg['type'])
            if found is not None:
                check_options(found, options, complete=not (args or kwargs))
        if self.build_func is root.build_runner_from_cfg:
            # A runner sets the default scope itself, to stay.
            return super().build(cfg, *args, **kwargs)
        # Nested parts are ours too, also where no runner has set a default scope.
        with root.DefaultScope.overwrite_default_scope(SCOPE):
            return super().build(cfg, *args, **kwargs)

    def _explain(self, key: str) -> str:
        message = f'{key!r} is not registered in {self.name}; {nearest(key, self._candidates())}'
        behind = [f'{source}: {error}' for source, error in load_plugins().items()]
        if behind:
            message += '. It may stand in what could not be imported: ' + '; '.join(behind)
        return message

    def _candidates(self) -> list[str]:
        parent = self.parent
        return self.names() + (sorted(parent.module_dict) if parent is not None else [])


class PartRegistry(Registry):
    """A registry beside MODELS for one kind of part, which can be listed and has one contract.

    mmengine allows one child of MODELS per scope, so this one is a root of its own that answers for
    itself under any default scope and falls back to MODELS, through which mmcv's layers are
    reached.

    Args:
        name, locations: As in mmengine.
        contract: What every part keeps: checked when it is registered, completed when it is built.
    """

    def __init__(self, name: str, locations: list[str], contract: type[Part] | None = None) -> None:
        super().__init__(name, scope=SCOPE, locations=locations)
        self.contract = contract

    def build(self, cfg: dict, *args: Any, **kwargs: Any) -> Any:
        part = super().build(cfg, *args, **kwargs)
        if self.contract is not None:
            complete(part, self.contract)
        return part

    def _register_module(
        self, module: type, module_name: str | list[str] | None = None, force: bool = False
    ) -> None:
        if self.contract is not None:
            check_class(module, self.contract)
        super()._register_module(module, module_name, force)

    def __contains__(self, key: str) -> bool:
        return key.removeprefix(SCOPE + '.') in self.names()

    @contextmanager
    def switch_scope_and_registry(self, scope: str | None) -> Iterator[root.Registry]:
        if scope in (None, SCOPE):
            yield self
        else:
            with MODELS.switch_scope_and_registry(scope) as registry:
                yield registry

    def _find(self, key: str) -> type | None:
        self.import_from_location()
        name = key.removeprefix(SCOPE + '.')
        return self._module_dict.get(name) or MODELS._find(key)


def _child(name: str, parent: root.Registry, locations: list[str]) -> Registry:
    return Registry(name, parent=parent, scope=SCOPE, locations=locations)


MODELS = _child('MODELS', root.MODELS, ['restorekit.blocks', 'restorekit.restorers'])
# mmcv's layers, and mmengine's function for models, import for a second all that training needs.
MODELS.build_func, MODELS.last_resort = root.build_from_cfg, 'mmcv.cnn'
BLOCKS = PartRegistry('BLOCKS', ['restorekit.blocks'], Block)
BACKBONES = PartRegistry('BACKBONES', ['restorekit.backbones'], Backbone)
LOSSES = PartRegistry('LOSSES', ['restorekit.losses'])

DATASETS = _child('DATASETS', root.DATASETS, ['restorekit.datasets'])
DATA_SAMPLERS = _child('DATA_SAMPLERS', root.DATA_SAMPLERS, ['restorekit.engine.samplers'])
TRANSFORMS = _child('TRANSFORMS', root.TRANSFORMS, ['restorekit.transforms'])
METRICS = _child('METRICS', root.METRICS, ['restorekit.metrics'])
HOOKS = _child('HOOKS', root.HOOKS, ['restorekit.engine.hooks'])
OPTIM_WRAPPERS = _child(
    'OPTIM_WRAPPERS', root.OPTIM_WRAPPERS, ['restorekit.engine.optim', 'restorekit.engine.amp']
)
FUNCTIONS = _child(
    'FUNCTIONS', root.FUNCTIONS, ['restorekit.engine.distributed', 'restorekit.engine.loading']
)
RUNNERS = _child('RUNNERS', root.RUNNERS, ['restorekit.engine.runner'])

REGISTRIES = {
    registry.name: registry
    for registry in (
        BACKBONES,
        BLOCKS,
        LOSSES,
        MODELS,
        DATASETS,
        DATA_SAMPLERS,
        TRANSFORMS,
        METRICS,
        HOOKS,
        OPTIM_WRAPPERS,
        FUNCTIONS,
        RUNNERS,
    )
}

# mmengine looks for a child of the default scope in every registry it builds from and warns where
# there is none. These hold nothing of ours; a third party may register in them all the same. (With
# no location at all mmengine would look for a `restorekit.utils`, and warn.)
OTHERS = """OPTIMIZERS OPTIM_WRAPPER_CONSTRUCTORS PARAM_SCHEDULERS LOOPS EVALUATOR LOG_PROCESSORS
    VISUALIZERS VISBACKENDS MODEL_WRAPPERS WEIGHT_INITIALIZERS STRATEGIES TASK_UTILS
    RUNNER_CONSTRUCTORS INFERENCERS"""
for _name in OTHERS.split():
    if hasattr(root, _name):
        REGISTRIES[_name] = _child(_name, getattr(root, _name), ['restorekit.registry'])

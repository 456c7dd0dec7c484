"""What a block and a network promise, checked when they are registered and built.

A part inherits `Block` or `Backbone` and overrides what differs from the defaults here. A plain
`nn.Module` that says what has no default (`scale = 2`, of a network) may be registered as well: the
other promises are set on it when it is built.
"""

from __future__ import annotations

import inspect
import math
from typing import Any, ClassVar

from torch import Tensor, nn

from restorekit.options import fits, written


class Part(nn.Module):
    """What blocks and networks have in common.

    Attributes:
        scale: Output size over input size.
        min_size: The least height and width of the input, in pixels.
        period: The result moves with the input where that is moved by multiples of it, in pixels.
        pools: Whether statistics of the whole input are taken, so that a tile of it is treated as
            nothing but itself.
        halo: How many pixels around a tile change its result, where that does not show when one
            pixel alone is changed, as in means over windows.
        parameters_without_gradient: Names of parameters that cannot receive one, with the reason in
            a comment.
        example: Options of a small instance, by which it can be tried in a moment.
    """

    scale: int
    min_size: int = 1
    period: int = 1
    pools: bool = False
    halo: int = 1
    parameters_without_gradient: tuple[str, ...] = ()
    example: ClassVar[dict[str, Any]] = {}


class Block(Part):
    """A part of a network: `Block(channels, **options)`.

    `forward` takes `num_inputs` tensors (N, C, H, W), one for most blocks, and returns one of
    (N, C, scale H, scale W), for any H and W from `min_size` up. A block of one input and scale 1
    can stand wherever a config names a `block`.
    """

    scale: int = 1
    num_inputs: int = 1


class StatefulBlock(Block):
    """A block that hands something on to the next ones: an attention vector, say."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape, without a state from before."""
        return self.forward_with(x, None)[0]

    def forward_with(self, x: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """The block with what an earlier block has handed on.

        Args:
            x: (N, C, H, W).
            state: What an earlier call returned, or None.
        Returns:
            The result, (N, C, H, W), and what this block hands on.
        """
        raise NotImplementedError


class Backbone(Part):
    """A whole network: one tensor to one tensor.

    `forward` takes images, (N, in_channels, H, W), or brackets ordered dark to bright,
    (N, num_frames, in_channels, H, W), and returns (N, out_channels, scale H, scale W).

    Attributes:
        in_channels: Of an image, or of each frame; None takes any number.
        out_channels: Of the result; None gives as many as came in.
        takes_bracket: Whether the input is a bracket.
        num_frames: How many frames a bracket has; None takes any number.
        divisible: Whether large inputs may pass in tiles; not where the whole input decides on each
            of its parts.
        means_of_copy: Whether its pools, `nn.AdaptiveAvgPool2d(1)`, give for a reduced copy of an
            image what they give for the image. Tiles get the means of one then, instead of theirs.
        channels_last: Whether processors compute it faster in that order of memory.
    """

    channels_last: bool = True
    in_channels: int | None = None
    out_channels: int | None = None
    takes_bracket: bool = False
    num_frames: int | None = None
    divisible: bool = True
    means_of_copy: bool = False

    def forward_train(self, inputs: Tensor) -> dict[str, Tensor | list[Tensor]]:
        """What the losses compare: `output`, and whatever else a network names.

        Args:
            inputs: As in `forward`, (N, C, H, W) or (N, K, C, H, W).
        Returns:
            Tensors of the size of the result, or lists of them, one per step.
        """
        return {'output': self(inputs)}


def check_bracket(network: Backbone, inputs: Tensor) -> None:
    """Raise ValueError unless the input is a bracket of as many frames as a network takes."""
    if inputs.ndim != 5 or inputs.shape[1] != network.num_frames:
        raise ValueError(
            f'{type(network).__name__}: expected brackets (N, {network.num_frames}, C, H, W), '
            f'got {tuple(inputs.shape)}'
        )


class ContractError(TypeError, ValueError):
    """A part does not keep what its registry promises; the message says what to add."""


def check_class(cls: object, contract: type[Part]) -> None:
    """Raise where a class cannot keep a contract, as far as that shows before it is built.

    Raises:
        ContractError: If it is not an nn.Module, or a block's constructor does not begin with
            `channels`.
    """
    if not (inspect.isclass(cls) and issubclass(cls, nn.Module)):
        raise ContractError(f'{cls!r}: expected a subclass of {contract.__name__} or nn.Module')
    if issubclass(contract, Block):
        names = [*inspect.signature(cls).parameters]
        if names[:1] != ['channels']:
            raise ContractError(
                f'{cls.__name__}: the constructor of a block takes `channels` first, '
                f'got ({", ".join(names)})'
            )


def complete(part: nn.Module, contract: type[Part]) -> None:
    """Check what an instance promises, and set the defaults on a plain nn.Module.

    Raises:
        ContractError: If a promise is missing or is not what the contract says.
    """
    name = type(part).__name__
    for key, hint in _promises(contract).items():
        if not hasattr(part, key):
            if not hasattr(contract, key):
                raise ContractError(
                    f'{name}: a {contract.__name__.lower()} declares `{key}`; add `{key} = 1`, or '
                    'what it is, to the class'
                )
            setattr(part, key, getattr(contract, key))
        value = getattr(part, key)
        least = isinstance(value, int) and not isinstance(value, bool) and value < 1
        if least or not fits(value, hint):
            bound = ' of 1 or more' if least else ''
            raise ContractError(f'{name}: {key} must be {written(hint)}{bound}, got {value!r}')
    if issubclass(contract, Backbone) and not hasattr(part, 'forward_train'):
        part.forward_train = Backbone.forward_train.__get__(part)


def _promises(contract: type[Part]) -> dict[str, Any]:
    """The attributes of a contract and their types, without what is the class's alone."""
    promises: dict[str, Any] = {}
    for base in reversed(contract.__mro__):
        if issubclass(base, Part):
            promises |= inspect.get_annotations(base, eval_str=True)
    return {key: hint for key, hint in promises.items() if key != 'example'}


def least_size(module: nn.Module) -> int:
    """The largest `min_size` of a module's parts, which a network of them needs at least."""
    return max(getattr(part, 'min_size', 1) for part in module.modules())


def common_period(module: nn.Module) -> int:
    """The `period` of a network of which all parts work at the size of its input."""
    return math.lcm(*(getattr(part, 'period', 1) for part in module.modules()))


def widest_halo(module: nn.Module) -> int:
    """The largest `halo` of a module's parts."""
    return max(getattr(part, 'halo', 1) for part in module.modules())


def any_pools(module: nn.Module) -> bool:
    """Whether any part of a module `pools`."""
    return any(getattr(part, 'pools', False) for part in module.modules())


def without_gradient(module: nn.Module) -> set[str]:
    """Names of the parameters of a module and its parts that cannot receive a gradient."""
    return {
        f'{prefix}.{name}' if prefix else name
        for prefix, part in module.named_modules()
        for name in getattr(part, 'parameters_without_gradient', ())
    }

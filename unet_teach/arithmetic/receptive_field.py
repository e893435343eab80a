"""The receptive field of a stack of layers: the input pixels that affect one output cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from unet_teach.arithmetic.axis import WINDOW, IntOrTuple, each_axis, sides, span

_ELEMENTWISE = re.compile(  # matched by module path, so that torch need not be imported
    r"torch\.nn\.modules\.(activation\.(?!Multihead)|batchnorm|dropout|instancenorm|normalization"
    r"|linear\.Identity$)"
)


@dataclass(frozen=True)
class ReceptiveField:
    """The receptive field of a stack of layers, in input pixels (ints or tuples).

    Output cell i depends on pixels `start + i * jump` to `start + i * jump + size - 1`.

    Attributes:
        size: Pixels from the first to the last, inclusive. Dilation may leave gaps between them.
        jump: Pixels by which the field moves from one output cell to the next.
        start: First pixel of output cell 0's field; negative when it lies in the padding.
    """

    size: IntOrTuple
    jump: IntOrTuple
    start: IntOrTuple


def receptive_field(layers: Iterable[Any]) -> ReceptiveField:
    """Return the receptive field of a stack of convolutions and pools.

    Args:
        layers: The layers in forward order, each one of
            a tuple (kernel_size, stride=1, padding=0, dilation=1);
            a dict with these names;
            an object with these attributes, such as `nn.Conv2d` or `nn.MaxPool2d`;
            a container of such layers, such as `nn.Sequential`.
            torch's activations, normalisations, dropouts and `Identity` are skipped: they work
            cell by cell (the statistics of a normalisation are not counted). Anything else is
            refused, so that no layer is silently missed. A stride of `None` means
            `kernel_size`.

    Returns:
        Size, jump and start in input pixels. No layers: one pixel.

    Raises:
        TypeError: If a layer is of another kind (transposed, upsampling, adaptive, a module with
            its own `forward`), or a size is no int.
        ValueError: If a size is too small or tuples differ in length.

    Source: Araujo, Norris & Sim, "Computing Receptive Fields of Convolutional Neural Networks",
    Distill 2019, doi:10.23915/distill.00021.

    >>> receptive_field([(3,), (3,), (2, 2), (3,), (3,)])
    ReceptiveField(size=14, jump=2, start=0)
    """
    if not isinstance(layers, Iterable):
        kind = type(layers).__name__
        raise TypeError(f"layers is a single {kind}. Put it in a list: receptive_field([layer]).")
    windows = dict(_windows(layers, "layers"))

    def grow(*sizes: Any) -> list[int]:
        size, jump, start = 1, 1, 0
        for kernel, stride, padding, dilation in zip(*[iter(sizes)] * len(WINDOW), strict=True):
            start -= sides(kernel, stride, padding, dilation)[0] * jump
            size += (span(kernel, dilation) - 1) * jump
            jump *= stride
        return [size, jump, start]

    names = [f"{place}.{name}" for place in windows for name in WINDOW]
    field = each_axis(names, grow, [size for window in windows.values() for size in window])
    return ReceptiveField(*(zip(*field, strict=True) if isinstance(field, tuple) else field))


def _windows(layers: Iterable[Any], path: str) -> Iterator[tuple[str, list[Any]]]:
    """Yield each layer's place, such as "layers[2]", and its four window sizes."""
    for number, layer in enumerate(layers):
        place, kind = f"{path}[{number}]", type(layer).__name__
        if isinstance(layer, tuple | list):
            if not 1 <= len(layer) <= len(WINDOW):
                raise ValueError(
                    f"{place} has {len(layer)} values. "
                    "Use (kernel_size, stride, padding, dilation); the last three may be left out."
                )
            given: Mapping[str, Any] = dict(zip(WINDOW, layer, strict=False))
        elif isinstance(layer, Mapping):
            given = layer
            if "kernel_size" not in given or not given.keys() <= set(WINDOW):
                raise ValueError(
                    f"{place} has the names {', '.join(map(str, given)) or '(none)'}. "
                    "Use kernel_size and, if needed, stride, padding and dilation."
                )
        elif hasattr(layer, "kernel_size"):
            transposed = getattr(layer, "transposed", hasattr(layer, "output_padding"))
            if transposed or "Unpool" in kind or hasattr(layer, "output_size"):
                raise TypeError(
                    f"{place} is a {kind}, which is no plain convolution or pool. "
                    "Pass only the layers before it."
                )
            given = {name: getattr(layer, name) for name in WINDOW if hasattr(layer, name)}
        elif isinstance(layer, Iterable) and not isinstance(layer, str):
            yield from _windows(layer, place)
            continue
        elif any(_ELEMENTWISE.match(f"{c.__module__}.{c.__name__}") for c in type(layer).__mro__):
            continue
        else:
            raise TypeError(
                f"{place} is of type {kind}, without kernel_size. Pass only convolutions and pools;"
                " from a module of your own, pass the layers inside it."
            )
        window = {"stride": 1, "padding": 0, "dilation": 1, **given}
        if window["stride"] is None:
            window["stride"] = window["kernel_size"]
        yield place, [window[name] for name in WINDOW]

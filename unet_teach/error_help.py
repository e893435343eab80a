"""Explains what torch says when a network stops, from the text alone, and opens a widget there.

`inspect_unet` knows more, since it sees the network. This is for an error that is all one has: in
a log, in a forum, on somebody else's screen. `docs/why_it_fails.html` does the same without Python.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from unet_teach.shared.message_causes import likely_cause
from unet_teach.shared.torch_messages import Explanation, explain_message
from unet_teach.widgets.layers import LAYERS

if TYPE_CHECKING:
    from unet_teach.widgets.base import CourseWidget

RAISED = re.compile(r"^[\w.]*(?:Error|Exception|Interrupt)\b(?::|$).*", re.MULTILINE)
LAYER = re.compile(r"\b(Conv|ConvTranspose)[123]d\((.*)\)", re.DOTALL)
ARGUMENTS = {
    "Conv": ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation"),
    "ConvTranspose": (
        *("in_channels", "out_channels", "kernel_size", "stride", "padding", "output_padding"),
        *("groups", "bias", "dilation"),
    ),
}
EXPLORERS = {"Conv": "ConvExplorer", "ConvTranspose": "ConvTransposeExplorer"}
# How many pixels too large a skip is, with two 3×3 convolutions without padding at every level,
# above that many levels.
WITHOUT_PADDING = {8: 1, 32: 2, 80: 3, 176: 4}
UNKNOWN = (
    "This message isn't in the table, so there is nothing to say about it that would be better "
    "than a guess. If you have the network, ask inspect_unet(model, (1, 3, 256, 256)): it says "
    "where a network stops, and why."
)


class ErrorHelp(NamedTuple):
    """What a message of torch means. It shows itself in a notebook.

    Attributes:
        message: the part of the text that was read.
        known: whether the message is in the course's table.
        sentence: what it means.
        cause: what probably went wrong, or "".
        check: what to look at first, or "".
        opens: the widget that shows these numbers and its options, or `None`.
        spans: where the message has sizes and names, (start, stop) in characters.
    """

    message: str
    known: bool
    sentence: str
    cause: str = ""
    check: str = ""
    opens: tuple[str, dict[str, Any]] | None = None
    spans: tuple[tuple[int, int], ...] = ()

    @property
    def widget(self) -> CourseWidget | None:
        """The widget that shows the message's numbers; `None` if no widget does."""
        from unet_teach import widgets  # a message is explained without loading them

        return getattr(widgets, self.opens[0])(**self.opens[1]) if self.opens else None

    def __str__(self) -> str:
        """Return the explanation as plain text."""
        lines = [self.sentence, self.cause, self.check and f"Check first: {self.check}"]
        if self.opens:
            name, options = self.opens
            shown = ", ".join(f"{key}={value!r}" for key, value in options.items())
            lines.append(f"See these numbers: {name}({shown})")
        return "\n".join(filter(None, lines))

    def _repr_html_(self) -> str:
        message, at = "", 0
        for start, stop in self.spans:
            message += escape(self.message[at:start])
            message += f"<mark>{escape(self.message[start:stop])}</mark>"
            at = stop
        message += escape(self.message[at:])
        lines = "".join(f"<p>{escape(line)}</p>" for line in str(self).splitlines())
        return f"<pre>{message}</pre>{lines}"


def explain(error: BaseException | str, layer: object = "") -> ErrorHelp:
    """Explain an error message of torch, and what to check first.

    Args:
        error: the exception, or its text; a whole traceback is fine.
        layer: the layer that raised it, or the line that makes it, such as
            `"nn.Conv2d(3, 64, 3, stride=2)"`. It lets the explorer open with its numbers.

    Raises:
        TypeError: if the error is neither an exception nor text.
    """
    if not isinstance(error, (BaseException, str)):
        raise TypeError(
            f"explain takes an exception or the text of one, and got {type(error).__name__}: "
            "explain('RuntimeError: Sizes of tensors must match …')."
        )
    message = what_was_raised(str(error))
    known = explain_message(message)
    if known is None:
        return ErrorHelp(message, known=False, sentence=UNKNOWN)
    likely = likely_cause(known.groups)
    cause, check = (likely.cause, likely.check) if likely else ("", "")
    check = " ".join(filter(None, [known.remedy, check]))
    opens = _opens(known, str(layer))
    return ErrorHelp(message, True, known.sentence, cause, check, opens, known.spans)


def what_was_raised(text: str) -> str:
    """Return the message at the end of a traceback, or the text itself if it isn't one."""
    found = [match.start() for match in RAISED.finditer(text)]
    return text[found[-1] :].strip() if found else text.strip()


def arguments_of(layer: str) -> tuple[str, dict[str, int]]:
    """Read a line that makes a convolution: its kind and its whole-number arguments.

    Args:
        layer: a line of code or a layer's text form. Pairs of equal numbers count as one.

    Returns:
        "Conv" or "ConvTranspose" with the arguments by name; ("", {}) for anything else.
    """
    found = LAYER.search(layer)
    if not found:
        return "", {}
    kind, inside = found.groups()
    inside = re.sub(r"\((\d+)(?:,\s*\1)*,?\)", r"\1", inside)
    given: dict[str, int] = {}
    for position, part in enumerate(re.split(r",\s*", inside)):
        name, _, value = part.rpartition("=")
        name = name.strip() or "".join(ARGUMENTS[kind][position : position + 1])
        if value.strip().isdigit():
            given[name] = int(value)
    return kind, given


def _opens(known: Explanation, layer: str) -> tuple[str, dict[str, Any]] | None:
    """Return the widget that shows a message's numbers, with its options."""
    groups = known.groups
    first, other = groups.get("first", ""), groups.get("other", groups.get("second", ""))
    across = ("1",) if "number" in groups else ("2", "3")  # of a `cat`, or of an addition
    if first.isdigit() and other.isdigit() and groups.get("axis") in across:
        return _ledger(int(first), int(other))
    if "kernel" in groups and "shape" in groups:
        kernel, shape = (groups[name].split(" x ")[0] for name in ("kernel", "shape"))
        kind, given = arguments_of(layer)
        padding = given.get("padding", 0)
        options = {"kernel_size": int(kernel), "input_size": int(shape) - 2 * padding}
        options |= {name: given[name] for name in ("stride", "padding") if name in given}
        return _within(EXPLORERS[kind or "Conv"], options)
    return None


def _ledger(first: int, other: int) -> tuple[str, dict[str, Any]] | None:
    """Return a ledger in which these two sizes meet."""
    small, large = sorted((first, other))
    levels = (large // max(small, 1)).bit_length() - 1  # between them, if one is a multiple
    if large - small == 1:  # the odd one was halved
        odd, even = (small, large) if small % 2 else (large, small)
        up = "conv_transpose_3" if even > odd else "conv_transpose_2"
        down = "strided_conv" if even > odd else "max_pool"
        options: dict[str, Any] = {"height": odd, "width": odd, "depth": 1, "down": down, "up": up}
    elif 1 <= levels <= 6 and small << levels == large:
        options = {"height": large, "width": large, "depth": levels}
    elif depth := WITHOUT_PADDING.get(large - small):
        options = {"height": large + 4, "width": large + 4, "depth": depth, "padding": "valid"}
    else:
        return None
    return ("SizeLedger", options) if options["height"] <= 1024 else None


def _within(name: str, options: dict[str, int]) -> tuple[str, dict[str, Any]] | None:
    bounds = LAYERS["layer"]["bounds"]
    fits = all(bounds[key][0] <= value <= bounds[key][1] for key, value in options.items())
    return (name, options) if fits else None

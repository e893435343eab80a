"""The table of diagnoses: each reason why a network cannot be judged, in the order they are tried.

To add one, write a function that takes an `Attempt` and returns its sentences, or "" where it does
not apply, and one row here, before more general ones: the first that applies is shown. Its example
and the repaired version stand in `tests/inspection/diagnosis_examples.py`, by the row's name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from unet_teach.inspection.diagnosis import (
    channel_mismatch,
    einsum,
    entries,
    failures,
    feature_mismatch,
    input_shape,
    late_names,
    layer_settings,
    lost_axis,
    lost_output,
    own_code,
    python_mistakes,
    returned,
    size_mismatch,
    unpacking,
    views,
)
from unet_teach.inspection.diagnosis.attempt import Attempt
from unet_teach.inspection.diagnosis.init_code import assigned_twice


class Diagnosis(NamedTuple):
    """One reason why a network cannot be judged.

    Attributes:
        name: what is wrong, in a few words; each row has its own.
        explain: returns the sentences with the remedy, or "" where this is not the reason.
        to_change: what is to be changed: the call of `inspect_unet`, the input itself, a layer, or
            the code of `forward`.
    """

    name: str
    explain: Callable[[Attempt], str]
    to_change: Literal["call", "input", "layer", "forward"]


class Problem(NamedTuple):
    """Why a network cannot be judged.

    Attributes:
        diagnosis: the name of the row that applies, if one does.
        sentences: what the row says.
        code: the line of the network's own code, with what its names stood for; often "".
        said: the error in its own words; "" without one.
    """

    diagnosis: str | None
    sentences: str
    code: str = ""
    said: str = ""

    @property
    def text(self) -> str:
        """All of it, as the report says it."""
        return f"{self.sentences}{self.code}{f' ({self.said})' if self.said else ''}"


OF_LAYERS = (  # they say what a layer was made for, and not why
    "linear layer is given other features",
    "LayerNorm is given another shape",
    "operation wants something else",
)


def explain_failed_run(attempt: Attempt) -> Problem:
    """Say why a run failed; torch's own message comes last, so that none is lost."""
    row, text = first_that_applies(FAILED_RUN, attempt)
    message = attempt.message.strip()
    if row is None:
        text = failures.last_operation(attempt)
    else:  # the reason is given; of torch's own message, the first line is enough
        message = message.partition("\n")[0]
        twice = row.name in OF_LAYERS and assigned_twice(attempt, attempt.recording.last_module)
        text = f"{text.partition('. ')[0]}. {twice}" if twice else text
    kind = row.to_change if row else "forward"
    is_in_code = kind == "forward" or (kind != "call" and attempt.is_own_code)
    code = own_code.own_line(attempt, text) if is_in_code else ""
    said = ": ".join(filter(None, [type(attempt.error).__name__, message]))
    return Problem(row.name if row else None, text, code, said)


def explain(rows: Sequence[Diagnosis], attempt: Attempt) -> Problem | None:
    """Say what is wrong with a run that came to its end; `None` if nothing is."""
    row, text = first_that_applies(rows, attempt)
    return Problem(row.name, text) if row else None


def first_that_applies(rows: Sequence[Diagnosis], attempt: Attempt) -> tuple[Diagnosis | None, str]:
    """Return the first row that explains the problem, with its sentences."""
    for row in rows:
        if text := row.explain(attempt):
            return row, text
    return None, ""


FAILED_RUN = (
    Diagnosis("layer is on the meta device", failures.layer_on_meta, "layer"),
    Diagnosis("forward calls itself", python_mistakes.forward_calls_itself, "forward"),
    Diagnosis("container is called", layer_settings.container_is_called, "forward"),
    Diagnosis("no forward", layer_settings.no_forward, "forward"),
    Diagnosis("arguments do not fit forward", failures.wrong_arguments, "call"),
    Diagnosis("missing attribute", python_mistakes.missing_attribute, "layer"),
    Diagnosis("unknown name", python_mistakes.unknown_name, "forward"),
    Diagnosis("no such entry", entries.no_such_entry, "forward"),
    Diagnosis("layer is called with other values", python_mistakes.call_does_not_fit, "forward"),
    Diagnosis("class is called", python_mistakes.class_is_called, "forward"),
    Diagnosis("what is called cannot be called", python_mistakes.not_callable, "forward"),
    Diagnosis("function is made in a loop", late_names.last_of_a_loop, "forward"),
    Diagnosis("container is used as a tensor", returned.container_is_used, "forward"),
    Diagnosis(
        "unpacked into another count of names", unpacking.unpacked_into_other_count, "forward"
    ),
    Diagnosis("einsum does not fit", einsum.einsum_does_not_fit, "forward"),
    Diagnosis("axis was lost before", lost_axis.axis_was_lost, "forward"),
    Diagnosis("stacks of matrices differ", feature_mismatch.products_along_others, "forward"),
    Diagnosis("numbers of dimensions differ", failures.ranks_do_not_match, "forward"),
    Diagnosis("pixel shuffle does not divide", failures.pixel_shuffle_does_not_divide, "layer"),
    Diagnosis("channels come last", input_shape.channels_come_last, "input"),
    Diagnosis("sizes do not match", size_mismatch.sizes_do_not_match, "input"),
    Diagnosis(
        "concatenated along the wrong dimension",
        channel_mismatch.concatenated_along_wrong_dim,
        "forward",
    ),
    Diagnosis(
        "added maps have different channels", channel_mismatch.added_channels_differ, "layer"
    ),
    Diagnosis("made of a fixed size", failures.made_of_a_fixed_size, "forward"),
    Diagnosis("parts of a concatenation differ", failures.parts_do_not_fit, "forward"),
    Diagnosis("number of positions is fixed", input_shape.positions_are_fixed, "input"),
    Diagnosis("windows do not divide the sides", views.windows_do_not_fit, "input"),
    Diagnosis("output_padding is too large", layer_settings.too_much_output_padding, "layer"),
    Diagnosis("image too small", input_shape.image_too_small, "input"),
    Diagnosis("normalisation of one position", input_shape.single_position, "layer"),
    Diagnosis("no batch dimension", input_shape.no_batch_dimension, "call"),
    Diagnosis("layer is for another number of axes", layer_settings.layer_of_another_rank, "layer"),
    Diagnosis(
        "convolution is given other channels", channel_mismatch.convolution_channels, "layer"
    ),
    Diagnosis("matrix product does not fit", feature_mismatch.matrix_product, "forward"),
    Diagnosis("linear layer is given other features", feature_mismatch.linear_features, "layer"),
    Diagnosis("sequence has its features second", feature_mismatch.features_second, "forward"),
    Diagnosis("LayerNorm is given another shape", layer_settings.layer_norm_shape, "forward"),
    Diagnosis("embedding is given floats", failures.embedding_of_floats, "call"),
    Diagnosis("dtypes do not match", failures.dtypes_do_not_match, "input"),
    Diagnosis("wrong number of dimensions", failures.wrong_rank, "call"),
    Diagnosis("input is no tensor", failures.input_is_no_tensor, "call"),
    Diagnosis("layer is given no tensor", python_mistakes.no_tensor_is_given, "forward"),
    Diagnosis("operation wants something else", failures.operation_wants, "forward"),
)

LOST_OUTPUT = (
    Diagnosis("returns None", lost_output.returns_none, "forward"),
    Diagnosis("returns no tensor", lost_output.returns_no_tensor, "forward"),
    Diagnosis(
        "output does not depend on the input", lost_output.does_not_depend_on_input, "forward"
    ),
)

WAY_OUTSIDE = (Diagnosis("values leave torch on the way", lost_output.leaves_torch, "forward"),)

DIAGNOSES = (*FAILED_RUN, *LOST_OUTPUT, *WAY_OUTSIDE)

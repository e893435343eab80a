"""Lesson 1: which two input sizes a stride of 2 merges."""

from typing import Any

from unet_teach.arithmetic import conv_output_size
from unet_teach.exercises.checks.numbers import equals, whole_numbers, wrong_number
from unet_teach.exercises.exercise import Exercise


def _what_they_give(sizes: Any) -> str:
    for size in sorted(map(int, sizes)):
        if size < 1:
            return f"{size} is no size of an image: the smallest is 1."
        if (output_size := conv_output_size(size, 3, stride=2, padding=1)) != 8:
            right = [other for other in sizes if other in (15, 16)]
            more = f" {right[0]} is one of the two." if right else ""
            return f"{size} becomes ({size} + 2 − 3) // 2 + 1 = {output_size}, but it should become 8.{more}"
    return "It does become 8, but you gave the same size twice."


odd_sizes = Exercise(
    name="odd_sizes",
    lesson=1,
    prompt="Which two input sizes does a convolution with kernel 3, stride 2 and padding 1 turn into 8?",
    checks=(whole_numbers(2), equals({15, 16}, "The pair", _what_they_give)),
    mistakes=(
        wrong_number("one too high", "16 is right. The other one is smaller than 16, not larger.",
            (16, 17)),
        wrong_number("twice and half", "8 becomes 4, but the question runs the other way: which sizes become 8?", (4, 16)),
        wrong_number("the output and its neighbour", "7 and 8 become 4, because 8 is what should come *out*. A stride of 2 halves, so the sizes that become 8 are about twice as large.",
            (7, 8)),
        wrong_number("no padding", "Without padding these would be right. Here padding=1 makes the input two pixels larger, so smaller sizes are enough.", (17, 18)),
        wrong_number("the first steps", "15 is right. The other one is larger than 15, not smaller.",
            (14, 15)),
        wrong_number("not both", "Which neighbour of 16 becomes 8 as well?",
            (16, 16)),
    ),
    hints=(
        "16 becomes 8. Which of its neighbours becomes 8 as well?",
        "(H + 2·1 − 3) // 2 + 1 = 8 means that (H − 1) // 2 = 7. Which two values of H − 1 give 7?",
        "`conv_input_sizes(8, kernel_size=___, stride=___, padding=___)` lists them.",
    ),
    solution_text="`(15, 16)`: (15 − 1) // 2 = (16 − 1) // 2 = 7, and 7 + 1 = 8.",
    praise="15 and 16 both become 8. From 8 alone, no later layer can tell which it was.",
)  # fmt: skip

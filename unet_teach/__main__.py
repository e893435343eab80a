"""What the package does in a terminal: `python -m unet_teach COMMAND`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence


def _inspect(arguments: Sequence[str]) -> int:
    from unet_teach.inspection.command import inspect_command  # with torch, which takes seconds

    return inspect_command(arguments)


def _progress(arguments: Sequence[str]) -> int:
    from unet_teach.exercises.progress_command import progress_command  # with torch

    return progress_command(arguments)


COMMANDS: dict[str, tuple[Callable[[Sequence[str]], int], str]] = {
    "progress": (_progress, "what a class has solved, from the files that students exported"),
    "inspect": (_inspect, "is it a U-Net? A verdict with evidence, for any torch.nn.Module"),
}


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code.

    Args:
        arguments: the command's name and what follows it.
    """
    if arguments and arguments[0] in COMMANDS:
        return COMMANDS[arguments[0]][0](arguments[1:])
    print("python -m unet_teach COMMAND, with --help for more about each:")
    for name, (_, purpose) in COMMANDS.items():
        print(f"  {name:10} {purpose}")
    return 0 if arguments in ([], ["--help"], ["-h"]) else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m unet_teach inspect`: the inspector in a terminal, for networks and for scripts."""

from __future__ import annotations

import argparse
import ast
import importlib
import importlib.util
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import nn

from unet_teach.inspection.inspector import inspect_unet

UNET, NO_UNET, NO_VERDICT = 0, 1, 2
EPILOG = """\
The network is package.module:Name or path/to/file.py:Name, where Name is a class, a function that
returns a network, or a network. Exit code: 0 it is a U-Net, 1 it is not, 2 there is no verdict.

  python -m unet_teach inspect segmentation_models_pytorch:Unet --args encoder_weights=None
  python -m unet_teach inspect my_net.py:Net --args 3 1 depth=4 --input 1,3,512,512 --svg u.svg
"""


class _RefusedError(Exception):
    """What was given can't be used; the text says why, and what to do."""


def inspect_command(arguments: Sequence[str] | None = None) -> int:
    """Inspect the network that the arguments name, print the report, and return the exit code.

    Args:
        arguments: those after `python -m unet_teach inspect`; `None` for the program's own.
    """
    parser = argparse.ArgumentParser(
        prog="python -m unet_teach inspect",
        description="Is it a U-Net? Says so, with evidence.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("network", help="package.module:Name or file.py:Name")
    parser.add_argument(
        "--args",
        nargs="*",
        default=[],
        metavar="VALUE",
        help="what Name is called with: 3 1 depth=4",
    )
    parser.add_argument(
        "--input",
        action="append",
        metavar="N,C,H,W",
        help="shape of an input, once for each (1,3,256,256)",
    )
    for kind in ("svg", "pdf", "png"):
        parser.add_argument(f"--{kind}", metavar="FILE", help=f"draw the U into a .{kind} file")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args(arguments)
    try:
        network = _made(_named(options.network), options.args, options.network)
        shapes = [_shape(text) for text in options.input or ["1,3,256,256"]]
        report = inspect_unet(network, *shapes)
        for kind in ("svg", "pdf", "png"):
            if path := getattr(options, kind):
                _save(report, path, kind)
    except _RefusedError as refused:
        print(refused, file=sys.stderr)
        return NO_VERDICT
    print(json.dumps(report.to_dict(), indent=2, ensure_ascii=False) if options.json else report)
    if report.problem:
        return NO_VERDICT
    return UNET if report.is_unet else NO_UNET


def _named(target: str) -> Any:
    """Return what package.module:Name or file.py:Name names."""
    place, _, name = target.rpartition(":")
    if not place or not name:
        raise _RefusedError(
            f"{target!r} names no network: write package.module:Name or path/to/file.py:Name."
        )
    try:
        module = _from_file(Path(place)) if place.endswith(".py") else _from_package(place)
    except FileNotFoundError:
        raise _RefusedError(f"There is no file {place} in {Path.cwd()}.") from None
    except Exception as error:
        raise _RefusedError(f"{place} can't be imported: {type(error).__name__}: {error}") from None
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            networks = [
                n
                for n, v in vars(module).items()
                if isinstance(v, type) and issubclass(v, nn.Module)
            ]
            listed = f" Its networks are {', '.join(networks)}." if networks else ""
            raise _RefusedError(f"{place} has no {name}.{listed}")
        found = getattr(found, part)
    return found


def _from_package(name: str) -> Any:
    sys.path.insert(0, "")  # as `python -m` has it: modules of the folder at hand
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove("")


def _from_file(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.exists():
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    sys.path.insert(0, str(path.parent))  # the modules beside it
    spec.loader.exec_module(module)
    return module


def _made(named: Any, values: Sequence[str], target: str) -> nn.Module:
    """Return the network: what is named, or what calling it returns."""
    positional = [_value(text) for text in values if not _is_keyword(text)]
    keywords = {
        name: _value(text) for name, _, text in (v.partition("=") for v in values if _is_keyword(v))
    }
    try:
        made = named if isinstance(named, nn.Module) else named(*positional, **keywords)
    except Exception as error:
        given = " ".join(["--args", *values]) if values else "no --args"
        said = f"{type(error).__name__}: {error}"
        raise _RefusedError(f"{target} can't be made with {given}: {said}") from None
    if not isinstance(made, nn.Module):
        raise _RefusedError(f"{target} gives a {type(made).__name__}, not a torch.nn.Module.")
    return made


def _is_keyword(text: str) -> bool:
    return text.partition("=")[0].isidentifier() and "=" in text


def _value(text: str) -> Any:
    """Read a number, tuple, True, None …; anything else is text."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _shape(text: str) -> tuple[int, ...]:
    try:
        shape = tuple(int(side) for side in text.split(","))
    except ValueError:
        shape = ()
    if not shape or min(shape) < 1:
        raise _RefusedError(
            f"--input {text} is no shape: write whole numbers from 1, such as 1,3,256,256."
        )
    return shape


def _save(report: Any, path: str, kind: str) -> None:
    if Path(path).suffix.lower() != f".{kind}":
        raise _RefusedError(f"--{kind} {path}: the file's name has to end in .{kind}.")
    try:
        report.save(path)
    except OSError as error:
        raise _RefusedError(f"{path} can't be written: {error.strerror}.") from None

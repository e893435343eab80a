"""Changes one operator of a module at a time and counts how many changes the tests notice.

Run it from the project's folder: `python -m benchmarks.mutations`. README.md explains.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import os
import random
import resource
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results" / "mutations.json"
COPIED = ("unet_teach", "tests", "lessons", "docs", "js", "conftest.py", "pyproject.toml")
ARITHMETIC_TESTS = ("test_arithmetic.py", "widgets")
RULE_TESTS = ("inspection/test_dims.py", "inspection")
GRAPH_TESTS = ("inspection/test_graph.py", "inspection/test_criteria.py", "inspection")
TENSOR_TESTS = tuple(f"exercises/test_{n}.py" for n in ("differences", "tensors", "lesson_3"))
TRACE_TESTS = tuple(
    f"exercises/test_{n}.py"
    for n in ("trace_steps", "forward_trace", "forward_exercises", "own_unet")
)
MASK_TESTS = tuple(
    f"segmentation/test_{n}.py" for n in ("cuts", "mask_levels", "folder", "folder_layouts")
)
TESTS = {  # of each module; the file that is most likely to notice comes first
    "arithmetic/axis": ARITHMETIC_TESTS,
    "arithmetic/inverse": ARITHMETIC_TESTS,
    "arithmetic/receptive_field": ARITHMETIC_TESTS,
    "exercises/checks/differences": TENSOR_TESTS,
    "exercises/checks/facts": ("exercises/test_differences.py", "exercises/test_formulas.py"),
    "exercises/checks/forward_trace": TRACE_TESTS,
    "inspection/axes": RULE_TESTS,
    "inspection/criteria": GRAPH_TESTS,
    "inspection/graph": GRAPH_TESTS,
    "inspection/path_search": GRAPH_TESTS,
    "inspection/rules/layers": RULE_TESTS,
    "inspection/rules/shape_ops": RULE_TESTS,
    "inspection/rules/unfold_fft": RULE_TESTS,
    "networks/unet": ("test_networks.py",),
    "segmentation/baselines": ("segmentation/test_baselines.py",),
    "segmentation/data/mask_files": (*MASK_TESTS, "segmentation/test_tiff_pixels.py"),
    "segmentation/data/mask_levels": MASK_TESTS,
    "segmentation/data/splits": ("segmentation/test_splits.py", "segmentation/test_folder.py"),
    "segmentation/metrics": ("segmentation/test_metrics.py",),
    "segmentation/tiling": ("segmentation/test_tiling.py",),
    "segmentation/training": ("segmentation/test_training.py", "segmentation/test_live_view.py"),
    "segmentation/training_result": ("segmentation/test_training.py",),
    "segmentation/unet_receptive_field": (
        "segmentation/test_unet_receptive_field.py",
        "segmentation/test_tiling.py",
    ),
    "widgets/unet_sizes": ("widgets/test_size_ledger.py", "test_arithmetic.py"),
}
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
ARITHMETIC: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.FloorDiv, ast.Add),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult, ast.Div),
    ast.Mod: (ast.FloorDiv,),
}
SURVIVED, SLOW = "survived", "did not end"
MEMORY = 4 << 30  # bytes that the tests of one mutation may ask for: some never stop collecting
SLOW_TO_IMPORT = (
    "torch",
    "matplotlib.pyplot",
    "sklearn.ensemble",
    "anywidget",
    "hypothesis",
    "pytest",
)


@dataclass(frozen=True)
class Mutation:
    """One changed operator.

    Attributes:
        module: path of the module under `unet_teach`, without ".py".
        index: number of the operator among those of the module.
        choice: number of the new operator among those that may replace it.
        line: number of its line.
        before: the expression as it is.
        after: the expression as it becomes.
    """

    module: str
    index: int
    choice: int
    line: int
    before: str
    after: str


def operators(tree: ast.Module) -> Iterator[tuple[ast.expr, list[Any]]]:
    """Yield each expression with an operator that can be changed, and what it can become.

    A new operator is a function that puts itself into the expression. Sums that contain text are
    left out: an error instead of a sentence proves nothing.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            yield (
                node,
                [(node, "ops", [new(), *node.ops[1:]]) for new in COMPARISONS[type(node.ops[0])]],
            )
        elif isinstance(node, ast.BoolOp):
            yield node, [(node, "op", ast.And() if isinstance(node.op, ast.Or) else ast.Or())]
        elif isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC and not _has_text(node):
            yield node, [(node, "op", new()) for new in ARITHMETIC[type(node.op)]]


def _has_text(node: ast.BinOp) -> bool:
    parts = list(ast.walk(node))
    return any(
        isinstance(part, ast.JoinedStr)
        or (isinstance(part, ast.Constant) and isinstance(part.value, str))
        for part in parts
    )


def mutations_of(module: str) -> list[Mutation]:
    """Return every mutation of a module."""
    source = (ROOT / "unet_teach" / f"{module}.py").read_text()
    count = len(list(operators(ast.parse(source))))
    found = []
    for index in range(count):
        node, choices = list(operators(ast.parse(source)))[index]
        before = ast.unparse(node)
        for choice in range(len(choices)):
            node, choices = list(operators(ast.parse(source)))[index]
            setattr(*choices[choice])
            found.append(Mutation(module, index, choice, node.lineno, before, ast.unparse(node)))
    return found


def mutated(mutation: Mutation) -> str:
    """Return the source of the module with the operator changed."""
    tree = ast.parse((ROOT / "unet_teach" / f"{mutation.module}.py").read_text())
    _, choices = list(operators(tree))[mutation.index]
    setattr(*choices[mutation.choice])
    return ast.unparse(tree)


def outcome(copy: Path, mutation: Mutation, seconds: int) -> str:
    """Run the module's tests on a copy of the project in which one operator is changed.

    Returns:
        The first test that failed, `SURVIVED`, or `SLOW`.
    """
    path = copy / "unet_teach" / f"{mutation.module}.py"
    original = path.read_text()
    path.write_text(mutated(mutation))
    try:
        each = (_first_failure(copy, test, seconds) for test in TESTS[mutation.module])
        return next((result for result in each if result != SURVIVED), SURVIVED)
    finally:
        path.write_text(original)


def _first_failure(copy: Path, test: str, seconds: int) -> str:
    """Run a file or folder of tests in a fork, which has `SLOW_TO_IMPORT` already."""
    log = copy / "log.txt"
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        os.chdir(copy)
        sys.path.insert(0, str(copy))
        os.environ["PYTHONPATH"] = str(copy)
        sys.dont_write_bytecode = True
        with log.open("w") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
            import pytest
            from hypothesis import Phase, settings

            phases = (Phase.explicit, Phase.generate)  # a failure need not be made small
            settings.register_profile("mutations", derandomize=True, deadline=None, phases=phases)
            os.environ["HYPOTHESIS_PROFILE"] = "mutations"
            flags = ["-x", "-q", "--tb=no", "-p", "no:cacheprovider", "-p", "no:xdist"]
            os._exit(int(pytest.main([*flags, f"tests/{test}"])))
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return SLOW
    if os.waitstatus_to_exitcode(status) == 0:
        return SURVIVED
    failed = [line for line in log.read_text().splitlines() if line[:5] in ("FAILE", "ERROR")]
    return failed[0].split(" - ")[0] if failed else "the tests did not start"


def main() -> None:
    """Draw mutations, run the tests on each, print the survivors and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="how many mutations are drawn")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--seconds", type=int, default=120, help="of processor time for one mutation"
    )
    parser.add_argument("--modules", nargs="*", default=list(TESTS), choices=list(TESTS))
    arguments = parser.parse_args()
    for name in SLOW_TO_IMPORT:
        importlib.import_module(name)
    draw = random.Random(arguments.seed)
    every = [mutation for module in arguments.modules for mutation in mutations_of(module)]
    drawn = draw.sample(every, min(arguments.count, len(every)))
    results: list[dict[str, Any]] = []
    with TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in COPIED:
            source, ignored = ROOT / name, shutil.ignore_patterns("node_modules", "__pycache__")
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=ignored)
            else:
                shutil.copy(source, copy / name)
        for mutation in drawn:
            started = time.monotonic()
            result = outcome(copy, mutation, arguments.seconds)
            results.append({**vars(mutation), "noticed_by": result})
            print(
                f"{mutation.module}:{mutation.line}: {mutation.before} -> {mutation.after}: "
                f"{result} ({time.monotonic() - started:.0f} s)",
                flush=True,
            )
            report = {"seed": arguments.seed, "of": len(every), "mutations": results}
            RESULTS.write_text(json.dumps(report, indent=1) + "\n")
    survivors = [result for result in results if result["noticed_by"] == SURVIVED]
    print(f"{len(results) - len(survivors)} of {len(results)} mutations were noticed.")


if __name__ == "__main__":
    main()

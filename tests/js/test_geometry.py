"""geometry.js and arithmetic.py know the same geometry, over the sliders' whole domain."""

import json

import pytest

from unet_teach.arithmetic import conv_coverage, conv_feeds, conv_output_size, conv_sees

from .conftest import ROOT


@pytest.fixture(scope="module")
def table(node):
    run = node(str(ROOT / "tests" / "js" / "geometry_table.mjs"))
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_browser_and_python_agree_on_every_convolution_the_sliders_reach(table):
    assert len(table) == 16 * 7 * 5 * 7 * 4
    for parameters, size, sees, feeds, coverage in table:
        if size == 0:
            with pytest.raises(ValueError, match="kernel_size"):
                conv_output_size(**parameters)
            continue
        assert conv_output_size(**parameters) == size
        assert [list(conv_sees(i, **parameters)) for i in range(size)] == sees
        assert [list(conv_feeds(i, **parameters)) for i in range(parameters["input_size"])] == feeds
        assert list(conv_coverage(**parameters)) == coverage

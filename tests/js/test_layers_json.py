"""Bounds, presets, defaults and option names stand in one file, which both sides read."""

import json
import re

import pytest

from unet_teach.widgets import ConvExplorer, ConvTransposeExplorer, RoundTrip, SizeLedger
from unet_teach.widgets.numbers import KERNELS

from .conftest import JS, ROOT

WIDGETS = ROOT / "unet_teach" / "widgets"
LAYERS = json.loads((WIDGETS / "layers.json").read_text(encoding="utf-8"))
LAYER_BOUNDS = LAYERS["layer"]["bounds"]
BOUNDS = {
    ConvExplorer: {
        **{n: LAYER_BOUNDS[n] for n in LAYERS["Conv2d"]["defaults"]},
        "seed": LAYERS["layer"]["seed"]["bounds"],
    },
    ConvTransposeExplorer: {n: LAYER_BOUNDS[n] for n in LAYERS["ConvTranspose2d"]["defaults"]},
    RoundTrip: {
        n: LAYERS["RoundTrip"]["sizes"] if n == "chosen" else LAYER_BOUNDS[n]
        for n in LAYERS["RoundTrip"]["defaults"]
    },
    SizeLedger: LAYERS["SizeLedger"]["bounds"],
}
DEFAULTS = {
    ConvExplorer: LAYERS["Conv2d"]["defaults"] | {"seed": LAYERS["layer"]["seed"]["default"]},
    ConvTransposeExplorer: LAYERS["ConvTranspose2d"]["defaults"],
    RoundTrip: LAYERS["RoundTrip"]["defaults"],
    SizeLedger: LAYERS["SizeLedger"]["defaults"],
}
SCRIPT = """
import {
  conv, convTranspose, HIGHEST_SEED, KERNELS, LIMITS, LOWEST_SEED, ROUND_TRIP_SIZES, VIEWS,
} from './layers.js';
import { CHOICES, LIMITS as ledger } from './ledger.js';
const presets = [conv, convTranspose].map(({ presets }) => presets);
const seeds = [LOWEST_SEED, HIGHEST_SEED];
const shown = [LIMITS, presets, KERNELS, seeds, VIEWS, ROUND_TRIP_SIZES, ledger, CHOICES];
console.log(JSON.stringify(shown));
"""


@pytest.mark.parametrize("widget", BOUNDS)
def test_the_traits_have_the_bounds_and_defaults_of_the_file(widget):
    shown, traits = widget(), widget.class_traits()
    for name, bounds in BOUNDS[widget].items():
        assert [traits[name].minimum, traits[name].maximum] == bounds
        assert getattr(shown, name) == DEFAULTS[widget][name]


def test_the_options_and_presets_in_python_are_those_of_the_file():
    for name, options in LAYERS["SizeLedger"]["choices"].items():
        assert list(SizeLedger.class_traits()[name].allowed) == options
        assert getattr(SizeLedger(), name) == options[0]
    views = ConvTransposeExplorer.class_traits()["view"].allowed
    assert list(views) == LAYERS["ConvTranspose2d"]["views"]
    assert list(KERNELS) == LAYERS["layer"]["kernels"]
    for explorer in (ConvExplorer, ConvTransposeExplorer):
        assert LAYERS[explorer.LAYER]["presets"] == explorer.PRESETS


def test_the_browser_has_those_of_the_file(node):
    run = node("--input-type=module", "-e", SCRIPT)
    assert json.loads(run.stdout) == [
        LAYER_BOUNDS,
        [LAYERS["Conv2d"]["presets"], LAYERS["ConvTranspose2d"]["presets"]],
        LAYERS["layer"]["kernels"],
        LAYERS["layer"]["seed"]["bounds"],
        LAYERS["ConvTranspose2d"]["views"],
        LAYERS["RoundTrip"]["sizes"],
        LAYERS["SizeLedger"]["bounds"],
        LAYERS["SizeLedger"]["choices"],
    ]


def test_no_list_of_the_file_is_written_out_a_second_time():
    ledger = LAYERS["SizeLedger"]["choices"]
    lists = [LAYERS["layer"]["kernels"], LAYERS["ConvTranspose2d"]["views"]]
    lists += [ledger[name] for name in ("padding", "down", "up", "repair")]
    lists += [list(LAYERS["SizeLedger"]["bounds"])]
    written = re.compile(
        "|".join(r",\s*".join(rf"['\"]{word}['\"]" for word in words) for words in lists)
    )
    sources = ("*.js", "views/*.js", "explorer/*.js")
    for source in (*(file for each in sources for file in JS.glob(each)), *WIDGETS.glob("*.py")):
        code = re.sub(r'"""[\s\S]*?"""', "", source.read_text(encoding="utf-8"))
        assert not written.search(code), source.name

"""What lesson 3 says of its skip holds in the committed runs, and a run can be measured again."""

import math
import statistics

import pytest

from benchmarks.denoising import measure
from unet_teach.segmentation.ablation import denoising


def edge_errors(keep, steps, score="edges"):
    runs = denoising.results()
    return [run[score] for run in runs if (run["keep"], run["steps"]) == (keep, steps)]


def test_the_skip_gives_the_edges_from_the_first_steps_on():
    without, with_skip = edge_errors(0, 200), edge_errors(1, 200)
    assert len(without) == len(with_skip) == len(denoising.SEEDS)
    assert min(without) > 1.5 * max(with_skip)
    noise = denoising.NOISE * math.sqrt(2 / math.pi)  # how far off the noisy image is, on average
    assert statistics.mean(without) == pytest.approx(2 * noise, rel=0.1)
    assert statistics.mean(with_skip) == pytest.approx(noise, rel=0.1)


def test_with_many_steps_a_single_image_is_nearly_memorised_without_it():
    without, with_skip = (statistics.mean(edge_errors(keep, 2000)) for keep in (0, 1))
    assert without < 0.5 * statistics.mean(edge_errors(0, 200))
    assert 0.005 < without - with_skip < 0.02


def test_what_is_memorised_does_not_help_on_the_mirror_image():
    early, late = (edge_errors(0, steps, "edges mirrored") for steps in (200, 2000))
    with_skip = edge_errors(1, 2000, "edges mirrored")
    assert len(early) == len(late) == len(with_skip) == len(denoising.SEEDS)
    assert statistics.mean(late) == pytest.approx(statistics.mean(early), rel=0.1)
    assert min(late) > 2 * max(with_skip)
    assert with_skip == pytest.approx(edge_errors(1, 2000), abs=0.01)


def test_the_table_shows_each_number_of_steps():
    lines = denoising.table().splitlines()
    rows = [line.split("|")[1].strip() for line in lines[2:]]
    assert rows == ["noisy input", *map(str, denoising.STEPS)]
    assert lines[2].startswith("| noisy input | 0.079 | 0.079 | ")
    assert "0.160 (0.129–0.220)" in lines[3]
    assert "| 0.077 (" in lines[6]
    assert "| 0.067 (" in lines[6]


def test_a_run_can_be_measured_again():
    first, again = (measure(1, 0, steps=(2, 3)) for _ in range(2))
    assert first == again
    scores = {f"{where}{image}" for where in ("edges", "elsewhere") for image in ("", " mirrored")}
    assert [set(errors) for errors in first] == [scores] * 2

"""What lesson 3 says of its skip holds in the committed runs, and a run can be measured again."""

import math
import statistics

import pytest

from unet_teach.segmentation.ablation import denoising


def edge_errors(keep, steps, network="lesson 3", score="edges"):
    return [
        run[score]
        for run in denoising.results()
        if (run["network"], run["keep"], run["steps"]) == (network, keep, steps) and score in run
    ]


def test_the_skip_gives_the_edges_from_the_first_steps_on():
    without, with_skip = edge_errors(0, 200), edge_errors(1, 200)
    assert len(without) == len(with_skip) == len(denoising.SEEDS)
    assert min(without) > 1.6 * max(with_skip)
    noise = denoising.NOISE * math.sqrt(2 / math.pi)  # how far off the noisy image is, on average
    assert statistics.mean(without) == pytest.approx(2 * noise, rel=0.1)
    assert statistics.mean(with_skip) == pytest.approx(noise, rel=0.1)


def test_with_many_steps_a_single_image_is_memorised_without_it():
    for network in denoising.NETWORKS:
        without = statistics.mean(edge_errors(0, 2000, network))
        assert abs(without - statistics.mean(edge_errors(1, 2000, network))) < 0.005


def test_what_is_memorised_does_not_help_on_the_mirror_image():
    early, late = (edge_errors(0, steps, score="edges mirrored") for steps in (200, 2000))
    with_skip = edge_errors(1, 2000, score="edges mirrored")
    assert len(early) == len(late) == len(with_skip) == 3
    assert all(0.9 * before < after < before for before, after in zip(early, late, strict=True))
    assert min(late) > 2 * max(with_skip)
    assert with_skip == pytest.approx(edge_errors(1, 2000)[:3], abs=0.01)


def test_the_table_shows_each_number_of_steps():
    lines = denoising.table().splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == [str(n) for n in denoising.STEPS]
    assert "0.154 (0.142–0.176)" in lines[2]
    assert denoising.table("wider").splitlines()[2].endswith("| – | – |")


def test_a_run_can_be_measured_again():
    options = denoising.NETWORKS["lesson 3"]
    first, again = (denoising.measure(1, 0, steps=(2, 3), **options) for _ in range(2))
    assert first == again
    scores = {f"{where}{image}" for where in ("edges", "elsewhere") for image in ("", " mirrored")}
    assert [set(errors) for errors in first] == [scores] * 2

"""What lesson 3 says of its skip holds in the committed runs, and a run can be measured again."""

import statistics

from unet_teach.segmentation.ablation import denoising


def edge_errors(keep, steps, network="lesson 3"):
    return [
        run["edges"]
        for run in denoising.results()
        if (run["network"], run["keep"], run["steps"]) == (network, keep, steps)
    ]


def test_the_skip_gives_the_edges_from_the_first_steps_on():
    without, with_skip = edge_errors(0, 200), edge_errors(1, 200)
    assert len(without) == len(with_skip) == len(denoising.SEEDS)
    assert min(without) > 1.6 * max(with_skip)


def test_with_many_steps_a_single_image_is_memorised_without_it():
    for network in denoising.NETWORKS:
        without = statistics.mean(edge_errors(0, 2000, network))
        assert abs(without - statistics.mean(edge_errors(1, 2000, network))) < 0.005


def test_the_table_shows_each_number_of_steps():
    lines = denoising.table().splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == [str(n) for n in denoising.STEPS]
    assert "0.154 (0.142–0.176)" in lines[2]


def test_a_run_can_be_measured_again():
    options = denoising.NETWORKS["lesson 3"]
    first, again = (denoising.measure(1, 0, steps=(2, 3), **options) for _ in range(2))
    assert first == again
    assert [set(errors) for errors in first] == [{"edges", "elsewhere"}] * 2

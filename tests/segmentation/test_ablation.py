"""The ablation: one part at a time, results that are what the code says, and their pictures."""

import dataclasses
import json

import pytest

from benchmarks.ablation import main
from unet_teach import UNet, segmentation
from unet_teach.segmentation import ablation
from unet_teach.segmentation.ablation import study

RESULTS = ablation.results()


def test_every_variant_changes_one_part_of_the_network():
    for variant, options in ablation.VARIANTS.items():
        assert len(options) == {"the U-Net": 0, "depth 1, wide": 2}.get(variant, 1)
        UNet(1, 1, **ablation.NETWORK | options)


def test_the_committed_results_are_complete_and_of_this_recipe():
    report = json.loads(ablation.RESULTS.read_text(encoding="utf-8"))
    assert report["network"] == ablation.NETWORK
    assert report["recipes"] == ablation.RECIPES
    assert {"command", "system", "torch"} <= ablation.machine().keys()
    for data in ablation.DATA:
        for variant in ablation.VARIANTS:
            seeds = [r.seed for r in RESULTS if (r.data, r.variant) == (data, variant)]
            if variant == "depth 1, wide" and data != "lines in rings":
                assert seeds == []  # it takes four times as long as the others
            else:
                assert len(seeds) == len(set(seeds)) >= 3, (data, variant)


def test_the_control_has_about_as_many_parameters_as_the_whole_network_and_five_seeds():
    control = [r for r in RESULTS if r.variant == "depth 1, wide"]
    assert sorted(r.seed for r in control) == [0, 1, 2, 3, 4]
    assert {r.parameters for r in control} == {114_207}
    whole = next(r.parameters for r in RESULTS if r.variant == "the U-Net")
    assert 0.9 < 114_207 / whole < 1
    assert max(r.iou for r in control) < 0.45


def test_the_committed_pictures_are_of_the_test_window():
    for data in ablation.DATA:
        window = study.displayed_pair(data)
        for run in (r for r in RESULTS if r.data == data):
            assert run.mask.shape == window.mask.shape


def test_the_committed_parameters_are_those_of_the_networks():
    for run in RESULTS:
        model = UNet(1, 1, **ablation.NETWORK | ablation.VARIANTS[run.variant])
        assert run.parameters == sum(p.numel() for p in model.parameters())


def test_the_table_has_means_and_deviations_by_hand():
    made = [
        dataclasses.replace(RESULTS[0], data="lines in rings", variant="the U-Net", seed=s, iou=iou)
        for s, iou in enumerate((0.7, 0.8, 0.9))
    ]
    last = ablation.table(made).splitlines()[-1]
    assert last.startswith("| whole | the U-Net | ")
    assert last.endswith("| 0.80 ± 0.10 |")
    assert ablation.table(made[:1]).endswith("| 0.70 |")
    assert "| – |" in ablation.table(
        [made[0], dataclasses.replace(made[0], data="earth", variant="nearest")]
    )


def test_the_marks_show_in_the_committed_numbers():
    """What the lessons build on; the figures themselves are in the file."""

    def mean(data, variant):
        scores = [r.score for r in RESULTS if (r.data, r.variant) == (data, variant)]
        return sum(scores) / len(scores)

    assert mean("lines in rings", "no skips") < mean("lines in rings", "the U-Net") - 0.3
    assert mean("lines in rings", "depth 1") < mean("lines in rings", "the U-Net") - 0.3
    assert mean("earth", "no skips") < mean("earth", "the U-Net") - 0.05
    assert abs(mean("nuclei", "no skips") - mean("nuclei", "the U-Net")) < 0.1


def test_most_seeds_train():
    for data in ablation.DATA:
        runs = [r for r in RESULTS if (r.data, r.variant) == (data, "the U-Net")]
        assert len(runs) >= 20
        assert sum(not r.trouble for r in runs) / len(runs) >= 19 / 20


def test_figures_show_every_seed_and_every_variant():
    dots = ablation.figure(RESULTS[:40], mine=RESULTS[:1])
    assert dots.axes
    shown = ablation.prediction_figure("earth")
    titles = [axes.get_title("left") for axes in shown.axes]
    assert titles[:2] == ["the Caribbean", "target"]
    assert any(title.startswith("no skips: ") for title in titles)
    with pytest.raises(ValueError, match="no run on 'earth' with seed 99"):
        ablation.prediction_figure("earth", seed=99)


def test_one_cell_can_be_measured_again(monkeypatch):
    monkeypatch.setitem(ablation.RECIPES, "nuclei", {"steps": 2, "batch": 2, "crop": 16})
    run = ablation.measure("depth 1", "nuclei", seed=5, live=False)
    assert (run.data, run.variant, run.seed) == ("nuclei", "depth 1", 5)
    assert 0 <= run.iou <= run.dice <= 1
    again = ablation.measure("depth 1", "nuclei", seed=5, live=False)
    assert dataclasses.replace(run, seconds=0) == dataclasses.replace(again, seconds=0)


def test_what_was_run_is_written_and_passed_over(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(ablation.RECIPES, "nuclei", {"steps": 1, "batch": 1, "crop": 16})
    out = tmp_path / "runs.json"
    arguments = ["x", "--seeds", "0", "--data", "nuclei", "--variants", "depth 1"]
    monkeypatch.setattr("sys.argv", [*arguments, "--out", str(out)])
    main()
    assert "nuclei, depth 1, seed 0" in capsys.readouterr().out
    main()
    assert "seed 0" not in capsys.readouterr().out
    assert len(ablation.results(out)) == 1


@pytest.mark.parametrize(("ended", "by"), [("stopped", "you"), ("out of time", "its time limit")])
def test_a_run_that_is_stopped_says_that_it_is_not_comparable(monkeypatch, ended, by):
    def stopped(model, data, **options):
        return dataclasses.replace(trained(model, data, **options | {"steps": 2}), ended=ended)

    trained = study.train
    monkeypatch.setattr(study, "train", stopped)
    run = ablation.measure("depth 1", "nuclei", live=False)
    assert run.trouble.startswith(f"Stopped by {by} after 2 of 200 steps, so not comparable")


@pytest.mark.parametrize(("variant", "data"), [("no such", "earth"), ("depth 1", "mars")])
def test_an_unknown_name_is_refused_with_those_that_are_known(variant, data):
    with pytest.raises(ValueError, match="is not known"):
        ablation.measure(variant, data)
    with pytest.raises(ValueError, match=r"'mars' is not known\. Use 'earth', "):
        study.displayed_pair("mars")


def test_one_run_is_enough_and_none_is_a_sentence(tmp_path):
    assert ablation.table(RESULTS[0]) == ablation.table(RESULTS[:1])
    assert ablation.figure(RESULTS[:3], mine=RESULTS[0]).axes
    for show in (ablation.table, ablation.figure):
        with pytest.raises(ValueError, match="There is no run to show"):
            show([])
        with pytest.raises(TypeError, match="One of the runs is of type str; give what ablation"):
            show(["the U-Net"])
    with pytest.raises(ValueError, match=r"There is no file .*nope\. Write one: python -m"):
        ablation.results(tmp_path / "nope")


def test_every_public_name_is_there_and_costs_nothing_before_it_is_used():
    for name in segmentation.__all__:
        assert getattr(segmentation, name)
    assert set(segmentation.__all__) <= set(dir(segmentation))
    with pytest.raises(AttributeError, match="no attribute 'moon'"):
        segmentation.moon  # noqa: B018


def test_a_stopped_run_is_a_hollow_diamond_and_says_its_steps():
    stopped = dataclasses.replace(RESULTS[0], stopped_after=75)
    for mine, fill, words in (
        (RESULTS[0], "full", ""),
        (stopped, "none", "stopped after 75 steps"),
    ):
        figure = ablation.figure(RESULTS[:3], mine=mine)
        diamonds = [line for line in figure.axes[0].lines if line.get_marker() == "D"]
        assert [line.get_fillstyle() for line in diamonds] == [fill, fill]  # the run, the legend
        assert words in figure.axes[0].get_xlabel()

"""The exercises on the living U-Net, which no lesson asks yet, are tested as the others are."""

import pytest
import torch

from unet_teach import cut
from unet_teach.exercises.exercise import RECORD, Outcome
from unet_teach.exercises.living_unet.fools_it import fools_it, painted
from unet_teach.exercises.living_unet.rim_skip import rim_skip
from unet_teach.segmentation import iou, lines_in_rings, trained_unet

BOTH = (rim_skip, fools_it)
NONSENSE = ["rim", True, 1.5, float("nan"), [1], [("ring", 1)], [("ring", "a", 2, 3)], {}, [None]]


@pytest.fixture(autouse=True)
def _no_progress(tmp_path, monkeypatch):
    monkeypatch.setattr(RECORD, "_path", tmp_path / "progress.json")
    monkeypatch.setattr(RECORD, "_memory", {})


def cases(part):
    return [(exercise, item) for exercise in BOTH for item in getattr(exercise, part)]


@pytest.mark.parametrize(("exercise", "answer"), cases("answers"))
def test_every_right_answer_passes(exercise, answer):
    assert exercise.check(answer()).text == exercise.praise


@pytest.mark.parametrize(("exercise", "mistake"), cases("mistakes"))
def test_every_known_mistake_gets_its_own_sentence(exercise, mistake):
    for example in mistake.examples:
        reply = exercise.check(example())
        assert reply.outcome is Outcome.NOT_YET
        assert mistake.sentence in reply.text


@pytest.mark.parametrize("exercise", BOTH, ids=lambda exercise: exercise.name)
def test_is_complete(exercise):
    assert len(exercise.mistakes) >= 4
    assert len(exercise.hints) >= 3
    assert len({mistake.sentence for mistake in exercise.mistakes}) == len(exercise.mistakes)
    assert exercise.check(...).outcome is Outcome.NOT_ATTEMPTED


@pytest.mark.parametrize("exercise", BOTH, ids=lambda exercise: exercise.name)
@pytest.mark.parametrize("nonsense", NONSENSE, ids=str)
def test_nonsense_gets_a_sentence(exercise, nonsense):
    reply = exercise.check(nonsense)
    assert reply.outcome is Outcome.NOT_YET
    assert "Traceback" not in reply.text
    assert "Error" not in reply.text


def test_the_numbers_of_rim_skip_are_those_of_the_shipped_network():
    network, test = trained_unet(), lines_in_rings(256, seed=1).test
    images, masks = (torch.stack([pair[part] for pair in test]) for part in (0, 1))

    def score():
        with torch.no_grad():
            return iou(network(images) > 0, masks.bool())

    scores = [score()]
    for level in range(3):
        with cut(network, level):
            scores.append(score())
    with cut(network):
        assert f"{score():.2f}" == "0.36"
    assert [f"{one:.2f}" for one in scores[:3]] == ["0.81", "0.71", "0.80"]
    assert [f"{scores[0] - one:.2f}" for one in scores[2:]] == ["0.01", "0.01"]


def test_a_large_ring_is_not_found_at_all():
    assert painted(fools_it.answers[0]()).found == 0


def test_trained_networks_are_named():
    sentence = r"no network 'best' for 'earth'.*'depth 1' for 'lines in rings'"
    with pytest.raises(ValueError, match=sentence):
        trained_unet("best", "earth")
    assert trained_unet("trained with skips", "nuclei").training is False

"""Scores of several classes: by hand, against scikit-learn, and what is refused."""

from math import isnan

import numpy as np
import pytest
import torch

from unet_teach.segmentation.class_scores import ClassScores, class_names, confusion


def test_scores_by_hand():
    target = torch.tensor([[0, 0, 0, 1, 1, 255]])
    prediction = torch.tensor([[0, 0, 1, 1, 0, 1]])
    scores = ClassScores(("a", "b", "c"), confusion(prediction, target, 3))
    assert scores.confusion.tolist() == [[2, 1, 0], [1, 1, 0], [0, 0, 0]]
    assert scores.iou["a"] == 2 / 4
    assert scores.iou["b"] == 1 / 3
    assert isnan(scores.iou["c"])
    assert scores.mean_iou == pytest.approx((1 / 2 + 1 / 3) / 2)
    assert scores.pixel_accuracy == 3 / 5
    assert repr(scores) == (
        "mean IoU 0.42, pixel accuracy 0.60\n"
        "  a  IoU 0.50, 60.0% of the target\n"
        "  b  IoU 0.33, 40.0% of the target\n"
        "  c  IoU none, 0.0% of the target"
    )


def test_scores_agree_with_scikit_learn():
    from sklearn.metrics import confusion_matrix, jaccard_score

    random = np.random.default_rng(0)
    for _ in range(20):
        target, prediction = random.integers(0, 5, (2, 400))
        scores = ClassScores(
            tuple("abcde"), confusion(torch.tensor(prediction), torch.tensor(target), 5)
        )
        assert (scores.confusion.numpy() == confusion_matrix(target, prediction)).all()
        expected = jaccard_score(target, prediction, average=None)
        assert np.allclose(list(scores.iou.values()), expected)


def test_scores_without_a_pixel_that_counts_are_no_numbers():
    void = torch.full((2, 3), 255)
    scores = ClassScores(("a", "b"), confusion(void, void, 2))
    assert isnan(scores.mean_iou)
    assert isnan(scores.pixel_accuracy)
    assert "a  IoU none, 0.0% of the target" in repr(scores)


@pytest.mark.parametrize(
    ("prediction", "target", "says"),
    [
        (
            [0, 1, 2],
            [0, 1, 3],
            "The target has labels from 0 to 3, but with 3 classes they",
        ),
        ([0, 1, 3], [0, 1, 2], "The prediction has labels from 0 to 3, but with 3 classes they go"),
        ([0, -1, 2], [0, 1, 2], r"labels from -1 to 2, .* from 0 to 2; 255 is for pixels"),
        ([0, 1], [0, 1, 2], r"shapes \(2,\) and \(3,\). Give two of the same shape"),
    ],
)
def test_labels_that_are_no_classes_are_refused(prediction, target, says):
    with pytest.raises(ValueError, match=says):
        confusion(torch.tensor(prediction), torch.tensor(target), 3)


def test_classes_have_one_name_each():
    assert class_names(("a", "b"), 2) == ("a", "b")
    assert class_names((), 2) == ("class 0", "class 1")
    with pytest.raises(ValueError, match="3 names of classes, but 2 classes"):
        class_names(["a", "b", "c"], 2)
    for names in ("ab", (1, 2)):
        with pytest.raises(TypeError, match="give the names, such as"):
            class_names(names, 2)

"""Several classes: datasets, loss, training, scores, figures, masks in files, checkpoints."""

from __future__ import annotations

import re
from dataclasses import replace
from math import log, sqrt

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter
from torch.nn import functional as F  # noqa: N812 - the name it has everywhere

from unet_teach import UNet
from unet_teach.segmentation import (
    Dataset,
    Pair,
    ablation,
    evaluate,
    from_folder,
    load_model,
    predict,
    predict_tiled,
    train,
)
from unet_teach.segmentation.class_scores import ClassScores, confusion
from unet_teach.segmentation.plots import class_colours, comparison, paint_labels
from unet_teach.segmentation.task import cross_entropy_dice_loss, task_of

NAMES = ("ground", "square", "disc", "frame")
VOC = {"background": (0, 0, 0), "cat": (64, 0, 0), "dog": "#400080"}


def scene(number: int, side: int = 48) -> Pair:
    """Return an image with a bright square, a dark disc and two grey edges; each a class."""
    random = np.random.default_rng(number)
    labels = np.zeros((side, side), np.uint8)
    rows, columns = np.mgrid[:side, :side]
    labels[(rows < 5) | (columns < 5)] = 3
    top, left = random.integers(6, side - 18, 2)
    labels[top : top + 12, left : left + 12] = 1
    y, x = random.integers(10, side - 10, 2)
    labels[(rows - y) ** 2 + (columns - x) ** 2 < 36] = 2
    levels = np.array([0.4, 0.9, 0.1, 0.6], np.float32)
    image = levels[labels] + 0.05 * random.standard_normal((side, side)).astype(np.float32)
    return Pair(torch.from_numpy(image[None]).float(), torch.from_numpy(labels[None]), str(number))


@pytest.fixture(scope="module")
def scenes() -> Dataset:
    pairs = [scene(number) for number in range(14)]
    return Dataset("scenes", (*pairs[:8],), (*pairs[8:11],), (*pairs[11:],), "made", classes=NAMES)


@pytest.fixture(scope="module")
def training(scenes, tmp_path_factory):
    torch.manual_seed(0)
    file = tmp_path_factory.mktemp("classes") / "training.pt"
    model = UNet(1, scenes.out_channels, depth=2, base_channels=6, norm=True)
    run = train(
        model, scenes, steps=150, crop=48, live=False, class_weights="inverse_sqrt", checkpoint=file
    )
    return run, file


def test_four_classes_are_learned(scenes, training):
    run, _ = training
    scores = evaluate(run.model, scenes.test, classes=scenes.classes)
    assert scores.mean_iou > 0.8, scores
    assert min(scores.iou.values()) > 0.6, scores
    assert scores.pixel_accuracy > 0.9
    assert run.best.validation_iou == pytest.approx(
        evaluate(run.model, scenes.validation, classes=NAMES).mean_iou
    )
    assert not run.trouble


def test_prediction_in_tiles_is_that_of_the_whole_image(scenes, training):
    run, _ = training
    image = scenes.test[0].image
    logits = predict_tiled(run.model, image, tile=16)
    assert logits.shape == (4, *image.shape[1:])
    labels = predict(run.model, image)
    assert labels.dtype == torch.uint8
    assert torch.equal(logits.argmax(0, keepdim=True).byte(), labels)


def test_a_checkpoint_gives_the_same_network(scenes, training):
    run, file = training
    model = load_model(file, UNet(1, 4, depth=2, base_channels=6, norm=True))
    image = scenes.test[0].image
    assert torch.equal(predict(model, image), predict(run.model, image))


def test_the_loss_is_torch_s_cross_entropy_plus_dice():
    torch.manual_seed(0)
    logits, labels = torch.randn(2, 3, 5, 6), torch.randint(0, 3, (2, 1, 5, 6)).byte()
    weights = torch.tensor([0.5, 1.0, 1.5])
    entropy = F.cross_entropy(logits, labels[:, 0].long(), weights)
    probabilities = logits.softmax(1)
    dice = []
    for number in range(3):
        there = (labels[:, 0] == number).float()
        both = (probabilities[:, number] * there).sum()
        dice.append((2 * both + 1) / (probabilities[:, number].sum() + there.sum() + 1))
    expected = entropy + 1 - torch.stack(dice).mean()
    assert torch.allclose(cross_entropy_dice_loss(logits, labels, weights), expected)


def test_void_pixels_change_nothing():
    torch.manual_seed(0)
    logits = torch.randn(1, 3, 4, 8, requires_grad=True)
    labels = torch.randint(0, 3, (1, 1, 4, 8)).byte()
    labels[..., 5:] = 255
    weights = torch.tensor([0.2, 1.0, 1.8])
    loss = cross_entropy_dice_loss(logits, labels, weights)
    part = cross_entropy_dice_loss(logits[..., :5], labels[..., :5], weights)
    assert torch.allclose(loss, part)
    loss.backward()
    assert not logits.grad[..., 5:].any()
    assert logits.grad[..., :5].all()
    empty = cross_entropy_dice_loss(logits, torch.full_like(labels, 255), weights)
    assert empty.isfinite()
    scores = confusion(logits.argmax(1, keepdim=True), labels, 3)
    assert scores.sum() == 20


def test_weights_follow_the_frequency(scenes):
    counts = torch.bincount(torch.cat([pair.mask.flatten() for pair in scenes.train]))
    weights = task_of(scenes, "inverse_sqrt").weights
    assert sum(weights) / 4 == pytest.approx(1)
    for one in range(4):
        for other in range(4):
            ratio = sqrt(counts[other] / counts[one])
            assert weights[one] / weights[other] == pytest.approx(ratio)
    assert task_of(scenes, "none").weights == (1, 1, 1, 1)
    assert task_of(scenes, np.array([1, 2, 3, 4])).weights == (1, 2, 3, 4)


@pytest.mark.parametrize(
    ("weights", "kind", "said"),
    [
        ("inverse", ValueError, "'inverse' is not known. Use 'none', 'inverse_sqrt'"),
        ([1, 2], ValueError, "give 4 numbers above 0"),
        ([1, 2, 3, 0], ValueError, "give 4 numbers above 0"),
        ([1, 2, 3, float("nan")], ValueError, "give 4 numbers above 0"),
        (None, TypeError, "give 'none', 'inverse_sqrt' or one number for each class"),
    ],
)
def test_other_weights_are_a_sentence(scenes, weights, kind, said):
    with pytest.raises(kind, match=said):
        task_of(scenes, weights)


@pytest.mark.parametrize(
    ("out_channels", "said"),
    [
        (1, r"should return one for each class and pixel, \(4, 48, 48\)\. Build it with out_"),
        (3, r"returns \(3, 48, 48\)"),
    ],
)
def test_a_network_for_another_number_of_classes_is_a_sentence(scenes, out_channels, said):
    with pytest.raises(ValueError, match=said):
        train(UNet(1, out_channels, depth=1, base_channels=2), scenes, steps=1, live=False)


def test_classes_and_foreground_are_not_mixed(scenes, training):
    run, _ = training
    binary = [Pair(image, (mask > 0).float(), name) for image, mask, name in scenes.test]
    with pytest.raises(ValueError, match="it should return one logit for each pixel"):
        evaluate(run.model, binary)
    one = UNet(1, 1, depth=1, base_channels=2)
    for names in ((), NAMES):
        with pytest.raises(ValueError, match=r"one channel|one for each class and pixel"):
            evaluate(one, scenes.test, classes=names)
    with pytest.raises(ValueError, match="scenes has one class only, 'thing'"):
        train(run.model, replace(scenes, classes=("thing",)), steps=1, live=False)
    with pytest.raises(ValueError, match="the label 3, but with 3 classes labels go from 0 to 2"):
        train(run.model, replace(scenes, classes=NAMES[:3]), steps=1, live=False)
    with pytest.raises(ValueError, match=r"returns \(4, 48, 48\), but it should return one for"):
        evaluate(run.model, scenes.test, classes=NAMES[:3])


def test_a_network_that_predicts_one_class_only_is_trouble(scenes):
    class Most(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.bias = torch.nn.Parameter(torch.tensor([9.0, 0, 0, 0]))

        def forward(self, images):
            return self.bias[None, :, None, None].expand(len(images), 4, *images.shape[2:]) + 0.0

    run = train(Most(), scenes, steps=30, live=False)
    assert "predicts almost only the most frequent class" in run.trouble
    assert 'class_weights="inverse_sqrt"' in run.trouble


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (torch.nn.Softmax(1), "a softmax, and the loss applies one to it again"),
        (torch.nn.Sigmoid(), "a sigmoid, which limits the logits"),
        (torch.nn.LogSoftmax(1), ""),
        (torch.nn.Identity(), ""),
    ],
)
def test_the_last_operation_is_judged_for_several_classes(scenes, end, said):
    from unet_teach.segmentation.before_training import hints_before_training

    model = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 1), end)
    hints = " ".join(hints_before_training(model, scenes.train, 2, 32, 32, scenes.classes))
    assert said in hints
    assert bool(said) == bool(hints)


def test_figures_show_classes_in_their_colours(scenes):
    pair = scenes.test[0]
    painted = paint_labels(pair.mask[0], ["#102030"])
    assert (painted[pair.mask[0].numpy() == 0] == (16, 32, 48)).all()
    assert (paint_labels(torch.full((1, 1), 255, dtype=torch.uint8)) == 255).all()
    assert len({*class_colours(255)}) > 250
    figure = comparison(pair, {"mine": pair.mask}, classes=NAMES)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(NAMES)
    assert [axes.get_label() for axes in figure.axes] == ["11", "target", "mine"]
    assert [text.get_text() for text in scenes.figure().legends[0].get_texts()] == list(NAMES)
    scores = ClassScores(NAMES, confusion(pair.mask, pair.mask, 4))
    written = [text.get_text() for text in scores.figure().axes[0].texts]
    assert written.count("100%") == 4
    assert written.count("0%") == 12


def test_a_dataset_says_how_frequent_each_class_is(scenes):
    assert "ground " in repr(scenes)
    share = sum((pair.mask == 3).sum().item() for pair in scenes.test) / (3 * 48 * 48)
    assert f"frame {share:.1%}" in repr(scenes).splitlines()[3]
    assert scenes.out_channels == 4


def test_entropy_of_a_network_that_knows_nothing():
    loss = cross_entropy_dice_loss(
        torch.zeros(1, 4, 2, 2), torch.tensor([[[[0, 1], [2, 3]]]]), torch.ones(4)
    )
    assert loss.item() == pytest.approx(log(4) + 1 - (2 * 0.25 + 1) / (1 + 1 + 1))


def folders(tmp_path, masks: list[Image.Image], suffix: str = ".png"):
    for name in ("images", "masks"):
        (tmp_path / name).mkdir(parents=True)
    for number, mask in enumerate(masks):
        grey = np.full(mask.size[::-1], 40 * number, np.uint8)
        grey[0, 0] = 9
        Image.fromarray(grey).save(tmp_path / "images" / f"{number}.png")
        mask.save(tmp_path / "masks" / f"{number}{suffix}")
    return tmp_path / "images", tmp_path / "masks"


def voc_mask(number: int, mode: str = "P") -> Image.Image:
    """Return a mask in the palette of PASCAL VOC: cat is 8, dog 12, void 255."""
    labels = np.zeros((32, 40), np.uint8)
    labels[4:12, 4:20], labels[16:28, 10:30] = 8, 12
    labels[15, 10:30] = 255
    labels = np.roll(labels, number, axis=1)
    image = Image.fromarray(labels)
    palette = np.zeros((256, 3), np.uint8)
    palette[8], palette[12], palette[255] = (64, 0, 0), (64, 0, 128), (224, 224, 192)
    image.putpalette(palette.tobytes())
    return image.convert(mode)


@pytest.mark.parametrize("mode", ["P", "RGB"])
def test_masks_in_the_palette_of_pascal_voc(tmp_path, mode):
    data = from_folder(*folders(tmp_path, [voc_mask(n, mode) for n in range(5)]), classes=VOC)
    assert data.classes == ("background", "cat", "dog")
    assert data.colours == ("#000000", "#400000", "#400080")
    mask = data.train[0].mask
    assert mask.shape == (1, 32, 40)
    assert torch.bincount(mask.flatten(), minlength=256)[[1, 2, 255]].tolist() == [128, 240, 20]
    assert not data.notes
    run = train(UNet(1, 3, depth=2, base_channels=2), data, steps=2, live=False)
    assert len(evaluate(run.model, data.test, classes=data.classes).iou) == 3


def test_masks_by_the_numbers_in_a_palette(tmp_path):
    numbers = {"background": 0, "cat": 8, "dog": np.int64(12)}
    masks = [voc_mask(n) for n in range(5)]
    masks[0].paste(3, (0, 0, 40, 2))
    images, labels = folders(tmp_path, masks)
    with pytest.warns(UserWarning, match=r"2\.8% of all pixels are of no class \(3\)"):
        data = from_folder(images, labels, classes=numbers)
    assert data.colours == ()
    counts = torch.bincount(torch.cat([p.mask.flatten() for s in data.splits.values() for p in s]))
    assert counts[1] == 5 * 128


@pytest.mark.parametrize(
    ("masks", "suffix", "classes", "said"),
    [
        ([voc_mask(0)] * 3, ".png", {"a": 1, "b": 2}, r"No class names 100% .* They hold 0, 12, 8"),
        (
            [voc_mask(0, "RGB")] * 3,
            ".png",
            {"a": 0, "b": 8},
            "is in colour, but the classes are",
        ),
        ([voc_mask(0, "RGB")] * 3, ".jpg", VOC, "a JPEG keeps no exact colours"),
    ],
)
def test_masks_that_do_not_fit_the_classes_are_a_sentence(tmp_path, masks, suffix, classes, said):
    with pytest.raises(ValueError, match=said):
        from_folder(*folders(tmp_path, masks, suffix), classes=classes)


@pytest.mark.parametrize(
    ("classes", "kind", "said"),
    [
        (["cat", "dog"], TypeError, "classes is of type list; give a dict"),
        ({"cat": 1}, ValueError, "classes has 1 entries"),
        ({"cat": 1, "dog": 1}, ValueError, "Two classes have the same value, 1"),
        ({"cat": 1, "dog": "#000000"}, TypeError, "Give numbers for all classes, or colours"),
        ({"cat": "red", "dog": "blue"}, ValueError, "'red' of the class 'cat' is no number and no"),
        ({"cat": (0, 0, 256), "dog": (0, 0, 0)}, ValueError, "is no number and no colour"),
        ({"cat": None, "dog": 1}, TypeError, "None of the class 'cat'"),
        ({1: 1, 2: 2}, TypeError, "The names of classes must be text"),
    ],
)
def test_classes_that_are_none_are_a_sentence(tmp_path, classes, kind, said):
    with pytest.raises(kind, match=said):
        from_folder(*folders(tmp_path, [voc_mask(0)] * 3), classes=classes)


def test_masks_that_were_once_a_jpeg_are_said_to_be(tmp_path):
    codes = np.array([0, 90, 200])
    masks = []
    for number in range(3):
        path = tmp_path / "once.jpg"
        labels = np.roll(np.kron([[0, 1, 0, 2]], np.ones((32, 10), int)), number + 3, axis=1)
        Image.fromarray(codes[labels].astype(np.uint8)).save(path, quality=75)
        masks.append(Image.open(path).copy())
    classes = dict(zip("abc", codes.tolist(), strict=True))
    with pytest.warns(UserWarning, match="do not count. Most of them hardly differ from a class"):
        from_folder(*folders(tmp_path / "grain", masks), classes=classes)
    smooth = [
        Image.fromarray(codes[labels].astype(np.uint8)).filter(ImageFilter.GaussianBlur(1))
        for labels in [np.kron([[0, 1, 0, 2]], np.ones((32, 10), int))] * 3
    ]
    with pytest.warns(UserWarning, match="as after resizing with smoothing"):
        from_folder(*folders(tmp_path / "smooth", smooth), classes=classes)


def test_a_class_that_a_split_lacks_is_noted(tmp_path):
    masks = [voc_mask(n) for n in range(5)]
    for mask in masks[1:]:
        mask.paste(0, (4, 4, 30, 12))
    with pytest.warns(UserWarning, match="no pixel of 'cat' in"):
        from_folder(*folders(tmp_path, masks), classes=VOC)
    with pytest.raises(ValueError, match="leave it out with classes"):
        from_folder(tmp_path / "images", tmp_path / "masks", classes=VOC, invert=True)


def test_variants_are_measured_on_several_classes(scenes):
    runs = [
        ablation.measure(name, scenes, steps=steps, crop=48, live=False)
        for name, steps in (("the U-Net", 40), ("no skips", 2))
    ]
    for run in runs:
        assert run.data == "scenes"
        assert list(run.class_iou) == list(NAMES)
        assert run.iou == pytest.approx(sum(run.class_iou.values()) / 4)
        assert run.iou <= run.dice <= 1
        assert (run.mask.dtype, run.mask.shape) == (torch.uint8, scenes.test[0].mask.shape)
    assert runs[0].iou > runs[1].iou
    assert f"| whole | the U-Net | {runs[0].parameters:,} | {runs[0].iou:.2f} |" in ablation.table(
        runs
    )
    titles = [axes.get_title("left") for axes in ablation.prediction_figure(scenes, runs).axes]
    assert titles[1:3] == ["target", f"the U-Net: {runs[0].iou:.2f}"]
    assert ablation.figure(runs).axes


@pytest.mark.parametrize(
    ("values", "classes", "said"),
    [
        ((0, 255), {"bg": 0, "fg": 1}, "{'bg': 0, 'fg': 255}"),
        ((0, 127, 255), {"bg": 0, "a": 1, "b": 2}, "{'bg': 0, 'a': 127, 'b': 255}"),
    ],
)
def test_values_in_no_class_come_with_the_classes_that_may_be_meant(
    tmp_path, values, classes, said
):
    mask = np.zeros((32, 40), np.uint8)
    for number, value in enumerate(values[1:]):
        mask[4:12, 8 * number : 8 * number + 8] = value
    images, masks = folders(tmp_path, [Image.fromarray(mask)] * 3)
    with pytest.raises(ValueError, match=rf"255 \(192 pixels\).*{re.escape(said)}"):
        from_folder(images, masks, classes=classes)

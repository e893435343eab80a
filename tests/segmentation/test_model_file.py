"""Saving a network, loading it again, and exporting it as ONNX."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from unet_teach import UNet
from unet_teach.segmentation import export_onnx, lines_in_rings, load_model, save_model, train

OPTIONS = [
    {},
    {"skip": "add", "up": "bilinear", "norm": False},
    {"down": "strided_conv", "up": "conv_transpose_3", "decoder": "shallow"},
    {"padding": "valid", "skip": "none", "up": "nearest", "decoder": "narrow"},
]


def unet(**options) -> UNet:
    torch.manual_seed(0)
    model = UNet(2, 3, depth=2, base_channels=4, **options)
    model(torch.rand(2, 2, 64, 64))  # statistics of the normalisation
    return model.eval()


@pytest.mark.parametrize("options", OPTIONS)
def test_a_saved_unet_is_built_again_by_itself(tmp_path, options):
    model, image = unet(**options), torch.rand(1, 2, 61, 66)
    model.train()
    again = load_model(save_model(model, tmp_path / "new" / "unet.pt"))
    assert model.training
    assert not again.training
    with torch.no_grad():
        assert torch.equal(again(image), model.eval()(image))
    assert str(again) == str(model)


def test_any_other_network_is_given(tmp_path):
    model, other = nn.Sequential(nn.Conv2d(1, 2, 3)), nn.Sequential(nn.Conv2d(1, 2, 3))
    file = save_model(model, str(tmp_path / "own.pt"))
    assert load_model(file, other) is other
    assert torch.equal(other[0].weight, model[0].weight)
    with pytest.raises(ValueError, match=r"does not say which network it belongs to\. Build the"):
        load_model(file)
    with pytest.raises(ValueError, match="belongs to another network"):
        load_model(file, unet())


def test_a_saved_network_is_no_checkpoint_and_a_checkpoint_needs_its_network(tmp_path):
    data, file = lines_in_rings(8), tmp_path / "training.pt"
    model = UNet(1, 1, depth=1, base_channels=2)
    train(model, data, steps=1, live=False, checkpoint=file)
    with pytest.raises(ValueError, match="does not say which network it belongs to"):
        load_model(file)
    save_model(model, file)
    with pytest.raises(ValueError, match="is damaged, or not a checkpoint of this course"):
        train(model, data, steps=1, live=False, checkpoint=file, resume=True)


@pytest.mark.parametrize("content", [b"", b"nothing", b"\x80\x04."])
def test_a_damaged_file_is_a_sentence(tmp_path, content):
    file = tmp_path / "unet.pt"
    file.write_bytes(content)
    with pytest.raises(ValueError, match="is damaged, or not a checkpoint"):
        load_model(file)
    with pytest.raises(ValueError, match=r"is a folder\. Give a file in it"):
        save_model(unet(), tmp_path)
    with pytest.raises(ValueError, match="There is no file"):
        load_model(tmp_path / "nothing.pt")


def run(file, image):
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    assert [value.name for value in (*session.get_inputs(), *session.get_outputs())] == [
        "image",
        "logits",
    ]
    return session.run(["logits"], {"image": image.numpy()})[0]


def compare(model, file, *sizes):
    for size in sizes:
        image = torch.rand(size)
        with torch.no_grad():
            expected = model(image).numpy()
        found = run(file, image)
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()


def test_an_onnx_file_for_all_sizes_equals_torch(tmp_path):
    model = unet()
    model.train()
    file = export_onnx(model, tmp_path / "unet.onnx")
    assert model.training
    compare(model.eval(), file, (1, 2, 64, 64), (3, 2, 97, 83), (2, 2, 5, 130))


def test_an_onnx_file_for_one_size_equals_torch(tmp_path):
    model = unet(skip="add", up="bilinear", norm=False)
    file = export_onnx(model, tmp_path / "unet.onnx", size=(41, 64))
    compare(model, file, (1, 2, 41, 64))


@pytest.mark.parametrize(
    ("size", "kind", "said"),
    [
        ((3, 64), ValueError, "height=3 does not work; give a whole number, 4 or more"),
        (64, TypeError, r"size=64; give \(H, W\)"),
        ((64.0, 64), TypeError, "height=64.0 is of type float"),
    ],
)
def test_another_size_is_a_sentence(tmp_path, size, kind, said):
    with pytest.raises(kind, match=said):
        export_onnx(unet(), tmp_path / "unet.onnx", size=size)


def test_what_cannot_be_exported_is_a_sentence(tmp_path, monkeypatch):
    class Choosy(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 1, 1)

        def forward(self, x):
            return self.conv(x) if float(x.mean()) > 0 else x

    with pytest.raises(ValueError, match=r"torch cannot export this network: .* A fixed size may"):
        export_onnx(Choosy(), tmp_path / "x.onnx")
    with pytest.raises(ValueError, match="no Conv2d, so say how many channels"):
        export_onnx(nn.ReLU(), tmp_path / "x.onnx")

    def missing(*_, **__):
        raise ModuleNotFoundError("No module named 'onnxscript'")

    monkeypatch.setattr(torch.onnx, "export", missing)
    with pytest.raises(ValueError, match=r"Install them with pip install .unet-teach\[export\]"):
        export_onnx(unet(), tmp_path / "x.onnx")

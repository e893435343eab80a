"""The live view in a real kernel: one cell, drawn again and again, and stopped by ■."""

from math import nan

import nbformat
import pytest
import torch
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient

from unet_teach.segmentation.live_view import _curves_svg, most_detailed_window
from unet_teach.segmentation.training_result import StepMetrics

PATIENCE = 600  # seconds: a busy machine may take its time
START = """
import torch
from unet_teach import UNet
from unet_teach.segmentation import lines_in_rings, train
torch.manual_seed(0)
data, model = lines_in_rings(4), UNet(depth=2, base_channels=2)
"""


def test_a_stored_notebook_holds_one_view_whose_text_is_always_the_same():
    train = "run = train(model, data, steps=30, batch=2, crop=32)\nrun"
    cells = [START, train, "run.drawing_seconds", "run"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    NotebookClient(notebook, timeout=PATIENCE, kernel_name="python3").execute()
    (view,) = notebook.cells[1].outputs  # the result is not said once more below it
    assert view.data["text/plain"] == "[training]"
    page = view.data["text/html"]
    assert "Finished after 30 steps." in page
    (again,) = notebook.cells[3].outputs
    assert again.text.startswith("Finished after 30 steps. Kept: ")
    assert page.count("<img") == 4
    assert 'alt="train loss' in page
    assert float(notebook.cells[2].outputs[0].data["text/plain"]) > 0


@pytest.fixture
def kernel():
    manager, client = start_new_kernel(kernel_name="python3")
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_the_stop_button_keeps_the_best_and_the_kernel(kernel):
    manager, client = kernel
    said = []

    def listen(message):
        content = message["content"]
        said.append(content.get("text", "") + str(content.get("data", {}).get("text/html", "")))
        if "step 25," in said[-1] and manager.is_alive():
            manager.interrupt_kernel()  # what ■ in the toolbar does

    client.execute_interactive(START, timeout=PATIENCE)
    # Without a limit on drawing, all metrics are drawn: the test waits for the second one.
    client.execute_interactive(
        "from unet_teach.segmentation import live_view; live_view.DRAWING_SHARE = 1"
    )
    code = "run = train(model, data, steps=10**9, batch=2, crop=32); print(run)"
    reply = client.execute_interactive(code, timeout=PATIENCE, output_hook=listen)
    assert reply["content"]["status"] == "ok"
    printed = [text for text in said if text.startswith("Stopped by you after ")]
    assert len(printed) == 1, said
    assert "Kept: the weights of step " in printed[0]


def test_of_a_long_picture_the_part_with_the_most_outlines_is_looked_at():
    mask = torch.zeros(100, 20)
    mask[70:80, 5:15] = 1
    assert most_detailed_window(mask) == (slice(41, 81), slice(0, 20))
    assert most_detailed_window(mask.T) == (slice(0, 20), slice(41, 81))
    assert most_detailed_window(torch.ones(20, 20)) == (slice(0, 20), slice(0, 20))


def test_a_loss_that_is_no_number_has_no_place_in_the_curves():
    looks = [StepMetrics(step, loss, loss, 0.5, 0.1, 0.1) for step, loss in ((0, 1.0), (25, nan))]
    page = _curves_svg(looks, 0.5)
    assert "nan" not in page
    assert 'points="0.0,0.0"' in page

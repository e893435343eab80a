"""torch's compiler costs 80 MB: it is imported when something is compiled, and not before."""

import subprocess
import sys

PROGRAM = """
import sys
import torch
from torch import nn
from unet_teach import UNet, exercises, inspect_unet

def loaded():
    return "torch._dynamo.eval_frame" in sys.modules

network = UNet(1, 1, depth=2, base_channels=4)
assert inspect_unet(network, (1, 1, 16, 16)).is_unet
optimizer = torch.optim.AdamW(network.parameters())
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.01, total_steps=5)

def step(run):
    optimizer.zero_grad()
    run(torch.ones(1, 1, 16, 16)).mean().backward()
    optimizer.step()
    schedule.step()

before = network.head.weight.detach().clone()
step(network)
optimizer.load_state_dict(optimizer.state_dict())
assert not torch.equal(before, network.head.weight)
assert not loaded()
compiled = torch.compile(network, backend="eager")
assert loaded()
assert torch._dynamo is sys.modules["torch._dynamo"]
x = torch.rand(1, 1, 16, 16)
assert torch.allclose(compiled(x), network(x))
step(compiled)
"""


LIVE = """
import sys
import torch
from unet_teach import UNet
from unet_teach.widgets import SeeInside

widget = SeeInside(UNet(depth=1, base_channels=2), torch.randn(1, 32, 32))
assert widget._live is not None
assert "torch._dynamo.eval_frame" not in sys.modules
"""


def test_a_network_opens_in_the_kernel_without_it():
    ran = subprocess.run([sys.executable, "-c", LIVE], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def test_the_compiler_comes_when_something_is_compiled_and_not_before():
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr

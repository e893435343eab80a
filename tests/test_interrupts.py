"""■ and a missing variable in a notebook: a sentence each, and tracebacks of all else stay."""

import signal

import pytest
from jupyter_client.manager import start_new_kernel

from unet_teach.shared.interrupts import hold_interrupts

PATIENCE = 600  # seconds that a busy machine may take


@pytest.fixture(scope="module")
def kernel():
    manager, client = start_new_kernel(kernel_name="python3")
    client.execute_interactive("import unet_teach", timeout=PATIENCE)
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run(kernel, code, stop_when=None):
    """Run a cell, pressing ■ when it has printed some words; return status, prints and errors."""
    manager, client = kernel
    printed, errors = [], []

    def listen(message):
        content = message["content"]
        printed.append(content.get("text", ""))
        errors.extend([content["ename"]] if message["msg_type"] == "error" else [])
        if stop_when and stop_when in printed[-1]:
            manager.interrupt_kernel()

    reply = client.execute_interactive(code, timeout=PATIENCE, output_hook=listen)
    return reply["content"]["status"], "".join(printed), errors


def test_a_stopped_cell_says_where_and_keeps_what_it_made(kernel):
    code = "made = 0\nwhile True:\n    made += 1\n    if made == 9:\n        print('begun')"
    status, printed, errors = run(kernel, code, stop_when="begun")
    assert (status, errors) == ("error", [])  # so that Run All ends here
    assert "You stopped this cell (line " in printed
    assert "What it had made until then is kept." in printed
    assert run(kernel, "print(made > 0)")[1] == "True\n"


@pytest.mark.parametrize("use", ["print(forest)", "def use():\n    return forest\n\nuse()"])
def test_a_missing_variable_is_a_sentence(kernel, use):
    status, printed, errors = run(kernel, use)
    assert (status, errors) == ("error", [])
    assert "This cell needs `forest` (line " in printed
    assert "Run All Above Selected Cell" in printed


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("def use():\n    local += 1\nuse()", "UnboundLocalError"),
        ("import colorsys as c\ndel c.ONE_THIRD\nc.hls_to_rgb(0.1, 0.2, 0.3)", "NameError"),
    ],
)
def test_other_errors_keep_their_traceback(kernel, code, error):
    status, printed, errors = run(kernel, code)
    assert (status, "This cell" in printed) == ("error", False)
    assert errors == [error]


def test_a_second_stop_after_the_first_shows_nothing_more(kernel):
    twice = "import signal, sys\nfrom unet_teach.shared import interrupts\n"
    twice += "interrupts.print = lambda said: (print(said), signal.raise_signal(signal.SIGINT))"
    run(kernel, twice)
    status, printed, errors = run(kernel, "signal.raise_signal(signal.SIGINT)")
    assert (status, errors) == ("error", [])
    assert printed.count("You stopped this cell") == 1
    run(kernel, "del interrupts.print")
    test_a_stopped_cell_says_where_and_keeps_what_it_made(kernel)


def test_a_stop_is_held_while_it_would_lose_something():
    with hold_interrupts() as held:
        signal.raise_signal(signal.SIGINT)
    assert held == [signal.SIGINT]
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)

"""The self-test of lesson 0: what it looks at, and what it advises."""

import json
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from unet_teach import installation, self_test
from unet_teach.exercises.progress_file import RECORD
from unet_teach.shared import memory, running_kernels
from unet_teach.shared.memory import free_memory
from unet_teach.shared.running_kernels import warn_when_short
from unet_teach.widgets import ConvExplorer


@pytest.fixture(autouse=True)
def _as_in_a_fresh_kernel(monkeypatch):
    """The process that runs all the tests has seen more than any student's kernel."""
    monkeypatch.setattr(installation, "MUCH_MEMORY", 10**6)


def test_all_is_well_here():
    reply = self_test()
    assert reply.text.startswith("All is well.\n✓ Python 3.")
    assert reply.text.count("\n") == 1  # what passed is one line
    assert "torch" in reply.text
    assert "✕" not in reply.text


def test_a_widget_that_was_not_shown_is_said_with_advice():
    reply = self_test(ConvExplorer())
    assert re.match(r"1 of \d+ needs your attention\.", reply.text)
    assert "✕ the widget has not shown yet\n   Run this cell once more" in reply.text
    assert '"model not found" instead of sliders, run the widget\'s cell again' in reply.text


def test_a_widget_that_was_shown_is_a_tick():
    explorer = ConvExplorer()
    explorer._shown = True
    assert " · the widget shows" in self_test(explorer).text


def test_a_widget_in_a_stored_notebook_shows_as_a_picture(monkeypatch):
    monkeypatch.setenv("UNET_TEACH_PICTURES", "yes")
    explorer = ConvExplorer()
    explorer._repr_mimebundle_()
    assert self_test(explorer).text.startswith("All is well.")


@pytest.mark.parametrize("found", ["1.0", None])
def test_an_old_or_missing_package_is_told_with_the_command(monkeypatch, found):
    version = installation.metadata.version

    def of(name):
        if name != "torchinfo":
            return version(name)
        if found is None:
            raise installation.metadata.PackageNotFoundError(name)
        return found

    monkeypatch.setattr(installation.metadata, "version", of)
    assert f"✕ torchinfo {found or 'is missing'}" in self_test().text
    assert "pip install 'torchinfo>=1.8'" in self_test().text


def test_little_memory_is_said(monkeypatch):
    monkeypatch.setattr(installation, "MUCH_MEMORY", 1)
    assert "Close other notebooks' kernels" in self_test().text


VERSION_2 = ("sys/fs/cgroup", "memory.max", "memory.current", "inactive_file")
VERSION_1 = (
    "sys/fs/cgroup/memory",
    "memory.limit_in_bytes",
    "memory.usage_in_bytes",
    "total_inactive_file",
)


def write_group(root, files, folder, limit, used=0, cache=0):
    """Write what Linux shows of a control group, its numbers in MB."""
    mount, limit_file, usage_file, cache_name = files
    (root / mount / folder).mkdir(parents=True, exist_ok=True)
    limit = limit if limit == "max" else limit * 2**20
    (root / mount / folder / limit_file).write_text(f"{limit}\n")
    (root / mount / folder / usage_file).write_text(f"{used * 2**20}\n")
    stat = f"rss 5\n{cache_name} {cache * 2**20}\n"
    (root / mount / folder / "memory.stat").write_text(stat)


@pytest.mark.parametrize(
    ("groups", "files"),
    [
        ("0::{}\n", VERSION_2),
        ("5:devices:/else\n4:memory:{}\n1:cpu:/\n0::/\n", VERSION_1),
    ],
)
@pytest.mark.parametrize(
    "path", ["/", "/user.slice/session.scope", "/docker/a path that only the host has"]
)
def test_the_memory_of_a_control_group_counts_instead_of_the_hosts(
    tmp_path, monkeypatch, groups, files, path
):
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text(groups.format(path))
    write_group(tmp_path, files, ".", limit=1000, used=950, cache=200)
    write_group(tmp_path, files, "user.slice", limit="max" if files == VERSION_2 else 2**43)
    write_group(tmp_path, files, "user.slice/session.scope", limit=2000, used=100)
    assert free_memory(tmp_path) == 250 * 2**20
    monkeypatch.setattr(installation, "free_memory", lambda: free_memory(tmp_path))
    assert "✕ this kernel holds" in self_test().text
    assert " 250 MB are free\n   Close other notebooks' kernels" in self_test().text


def test_without_control_groups_the_hosts_memory_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(memory.psutil, "virtual_memory", lambda: SimpleNamespace(available=7))
    assert free_memory(tmp_path) == 7
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("0::/\n")
    assert free_memory(tmp_path) == 7  # the topmost group has no limit
    write_group(tmp_path, VERSION_2, ".", limit=10**6)
    assert free_memory(tmp_path) == 7  # the group allows more than the host has


@pytest.fixture
def server(monkeypatch):
    """A server with two kernels beside this one, which tells the notebook of the larger."""
    ids = [f"{number}" * 8 + "-0000-0000-0000-" + "0" * 12 for number in (1, 2, 3)]
    pids = (os.getpid(), 102, 103)
    sizes = (500, 415, 340)

    def kernel(pid, name, size):
        return SimpleNamespace(
            pid=pid,
            cmdline=lambda: [
                "python",
                "-m",
                "ipykernel_launcher",
                "-f",
                f"/run/kernel-{name}.json",
            ],
            memory_info=lambda: SimpleNamespace(rss=size * 2**20),
        )

    def gone():
        raise running_kernels.psutil.NoSuchProcess(104)

    children = [kernel(*about) for about in zip(pids, ids, sizes, strict=True)]
    children += [SimpleNamespace(pid=104, cmdline=gone), SimpleNamespace(pid=9, cmdline=list)]
    parent = SimpleNamespace(pid=100, children=lambda: children)
    this = SimpleNamespace(parent=lambda: parent)
    monkeypatch.setattr(running_kernels.psutil, "Process", lambda: this)
    monkeypatch.setattr(running_kernels, "_notebooks", lambda pid: {ids[1]: "03_skips.ipynb"})


@pytest.mark.usefixtures("server")
def test_the_first_cell_says_when_memory_is_short_and_which_kernels_to_stop(monkeypatch, capsys):
    monkeypatch.setattr(running_kernels, "free_memory", lambda: 180 * 2**20)
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    warn_when_short()
    assert capsys.readouterr().out == ""  # a script has no other kernels
    monkeypatch.setitem(sys.modules, "ipykernel", SimpleNamespace())
    warn_when_short()
    said = capsys.readouterr().out
    assert said.startswith("Memory is short: 180 MB are free")
    assert "Running now: 03_skips.ipynb (415 MB), a notebook (340 MB). What you solved" in said
    monkeypatch.setattr(running_kernels, "free_memory", lambda: 2**30)
    warn_when_short()
    assert capsys.readouterr().out == ""


def test_the_exercises_of_a_lesson_ask_for_memory_first():
    program = (
        "import unet_teach.shared.memory as memory, sys, types\n"
        "memory.free_memory = lambda: 2**20\n"
        "sys.modules['ipykernel'] = types.ModuleType('ipykernel')\n"
        "from unet_teach import exercises"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ran.stdout.startswith("Memory is short: 1 MB are free"), ran.stderr


def test_a_real_server_tells_which_notebook_a_kernel_belongs_to(tmp_path, monkeypatch):
    """The list that the server on this machine gives, read over the network as in a kernel."""
    name = "1" * 8 + "-0000-0000-0000-" + "0" * 12
    sessions = [{"path": "notebooks/05_train_it.ipynb", "kernel": {"id": name}}]

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers["Authorization"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(sessions).encode())

        def log_message(self, *arguments):
            pass

    asked = []
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        about = {"pid": os.getpid(), "token": "secret"}
        about["url"] = f"http://127.0.0.1:{server.server_port}/user/ada/"
        (tmp_path / "jpserver-1.json").write_text(json.dumps(about))
        monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
        assert running_kernels._notebooks(os.getpid()) == {name: "05_train_it.ipynb"}
        server.shutdown()
    assert asked == [("/user/ada/api/sessions", "token secret")]
    assert running_kernels._notebooks(os.getpid()) == {}  # nobody answers any more


def test_progress_that_cannot_be_written_is_said(tmp_path, monkeypatch):
    """Also before anything was solved, when there is no file yet."""

    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "progress.json"
    monkeypatch.setattr(RECORD, "_path", path)
    with monkeypatch.context() as patch:
        patch.setattr("tempfile.mkstemp", refuse)
        text = self_test().text
    assert f"✕ your progress is kept in {path}\n   {path} can't be written" in text
    assert "Your progress is kept until the kernel stops. The lessons work without it." in text
    assert f" · your progress is kept in {path}" in self_test().text


@pytest.mark.parametrize("file", ["README.md", "lessons/00_how_do_you_know.py"])
def test_a_student_finds_what_to_do_when_the_kernel_is_gone_or_does_not_answer(file):
    text = (Path(__file__).parents[1] / file).read_text(encoding="utf-8").replace("\n# ", " ")
    assert re.search(r"model not found.{,80} the kernel that drew .{,20} is gone", text)
    assert re.search(r"Kernel → Restart Kernel….{,100}[Nn]othing you have solved is lost", text)

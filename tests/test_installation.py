"""The self-test of lesson 0: what it looks at, and what it advises."""

import re
from pathlib import Path

import pytest

from unet_teach import installation, self_test
from unet_teach.exercises.progress_file import RECORD
from unet_teach.widgets import ConvExplorer


@pytest.fixture(autouse=True)
def _as_in_a_fresh_kernel(monkeypatch):
    """The process that runs all the tests has seen more than any student's kernel."""
    monkeypatch.setattr(installation, "MUCH_MEMORY", 10**6)


def test_all_is_well_here():
    reply = self_test()
    assert reply.text.startswith("All is well.\n✓ Python 3.")
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
    assert "✓ the widget shows" in self_test(explorer).text


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
    free = installation._free_in_control_groups
    assert min(free(tmp_path)) == 250 * 2**20
    monkeypatch.setattr(installation, "_free_in_control_groups", lambda: free(tmp_path))
    assert "✕ this kernel holds" in self_test().text
    assert " 250 MB are free\n   Close other notebooks' kernels" in self_test().text


def test_without_control_groups_the_hosts_memory_counts(tmp_path, monkeypatch):
    free = installation._free_in_control_groups
    assert not [*free(tmp_path)]
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("0::/\n")
    assert not [*free(tmp_path)]  # the topmost group has no limit
    write_group(tmp_path, VERSION_2, ".", limit=10**6)
    hosts = installation.psutil.virtual_memory().available
    monkeypatch.setattr(installation, "_free_in_control_groups", lambda: free(tmp_path))
    finding = installation._check_memory()
    shown = int(re.search(r"([\d,]+) MB are free", finding.text)[1].replace(",", ""))
    assert shown < 2 * hosts / 2**20


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
    assert f"✓ your progress is kept in {path}" in self_test().text


@pytest.mark.parametrize("file", ["README.md", "lessons/00_how_do_you_know.py"])
def test_a_student_finds_what_to_do_when_the_kernel_is_gone_or_does_not_answer(file):
    text = (Path(__file__).parents[1] / file).read_text(encoding="utf-8").replace("\n# ", " ")
    assert re.search(r"model not found.{,80} the kernel that drew .{,20} is gone", text)
    assert re.search(r"Kernel → Restart Kernel….{,100}[Nn]othing you have solved is lost", text)

"""Which browser the tests take, and what is installed where there is none."""

import os
import subprocess
import sys

import pytest

from . import find_browser as finder


@pytest.fixture
def bare(monkeypatch):
    """A machine without a browser, where nothing can be installed; returns the commands it ran."""
    asked = []

    def note(command, **_):
        asked.append(command)
        return subprocess.CompletedProcess(command, 1, "", "")

    monkeypatch.delenv("UNET_TEACH_BROWSER", raising=False)
    monkeypatch.setattr(finder, "installed_browser", lambda: None)
    monkeypatch.setattr(finder, "has_playwrights_own", lambda: False)
    monkeypatch.setattr(finder.subprocess, "run", note)
    monkeypatch.setattr(finder.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(finder.os, "geteuid", lambda: 1000, raising=False)
    return asked


def test_the_readers_browser_is_used(bare, monkeypatch):
    monkeypatch.setenv("UNET_TEACH_BROWSER", sys.executable)
    monkeypatch.setattr(finder, "installed_browser", lambda: "/usr/bin/another")
    assert finder.find_browser(install=True) == sys.executable


def test_a_browser_that_is_not_there_gets_a_sentence(bare, monkeypatch, capsys):
    monkeypatch.setenv("UNET_TEACH_BROWSER", "/no/browser")
    assert finder.main() == 1
    assert capsys.readouterr().err == (
        "\nUNET_TEACH_BROWSER names /no/browser, which is not there. Correct or unset it.\n"
    )
    assert bare == []


def test_an_installed_browser_is_used(bare, monkeypatch, capsys):
    monkeypatch.setattr(finder, "installed_browser", lambda: "/usr/bin/chromium")
    assert finder.find_browser() == "/usr/bin/chromium"
    assert finder.main() == 0
    assert bare == []
    assert capsys.readouterr() == ("", "")


def test_playwrights_own_browser_is_used(bare, monkeypatch):
    monkeypatch.setattr(finder, "has_playwrights_own", lambda: True)
    assert finder.find_browser(install=True) is None
    assert bare == []


@pytest.mark.parametrize(
    "packages", [["chromium-headless-shell"], ["chromium-headless-shell", "chromium"]]
)
def test_root_on_debian_installs_chromium(bare, monkeypatch, capsys, packages):
    found = iter([None] * len(packages) + ["/usr/bin/chromium"])
    monkeypatch.setattr(finder.os, "geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(finder, "installed_browser", lambda: next(found))
    assert finder.find_browser(install=True) == "/usr/bin/chromium"
    installed = [["apt-get", "install", "-y", package] for package in packages]
    assert bare == [["apt-get", "update"], *installed]
    assert "need a Chromium: installing one." in capsys.readouterr().out


def test_others_let_playwright_download_one(bare, monkeypatch):
    has_one = iter([False, True])
    monkeypatch.setattr(finder, "has_playwrights_own", lambda: next(has_one))
    assert finder.find_browser(install=True) is None
    assert bare == [[sys.executable, "-m", "playwright", "install", "chromium"]]


def test_where_none_can_be_installed_a_sentence_says_what_to_do(bare, capsys):
    assert finder.main() == 1
    assert "sudo apt install chromium" in capsys.readouterr().err
    assert not any("apt-get" in command for command in bare)


def test_a_test_alone_installs_nothing(bare):
    with pytest.raises(finder.NoBrowserError, match=r"`python3 course.py test` installs one"):
        finder.find_browser()
    assert bare == []


def test_ctrl_c_leaves_the_word_to_course_py(bare, monkeypatch, capsys):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(finder, "installed_browser", interrupted)
    assert finder.main() == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.skipif(os.name == "nt", reason="Windows runs no scripts without an ending")
def test_a_browser_that_does_not_start_is_passed_over(monkeypatch, tmp_path):
    for name, code in (("google-chrome", 1), ("chromium", 0)):
        (tmp_path / name).write_text(f"#!/bin/sh\nexit {code}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert finder.installed_browser() == str(tmp_path / "chromium")

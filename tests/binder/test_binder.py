"""What Binder makes of `binder/`: repo2docker's own Dockerfile, and `start` with a real Jupyter."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINDER = ROOT / "binder"
SCRIPTS = ["postBuild", "start"]
PATIENCE = 300  # seconds: a busy machine may take its time
CPU_INDEX = "--extra-index-url https://download.pytorch.org/whl/cpu"

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Binder runs Linux; repo2docker and bash are not on Windows"
)


def pins(path: Path) -> dict[str, set[str]]:
    """Return the versions pinned for each package, with their markers and without "+cpu"."""
    found: dict[str, set[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith(("#", "-")):
            name, version = line.split("==", 1)
            found.setdefault(name, set()).add(version.replace("+cpu", ""))
    return found


@pytest.fixture(scope="module")
def rendered(tmp_path_factory) -> str:
    """What repo2docker writes for a copy of the files that it reads."""
    folder = tmp_path_factory.mktemp("repository")
    shutil.copytree(BINDER, folder / "binder")
    for name in ("pyproject.toml", "requirements.txt"):
        shutil.copy(ROOT / name, folder)
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", "--user-id", "1000"]
    # No other default: a folder that repo2docker does not recognise has to fail here.
    command += ["--user-name", "jovyan", "--Repo2Docker.default_buildpack=None", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_binder_takes_it_for_a_python_project(monkeypatch):
    from repo2docker.app import Repo2Docker

    monkeypatch.chdir(ROOT)
    app = Repo2Docker()
    kinds = (kind.__name__ for kind in app.buildpacks if kind(app.base_image).detect())
    assert next(kinds) == "PythonBuildPack"


def test_binder_takes_the_python_that_is_named(rendered):
    assert (BINDER / "runtime.txt").read_text() == "python-3.11\n"
    assert "Building conda environment for python=3.11\n" in rendered


def test_binder_installs_builds_and_starts_in_this_order(rendered):
    steps = [
        r'^RUN \S+/pip install --no-cache-dir -r "binder/requirements.txt"$',
        r"^COPY \S+ src/ ",
        r"^RUN \./binder/postBuild$",
        r'^ENV R2D_ENTRYPOINT="\$\{REPO_DIR\}/binder/start"$',
    ]
    places = [[hit.start() for hit in re.finditer(step, rendered, re.MULTILINE)] for step in steps]
    assert [len(place) for place in places] == [1, 1, 1, 1], rendered
    assert places == sorted(places)


def test_binder_installs_nothing_else(rendered):
    assert len(re.findall(r"pip install", rendered)) == 1


def test_binder_pins_what_a_student_installs():
    found = pins(BINDER / "requirements.txt")
    for name in ("notebook", "hatchling", "editables"):  # for the base's sake, and for postBuild
        assert len(found.pop(name)) == 1
    assert found == pins(ROOT / "requirements.txt")


def test_binder_takes_torch_without_cuda():
    lines = (BINDER / "requirements.txt").read_text().splitlines()
    assert lines[0] == CPU_INDEX
    (torch,) = [line for line in lines if line.startswith("torch==")]
    assert torch.endswith("+cpu")


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_executable_and_valid(name):
    assert os.access(BINDER / name, os.X_OK)
    done = subprocess.run(["bash", "-n", str(BINDER / name)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_post_build_installs_this_package_and_switches_the_news_off(tmp_path):
    """With a pip that only notes how it was called, in an environment in `tmp_path`."""
    prefix = tmp_path / "prefix"
    for name, line in {"pip": f'echo "$@" >>{tmp_path}/pip', "python": f"echo {prefix}"}.items():
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    path = f"{tmp_path}/bin:{os.environ['PATH']}"
    subprocess.run([str(BINDER / "postBuild")], cwd=ROOT, env={"PATH": path}, check=True)
    offline = "--no-index --no-build-isolation"
    assert (tmp_path / "pip").read_text() == (
        f"install --no-cache-dir --no-deps {offline} -e .\ncheck\n"
    )
    settings = prefix / "share" / "jupyter" / "lab" / "settings" / "overrides.json"
    news = json.loads(settings.read_text())["@jupyterlab/apputils-extension:notification"]
    assert news == {"fetchNews": "false", "checkForUpdates": False}


@pytest.fixture
def repository(tmp_path):
    """A copy of the start script beside lessons of known names."""
    shutil.copytree(BINDER, tmp_path / "binder")
    (tmp_path / "notebooks" / "solved").mkdir(parents=True)
    for name in ("02_up.ipynb", "01_down.ipynb", "about.ipynb", "solved/00_no.ipynb"):
        (tmp_path / "notebooks" / name).touch()
    return tmp_path


def test_start_gives_torch_one_thread_and_hands_over(repository):
    command = ["sh", "-c", 'echo "$OMP_NUM_THREADS $MKL_NUM_THREADS $0 $1"', "a word", "*"]
    done = subprocess.run(
        [str(repository / "binder" / "start"), *command], capture_output=True, text=True, check=True
    )
    assert done.stdout == "1 1 a word *\n"


def test_start_returns_the_exit_code_of_the_command(repository):
    done = subprocess.run([str(repository / "binder" / "start"), "sh", "-c", "exit 7"])
    assert done.returncode == 7


def test_start_stops_kernels_that_are_idle_and_never_a_busy_one(repository):
    program = (
        "from jupyter_server.serverapp import ServerApp as S; app = S(); "
        "app.initialize(['--allow-root'], find_extensions=False); k = app.kernel_manager; "
        "print(k.cull_idle_timeout, k.cull_interval, k.cull_connected, k.cull_busy)"
    )
    command = [str(repository / "binder" / "start"), sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, cwd=repository)
    assert done.stdout.split() == ["1800", "60", "True", "False"], done.stderr


def test_start_needs_no_lessons(repository):
    shutil.rmtree(repository / "notebooks")
    subprocess.run([str(repository / "binder" / "start"), "true"], check=True)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Leaves a redirect unanswered, so that a test can read where it leads."""

    def redirect_request(self, *_):
        return None


def test_jupyterlab_opens_the_first_lesson(repository):
    """Started as Binder does: behind a base URL, with an address that names no page."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    lab = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
    lab += ["--ServerApp.base_url=/user/one/", "--IdentityProvider.token=", "--ip=127.0.0.1"]
    with open(repository / "log", "w") as log:
        running = subprocess.Popen(
            [str(repository / "binder" / "start"), *lab],
            cwd=repository,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        assert first_page(f"http://127.0.0.1:{port}/user/one/", running) == (
            "/user/one/lab/tree/notebooks/01_down.ipynb"
        ), (repository / "log").read_text()
    finally:
        running.terminate()
        running.wait(PATIENCE)


def first_page(address: str, running: subprocess.Popen) -> str:
    """Return where `address` leads to, as soon as the server answers."""
    ask = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect())
    end = time.monotonic() + PATIENCE
    while running.poll() is None and time.monotonic() < end:
        try:
            ask.open(address, timeout=PATIENCE)
        except urllib.error.HTTPError as answer:
            return answer.headers.get("Location", "").rstrip("?")
        except OSError:
            time.sleep(0.2)
    return "no answer"

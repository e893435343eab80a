"""`course.py` in copies of a small project: real environments and a real pip, stand-ins for torch.

The stand-ins are wheels of a few lines, found in a local folder; nothing is downloaded. Making an
environment takes four seconds of processor time; where a test is about something else, it gets a
copy of one.
"""

import ast
import importlib.util
import inspect
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SENDS_CTRL_C = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for a group")
SYMLINKS = pytest.mark.skipif(os.name == "nt", reason="Windows lets few users make symbolic links")
PATIENCE = 600  # seconds: no verdict hangs on how busy the machine is
# Stands in for tests/browser/find_browser.py.
FINDS_BROWSER = """
import os, sys
print("LOOKING FOR A BROWSER", flush=True)
sys.exit(1 if "NO_BROWSER" in os.environ else 0)
"""
# The encoding of these is ASCII, as far as Python can be told so; on Windows they change little.
ASCII_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
# Programs keep files in folders that these name or that are in the home folder.
HOME_VARIABLES = {"HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"}
REPLACED = {"JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"}
REPLACED |= {"MPLCONFIGDIR", "UNET_TEACH_PROGRESS"}
OTHER_HOMES = REPLACED | {"XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"}
# Says how it was started; with --serve it runs until Ctrl-C, as JupyterLab does.
SPEAKING = """
import json, os, sys, time, package_of_the_course
said = {"argv": sys.argv[1:], "prefix": sys.prefix, "folder": os.getcwd()}
said.update(package=package_of_the_course.__file__, environment=dict(os.environ))
try:
    print("STARTED", json.dumps(said), flush=True)
    time.sleep(3600 if "--serve" in sys.argv else 0)
except KeyboardInterrupt:
    print("SHUT DOWN", flush=True)
sys.exit(7 if "--fail" in sys.argv else 0)
"""
# Found by course.py as it starts: its `python -m venv FOLDER` copies an environment into FOLDER.
COPIES_VENV = """
import shutil, subprocess
really_run = subprocess.run
def run(command, *options, **more):
    if list(command[1:3]) != ["-m", "venv"]:
        return really_run(command, *options, **more)
    shutil.copytree({empty!r}, command[3], symlinks=True, dirs_exist_ok=True)
    return subprocess.CompletedProcess(command, 0, "")
subprocess.run = run
"""


def wheel(folder, name, version, files, needs=""):
    """Write a wheel; the stand-in project's build backend is this same function."""
    import zipfile

    info = f"{name}-{version}.dist-info"
    files = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    path = f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(f"{folder}/{path}", "w") as archive:
        for inside, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(inside, text)
    return path


# Puts the whole path of the project into a .pth file, in UTF-8, as hatchling does.
BACKEND = f"""
import os
{inspect.getsource(wheel)}
def build_editable(folder, config_settings=None, metadata_directory=None):
    link = {{"_editable_impl_unet_teach.pth": os.getcwd()}}
    return wheel(folder, "the_course", "1.0", link)
"""
PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "the-course"
version = "1.0"
"""


class Project:
    """A copy of `course.py` among stand-ins, and ways to start it."""

    def __init__(self, folder: Path, wheels: Path) -> None:
        self.folder = folder
        self.venv = folder / ".venv"
        self.marker = self.venv / "course.unfinished"
        for part in ("binder", "tests/browser", "notebooks/solved"):
            (folder / part).mkdir(parents=True)
        shutil.copy(ROOT / "course.py", folder)
        shutil.copy(ROOT / "binder" / "overrides.json", folder / "binder")
        (folder / "requirements.txt").write_text("stand-in==1.0\njupyterlab==1.0\n")
        (folder / "tests" / "requirements.txt").write_text("pytest==1.0\n")
        (folder / "docs" / "book").mkdir(parents=True)
        (folder / "docs" / "book" / "requirements.txt").write_text("jupyterlab==1.0\n")
        (folder / "tests" / "browser" / "find_browser.py").write_text(FINDS_BROWSER)
        (folder / "pyproject.toml").write_text(PYPROJECT)
        (folder / "backend.py").write_text(BACKEND)
        (folder / "package_of_the_course.py").touch()
        for lesson in ("02_up.ipynb", "01_down.ipynb", "about.ipynb", "solved/00_no.ipynb"):
            (folder / "notebooks" / lesson).touch()
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith("PIP_") and key not in OTHER_HOMES
        }
        self.environment = {
            **kept,
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_FIND_LINKS": str(wheels),
            "PIP_NO_INDEX": "1",
        }

    def arguments(self, *arguments: str, **environment: str) -> dict:
        return {
            "args": [sys.executable, str(self.folder / "course.py"), *arguments],
            "env": {**self.environment, **environment},
            "cwd": self.folder.parent,  # course.py must not depend on where it is started
            "text": True,
        }

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        done = subprocess.run(
            **self.arguments(*arguments, **environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
        )
        assert "Traceback" not in done.stdout
        return done

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen:
        """Start in a process group of its own, as a terminal does."""
        # Tests may run in the background, where Ctrl-C is ignored; programs would inherit that.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            return subprocess.Popen(
                **self.arguments(*arguments, **environment),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        finally:
            signal.signal(signal.SIGINT, before)

    def module(self):
        """Import the copy of `course.py`."""
        spec = importlib.util.spec_from_file_location("course", self.folder / "course.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module


def started(output: str) -> dict:
    """Return what the stand-in for JupyterLab or pytest said about its start."""
    lines = [line for line in output.splitlines() if line.startswith("STARTED ")]
    assert lines, output
    return json.loads(lines[-1].removeprefix("STARTED "))


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheels")
    for name in ("jupyterlab", "pytest"):
        wheel(folder, name, "1.0", {f"{name}/__init__.py": "", f"{name}/__main__.py": SPEAKING})
    for version in ("1.0", "2.0"):
        wheel(folder, "stand_in", version, {"stand_in.py": f"version = '{version}'\n"})
    return folder


@pytest.fixture(scope="module")
def installed(tmp_path_factory, wheels):
    """A project after its first `lab`, started amid settings that lead pip and Python astray."""
    project = Project(tmp_path_factory.mktemp("installed") / "a course", wheels)
    astray = project.folder / "astray"
    project.first = project.run(
        "lab",
        PIP_USER="1",
        PIP_TARGET=str(astray),
        PIP_PREFIX=str(astray),
        PIP_REQUIRE_VIRTUALENV="1",
        PYTHONPATH=str(astray),
        VIRTUAL_ENV=str(astray),
    )
    assert project.first.returncode == 0, project.first.stdout
    return project


@pytest.fixture(scope="module")
def copies_venv(installed, tmp_path_factory):
    """The environment variables with which course.py copies an environment, and makes none."""
    folder = tmp_path_factory.mktemp("copies")
    packages = ("jupyterlab*", "stand_in*", "the_course*", "*unet_teach*", "share", "course.*")
    shutil.copytree(
        installed.venv, folder / "empty", symlinks=True, ignore=shutil.ignore_patterns(*packages)
    )
    program = COPIES_VENV.format(empty=str(folder / "empty"))
    (folder / "sitecustomize.py").write_text(program, encoding="utf-8")
    return {"PYTHONPATH": str(folder)}


@pytest.fixture
def project(tmp_path, wheels):
    """A project as it is downloaded."""
    return Project(tmp_path / "a course", wheels)


@pytest.fixture
def used(project, installed):
    """A project that a test may damage, with an environment in it that was complete elsewhere."""
    shutil.copytree(installed.venv, project.venv, symlinks=True)
    return project


@pytest.fixture
def silent_index():
    """The address of a package index that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/simple"


@pytest.fixture
def taken_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


# --- What it says before it does anything ---------------------------------------------------------


def test_an_old_python_can_read_the_file():
    source = (ROOT / "course.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 6))
    assert source.isascii()


def test_an_old_python_gets_a_sentence(project):
    pretend = (
        "import runpy, sys; sys.version_info = (3, 8, 18, 'final', 0); sys.argv[1:] = ['lab'];"
    )
    run = f"runpy.run_path({str(project.folder / 'course.py')!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", pretend + run], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("This is Python 3.8, and the course needs Python 3.10 or newer.")
    assert "Traceback" not in done.stderr
    assert not project.venv.exists()


def test_python_2_is_shown_a_line_that_says_what_to_type():
    source = (ROOT / "course.py").read_text(encoding="utf-8").splitlines()
    first = next(line for line in source if line.startswith("OLDEST: "))  # annotations are Python 3
    assert first.endswith("Python 2: type python3 course.py")


def test_importing_it_does_nothing(project, capfd):
    project.module()
    assert not project.venv.exists()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("arguments", [(), ("--help",), ("lab", "--help"), ("test", "-h")])
def test_help_installs_nothing(project, arguments):
    done = project.run(*arguments)
    assert done.returncode == 0
    assert "python3 course.py lab" in done.stdout
    assert not project.venv.exists()


def test_an_unknown_command_gets_a_sentence_and_the_usage(project):
    done = project.run("lb")
    assert done.returncode == 2
    assert "There is no command 'lb'" in done.stdout
    assert "python3 course.py lab" in done.stdout


def test_demo_opens_its_file_and_installs_nothing(project, monkeypatch, capfd):
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or True)
    course = project.module()
    assert course.main(["demo"]) == 1
    assert "demo.html is missing" in capfd.readouterr().err
    page = project.folder / "docs" / "demo.html"
    page.parent.mkdir(exist_ok=True)
    page.write_text("<!doctype html>")
    assert course.main(["demo"]) == 0
    assert opened == [page.as_uri()]
    assert course.main(["demo", "--no-browser"]) == 0
    assert len(opened) == 1
    assert "Open this address in a browser" in capfd.readouterr().out
    assert course.main(["demo", "--port"]) == 2
    assert not project.venv.exists()


@pytest.mark.parametrize("option", ["--port {}", "--port={}"])
def test_a_taken_port_stops_before_the_installation(project, taken_port, option):
    done = project.run("lab", *option.format(taken_port).split())
    assert done.returncode == 1
    assert f"Port {taken_port} is taken" in done.stdout
    assert not project.venv.exists()


@pytest.mark.parametrize("options", [["--port"], ["--port", "ninety"], ["--port=70000"]])
def test_a_port_that_is_no_port_gets_a_sentence(project, options):
    done = project.run("lab", *options)
    assert done.returncode == 2
    assert "--port needs a number" in done.stdout


# --- Installing and starting ----------------------------------------------------------------------


def test_lab_opens_the_first_lesson(installed):
    said = started(installed.first.stdout)
    assert "--LabApp.default_url=/lab/tree/notebooks/01_down.ipynb" in said["argv"]
    assert f"--ServerApp.root_dir={installed.folder}" in said["argv"]
    assert "--MappingKernelManager.cull_idle_timeout=7200" in said["argv"]
    assert "--MappingKernelManager.cull_connected=True" in said["argv"]
    assert not any("cull_busy" in option for option in said["argv"])  # off unless asked for


def test_settings_that_lead_astray_are_ignored(installed):
    assert started(installed.first.stdout)["prefix"] == str(installed.venv)
    assert not (installed.folder / "astray").exists()


def test_what_is_installed_and_its_size_are_said_first(installed):
    first = installed.first.stdout.splitlines()[0]
    assert first.startswith("Installing into")
    assert "to download" in first


def test_jupyterlab_is_told_not_to_ask_the_network_for_news(installed):
    settings = installed.venv / "share" / "jupyter" / "lab" / "settings" / "overrides.json"
    news = json.loads(settings.read_text())["@jupyterlab/apputils-extension:notification"]
    assert news == {"fetchNews": "false", "checkForUpdates": False}


def test_a_second_start_installs_nothing(installed):
    done = installed.run("lab")
    assert started(done.stdout)["prefix"] == str(installed.venv)
    assert "Installing" not in done.stdout
    assert "Requirement" not in done.stdout


def test_a_second_start_is_quick_since_it_runs_one_short_program_first(installed, monkeypatch):
    course = installed.module()
    programs, popen = [], course.subprocess.Popen

    def note(command, **options):
        programs.append(command[1:])
        return popen(command, **options)

    monkeypatch.setattr(course.subprocess, "Popen", note)
    monkeypatch.setattr(course, "run", lambda words, **_: programs.append(words) or 0)
    assert course.main(["lab"]) == 0
    (probe, lab) = programs
    assert probe[:2] == ["-I", "-c"]
    assert lab[:2] == ["-m", "jupyterlab"]


def test_the_readers_options_come_last_and_replace_ours(installed):
    said = started(installed.run("lab", "--no-browser", "--ServerApp.root_dir=/tmp").stdout)
    assert said["argv"][-2:] == ["--no-browser", "--ServerApp.root_dir=/tmp"]
    assert sum("root_dir" in option for option in said["argv"]) == 1


def test_a_wanted_port_is_the_only_one_tried(installed):
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    said = started(installed.run("lab", "--port", str(free)).stdout)
    assert "--ServerApp.port_retries=0" in said["argv"]
    assert not any("port" in option for option in started(installed.run("lab").stdout)["argv"])


def test_the_exit_code_is_that_of_the_program(installed):
    assert installed.run("lab", "--fail").returncode == 7


@SENDS_CTRL_C
def test_ctrl_c_belongs_to_jupyterlab(installed):
    running = installed.start("lab", "--serve")
    while not running.stdout.readline().startswith("STARTED"):
        assert running.poll() is None
    os.killpg(running.pid, signal.SIGINT)
    assert "SHUT DOWN" in running.communicate(timeout=PATIENCE)[0]
    assert running.returncode == 0


def test_tests_add_their_packages_and_install_lab_too(used):
    first = used.run("test", "-k", "one or two")
    assert first.returncode == 0, first.stdout
    said = started(first.stdout)
    assert said["argv"][-2:] == ["-k", "one or two"]
    assert said["folder"] == str(used.folder)
    assert "Requirement already satisfied: stand-in==1.0" in first.stdout
    assert "Successfully installed pytest-1.0" in first.stdout
    for command in ("lab", "test"):
        assert "Installing" not in used.run(command).stdout


def test_tests_run_in_several_processes_unless_the_reader_says_otherwise(used):
    said = started(used.run("test", "-n", "0").stdout)
    assert said["argv"][:4] == ["-n", "3", "--dist", "loadfile"]
    assert said["argv"][-2:] == ["-n", "0"]


def test_tests_start_only_with_a_browser(used):
    lines = used.run("test").stdout.splitlines()
    looked = lines.index("LOOKING FOR A BROWSER")
    assert any(line.startswith("STARTED ") for line in lines[looked:])
    without = used.run("test", NO_BROWSER="1")
    assert without.returncode == 1
    assert "STARTED" not in without.stdout


def test_a_moved_folder_starts_at_once_from_where_it_is(used):
    done = used.run("lab")
    assert "Installing" not in done.stdout
    assert Path(started(done.stdout)["package"]).parent == used.folder


def test_a_folder_may_have_any_letters_whatever_the_encoding(tmp_path, wheels):
    project = Project(tmp_path / "Jürgen Müller" / "課程 и курс", wheels)
    first = project.run("lab", **ASCII_LOCALE)
    assert first.returncode == 0, first.stdout
    assert Path(started(first.stdout)["package"]).parent == project.folder
    assert "Installing" not in project.run("lab", **ASCII_LOCALE).stdout
    assert "Installing" not in project.run("lab").stdout
    # Nor does it need what course.py puts into the environment.
    python, outside = str(project.module().PYTHON), {**os.environ, **ASCII_LOCALE}
    (project.folder / "package_of_the_course.py").write_text("print('EDITED')")
    done = subprocess.run([python, "-c", "import package_of_the_course"], env=outside, stdout=-1)
    assert done.stdout.strip() == b"EDITED"


def test_a_whole_path_that_pip_wrote_is_replaced_before_python_starts(tmp_path, wheels, installed):
    project = Project(tmp_path / "Jürgen", wheels)
    shutil.copytree(installed.venv, project.venv, symlinks=True)
    (site,) = project.module().site_packages()
    (link,) = site.glob("*unet_teach*.pth")
    link.write_bytes(str(project.folder).encode())
    done = project.run("lab", **ASCII_LOCALE)
    assert done.returncode == 0, done.stdout
    assert "anew" not in done.stdout
    assert link.read_bytes().isascii()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_folder_whose_name_is_not_utf_8_gets_a_sentence(tmp_path, wheels):
    project = Project(tmp_path / os.fsdecode(b"J\xfcrgen"), wheels)
    done = project.run("lab")
    assert done.returncode == 1
    assert "is not in UTF-8. Rename it" in done.stdout


# --- A home folder that cannot be written ---------------------------------------------------------


def test_what_belongs_in_the_home_folder_goes_elsewhere(used, tmp_path):
    """The home is a file here, in which nobody can make a folder, not even root."""
    (tmp_path / "home").touch()
    done = used.run("lab", **dict.fromkeys(HOME_VARIABLES, str(tmp_path / "home")))
    assert done.returncode == 0, done.stdout
    sentence = f"Nothing can be written in {tmp_path / 'home'}. What belongs there is kept in "
    assert f"{sentence}{used.folder / '.home'}." in done.stdout
    environment = started(done.stdout)["environment"]
    for name in REPLACED:
        place = Path(environment[name])
        (place if place.suffix else place / "file").write_text("can be written")
        assert used.folder / ".home" in place.parents


def test_a_home_that_can_be_written_is_left_alone(used, tmp_path):
    done = used.run("lab", **dict.fromkeys(HOME_VARIABLES, str(tmp_path)))
    assert "Nothing can be written" not in done.stdout
    assert not REPLACED & set(started(done.stdout)["environment"])
    assert not (used.folder / ".home").exists()


def test_only_what_cannot_be_written_goes_elsewhere(used, tmp_path):
    """As after a `sudo jupyter`, which leaves a folder of root's."""
    (tmp_path / ".ipython").touch()
    done = used.run("lab", **dict.fromkeys(HOME_VARIABLES, str(tmp_path)))
    assert f"Nothing can be written in {tmp_path / '.ipython'}." in done.stdout
    assert REPLACED & set(started(done.stdout)["environment"]) == {"IPYTHONDIR"}


def test_a_course_that_cannot_be_written_either_uses_a_temporary_folder(
    used, tmp_path, monkeypatch, capsys
):
    course = used.module()
    monkeypatch.setattr(course, "can_write", lambda place: False)
    monkeypatch.setattr(course.tempfile, "tempdir", str(tmp_path))
    new = course.replace_home()
    assert set(new) == REPLACED
    assert all(Path(path).is_relative_to(tmp_path) for path in new.values())
    assert not (used.folder / ".home").exists()
    assert "Nothing can be written" in capsys.readouterr().out


@pytest.mark.skipif(os.name == "nt", reason="Windows gives every user a home folder")
def test_a_user_without_a_home_folder_gets_one(used, monkeypatch):
    course = used.module()
    monkeypatch.setattr(course.os.path, "expanduser", lambda path: path)
    assert course.replace_home()["HOME"] == str(used.folder / ".home")


def test_progress_moves_along_and_stays_where_it_is(used, tmp_path, monkeypatch, capsys):
    course, file = used.module(), tmp_path / "full" / "progress.json"
    file.parent.mkdir()
    file.write_text("solved before")
    for name in REPLACED:
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("UNET_TEACH_PROGRESS", str(file))
    can_write = course.can_write
    with monkeypatch.context() as patch:
        patch.setattr(course, "can_write", lambda place: place != file.parent and can_write(place))
        new = course.replace_home()
    moved = used.folder / ".home" / "progress.json"
    assert new == {"UNET_TEACH_PROGRESS": str(moved)}
    assert moved.read_text() == "solved before"
    moved.write_text("solved since")
    capsys.readouterr()
    assert course.replace_home() == new
    assert moved.read_text() == "solved since"
    assert capsys.readouterr().out == ""


def test_a_changed_requirement_is_installed(used):
    (used.folder / "requirements.txt").write_text("stand-in==2.0\njupyterlab==1.0\n")
    assert "Successfully installed stand-in-2.0" in used.run("lab").stdout


# --- For laptops without a network ----------------------------------------------------------------


@pytest.fixture
def collecting(project, wheels, tmp_path):
    """A project that can collect, and packages of which one needs another on Windows only."""
    index = tmp_path / "index"
    shutil.copytree(wheels, index)
    needs = 'Requires-Dist: for-windows; sys_platform == "win32"\n'
    wheel(index, "jupyterlab", "1.0", {"jupyterlab/__main__.py": SPEAKING}, needs)
    wheel(index, "for_windows", "1.0", {})
    (project.folder / "deploy").mkdir()
    shutil.copy(ROOT / "deploy" / "wheelhouse.py", project.folder / "deploy")
    (project.folder / "binder" / "requirements.txt").write_text("torch==1.0\n")
    project.environment["PIP_FIND_LINKS"] = str(index)
    return project


@pytest.mark.skipif(os.name == "nt", reason="it needs for-windows there")
def test_what_was_collected_is_installed_without_any_index(collecting, tmp_path, copies_venv):
    house = tmp_path / "30 laptops"
    done = collecting.run("wheelhouse", str(house))
    assert done.returncode == 0, done.stdout
    assert f"{house} holds the course and 2 packages" in done.stdout
    assert "without a network" in next(house.glob("INSTALL_*.txt")).read_text()
    environment = {k: v for k, v in collecting.environment.items() if not k.startswith("PIP_")}
    dead = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/simple"}
    laptop = subprocess.run(
        [sys.executable, str(house / "course.py"), "lab"],
        env={**environment, **dead, **copies_venv},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert laptop.returncode == 0, laptop.stderr
    assert f"from {house / 'wheels'}, nothing to download" in laptop.stdout
    assert started(laptop.stdout)["prefix"] == str(house / ".venv")
    (house / "requirements.txt").write_text("stand-in==3.0\n")
    done = subprocess.run(
        [sys.executable, str(house / "course.py"), "lab"],
        env={**environment, **dead, **copies_venv},
        stderr=subprocess.PIPE,
        text=True,
        timeout=PATIENCE,
    )
    assert "holds no stand-in for this" in done.stderr


def test_another_systems_packages_are_collected_too(collecting, tmp_path):
    house, index = tmp_path / "house", tmp_path / "index"
    here = 'Requires-Dist: not-there; sys_platform != "win32"\nRequires-Dist: extras[more]\n'
    wheel(index, "for_windows", "1.0", {}, here)
    more = 'Provides-Extra: more\nRequires-Dist: for-more; extra == "more"\n'
    wheel(index, "extras", "1.0", {}, more)
    wheel(index, "for_more", "1.0", {})
    done = collecting.run("wheelhouse", str(house), "--system", "windows", "--python", "3.13")
    assert done.returncode == 0, done.stdout
    assert {file.name.split("-")[0] for file in (house / "wheels").iterdir()} == {
        *("extras", "for_more", "for_windows", "jupyterlab", "stand_in")
    }
    assert "py -3.13 course.py lab" in (house / "INSTALL_windows.txt").read_text()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["{house}", "--python", "2.7"], "--python takes 3.10 to 3.14, not '2.7'."),
        (["{course}/wheels"], "overlap. Name another."),
        (
            ["{house}", "--system", "windows"],
            "The packages could not be downloaded. Check the network",
        ),
    ],
)
def test_what_cannot_be_collected_gets_a_sentence(collecting, tmp_path, options, sentence):
    places = {"house": tmp_path / "house", "course": collecting.folder}
    dead = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_NO_INDEX": "0", "PIP_RETRIES": "1"}
    (collecting.folder / "requirements.txt").write_text("elsewhere==1.0\n")
    done = collecting.run(
        *("wheelhouse", *(option.format(**places) for option in options)), **dead, NO_PROXY="*"
    )
    assert done.returncode in (1, 2)
    assert sentence in done.stdout.splitlines()[-1]


# --- When something is in the way -----------------------------------------------------------------


def test_without_a_network_it_says_so(used):
    (used.folder / "requirements.txt").write_text("stand-in==3.0\n")
    dead = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_NO_INDEX": "0", "PIP_RETRIES": "1"}
    done = used.run("lab", **dead, NO_PROXY="127.0.0.1")
    assert done.returncode == 1
    last = done.stdout.splitlines()[-1]
    assert last.startswith("The packages could not be downloaded. Check the network")
    assert "anew" not in done.stdout  # what is there is kept


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("ERROR: Could not install packages: [Errno 28] No space left on device", "disk is full"),
        ("OSError: [WinError 112] There is not enough space on the disk", "disk is full"),
        ("exit code -9", "memory ran out"),
        ("Retrying (Retry(total=0)) after connection broken by 'NewConnectionError'", "network"),
        ("pip._vendor.urllib3.exceptions.ReadTimeoutError: Read timed out.", "network"),
        ("[Errno 11001] getaddrinfo failed", "network"),
        ("[WinError 32] The process cannot access the file", "Close JupyterLab"),
        ("HINT: your system does not have Windows Long Path support enabled", "too long"),
        ("Retrying (Retry(total=4)) after connection broken by 'NewConnectionError'", ""),
        ("ERROR: ResolutionImpossible", ""),
    ],
)
def test_pips_words_become_a_sentence(project, words, sentence):
    said = project.module().reason(words, cpu=False)
    assert bool(said) == bool(sentence)
    assert sentence in said


def test_without_the_cpu_index_the_usual_one_is_suggested(project):
    assert "without --cpu" in project.module().reason("getaddrinfo failed", cpu=True)


@pytest.mark.parametrize(
    ("version", "maxsize", "system", "machine", "sentence"),
    [
        ((3, 15, 0), 2**63 - 1, "Linux", "x86_64", "Python 3.15 on Linux x86_64: it is too new"),
        ((3, 12, 1), 2**31 - 1, "Windows", "AMD64", "it is a 32-bit Python"),
        ((3, 12, 1), 2**63 - 1, "Darwin", "x86_64", "no current torch for Intel Macs"),
        ((3, 12, 1), 2**63 - 1, "Linux", "riscv64", "64-bit Python 3.10 to 3.14 works"),
    ],
)
def test_a_machine_without_torch_is_told_why(
    project, monkeypatch, version, maxsize, system, machine, sentence
):
    course = project.module()
    monkeypatch.setattr(course.sys, "version_info", version)
    monkeypatch.setattr(course.sys, "maxsize", maxsize)
    monkeypatch.setattr(course.platform, "system", lambda: system)
    monkeypatch.setattr(course.platform, "machine", lambda: machine)
    words = "ERROR: No matching distribution found for torch==2.13.0"
    assert sentence in course.reason(words, cpu=False)


def test_a_full_disk_is_noticed_before_anything_is_made(project, monkeypatch, capsys):
    course = project.module()
    usage = shutil.disk_usage(project.folder)._replace(free=300_000_000)
    monkeypatch.setattr(course.shutil, "disk_usage", lambda _: usage)
    assert course.main(["lab"]) == 1
    assert "Installing needs 0.5 GB" in capsys.readouterr().err
    assert not project.venv.exists()


@pytest.mark.parametrize(("linux", "cpu", "needed"), [(True, False, 10), (True, True, 2)])
def test_cuda_needs_more_of_the_disk(project, monkeypatch, linux, cpu, needed):
    (project.folder / "requirements.txt").write_text("torch==2.13.0\n")
    course = project.module()
    usage = shutil.disk_usage(project.folder)._replace(free=1_000_000_000)
    monkeypatch.setattr(course.shutil, "disk_usage", lambda _: usage)
    monkeypatch.setattr(course, "LINUX", linux)
    with pytest.raises(course.Stop, match=f"needs {needed} GB"):
        course.check_disk("lab", cpu)


def test_a_folder_that_may_not_be_written_gets_a_sentence(project, monkeypatch, capsys):
    course = project.module()

    def refuse(path, **_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(course.Path, "mkdir", refuse)
    assert course.main(["lab"]) == 1
    assert f"You may not write {project.venv}" in capsys.readouterr().err


def test_a_python_without_venv_is_told_the_package(project, monkeypatch, capsys):
    course = project.module()
    monkeypatch.setattr(course.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(course.shutil, "which", lambda _: "/usr/bin/apt-get")
    assert course.main(["lab"]) == 1
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    assert f"sudo apt install {package}" in capsys.readouterr().err


def test_a_missing_file_of_the_course_gets_a_sentence(used):
    (used.folder / "pyproject.toml").unlink()
    done = used.run("lab")
    assert done.returncode == 1
    assert "pyproject.toml is missing" in done.stdout


def test_a_file_named_venv_gets_a_sentence_and_stays(project):
    project.venv.write_text("mine")
    done = project.run("lab")
    assert done.returncode == 1
    assert "Rename that file" in done.stdout
    assert project.venv.read_text() == "mine"


# --- An environment in a bad state ----------------------------------------------------------------


def without_python(project):
    shutil.rmtree(project.module().PYTHON.parent)


def without_pip(project):
    for site in project.module().site_packages():
        shutil.rmtree(site / "pip")


def without_configuration(project):
    (project.venv / "pyvenv.cfg").unlink()


def on_a_python_that_is_gone(project):
    python = project.module().PYTHON
    python.unlink()
    python.symlink_to(project.folder / "python-that-was-removed")


def interrupted_while_made(project):
    project.marker.write_text("venv")


@pytest.mark.parametrize(
    "damage",
    [
        without_python,
        without_pip,
        without_configuration,
        pytest.param(on_a_python_that_is_gone, marks=SYMLINKS),
        interrupted_while_made,
    ],
)
def test_a_half_made_environment_is_noticed(used, damage):
    assert used.module().venv_version()
    damage(used)
    assert used.module().venv_version() == ""


def test_a_half_made_environment_is_made_anew(used, copies_venv):
    without_pip(used)
    used.module().STAMP.unlink()
    done = used.run("lab", **copies_venv)
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("The folder .venv is half-made")
    assert started(done.stdout)


@pytest.mark.parametrize(
    "damage",
    [
        without_pip,
        without_configuration,
        pytest.param(on_a_python_that_is_gone, marks=SYMLINKS),
    ],
)
def test_a_finished_installation_is_mended_and_not_deleted(used, damage):
    (site,) = used.module().site_packages()
    (site / "of 1.5 GB").touch()
    damage(used)
    done = used.run("lab")
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("The Python in .venv does not start: mending it.")
    assert "Installing" not in done.stdout
    assert (site / "of 1.5 GB").exists()
    assert "mending" not in used.run("lab").stdout


def test_a_finished_installation_that_cannot_be_mended_stays(used, monkeypatch, capsys):
    course = used.module()
    monkeypatch.setattr(course, "venv_version", lambda: "")
    monkeypatch.setattr(course, "make_venv", lambda: course.MARKER.write_text("packages"))
    assert course.main(["lab"]) == 1
    assert f"Delete the folder {used.venv} yourself" in capsys.readouterr().err
    assert course.STAMP.exists()


def test_a_finished_installation_stays_when_pip_cannot_add_to_it(used):
    (used.folder / "tests" / "requirements.txt").write_text("jupyterlab==1.0\n")
    (used.folder / "backend.py").write_text("raise SystemExit(3)")
    done = used.run("test")
    assert done.returncode == 1
    assert "anew" not in done.stdout
    assert "pip says above why" in done.stdout.splitlines()[-1]
    (site,) = used.module().site_packages()
    assert (site / "stand_in.py").exists()


def test_after_a_kill_only_the_half_written_packages_are_installed_again(used):
    (site,) = used.module().site_packages()
    used.marker.write_text("packages")
    (site / "stand_in-1.0.dist-info" / "INSTALLER").unlink()  # pip writes it last
    (site / "stand_in.py").write_text("version = ")
    (site / "~tand_in").mkdir()
    done = used.run("lab")
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("The last installation did not finish: going on from there.")
    assert (site / "stand_in.py").read_text() == "version = '1.0'\n"
    assert not (site / "~tand_in").exists()
    assert not used.marker.exists()
    assert "Requirement already satisfied: jupyterlab==1.0" in done.stdout


def test_a_package_with_a_missing_file_is_not_whole(used):
    course = used.module()
    (site,) = course.site_packages()
    assert course.is_whole(site / "stand_in-1.0.dist-info")
    (site / "stand_in.py").unlink()
    assert not course.is_whole(site / "stand_in-1.0.dist-info")


def test_what_pip_cannot_mend_is_made_anew_once(used, copies_venv):
    (site,) = used.module().site_packages()
    (site / "stand_in-1.0.dist-info" / "RECORD").unlink()
    (used.folder / "requirements.txt").write_text("stand-in==2.0\njupyterlab==1.0\n")
    done = used.run("lab", **copies_venv)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("making it anew, once") == 1
    assert started(done.stdout)


def test_a_failure_that_stays_ends_in_a_sentence(used, copies_venv):
    (used.folder / "backend.py").write_text("raise SystemExit(3)")
    (used.folder / "requirements.txt").write_text("jupyterlab==1.0\n")
    done = used.run("lab", **copies_venv)
    assert done.returncode == 1
    assert done.stdout.count("making it anew, once") == 1
    assert done.stdout.splitlines()[-1].startswith("The packages could not be installed")


@SENDS_CTRL_C
def test_ctrl_c_during_the_installation_and_a_second_start_meanwhile(used, silent_index):
    (used.folder / "requirements.txt").write_text("stand-in==2.0\njupyterlab==1.0\n")
    hanging = {"PIP_INDEX_URL": silent_index, "PIP_NO_INDEX": "0", "PIP_FIND_LINKS": ""}
    hanging["PIP_TIMEOUT"] = str(PATIENCE)
    running = used.start("lab", **hanging, NO_PROXY="127.0.0.1")
    while "Looking in indexes" not in running.stdout.readline():
        assert running.poll() is None
    second = used.run("lab")
    assert second.returncode == 1
    assert "Another course.py is installing" in second.stdout
    os.killpg(running.pid, signal.SIGINT)
    output = running.communicate(timeout=PATIENCE)[0]
    assert running.returncode == 130
    assert output.splitlines()[-1].startswith("Stopped. Nothing is lost")
    assert used.marker.exists()
    third = used.run("lab")
    assert third.returncode == 0, third.stdout
    assert "going on from there" in third.stdout
    assert "Successfully installed stand-in-2.0" in third.stdout


# --- The small torch ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("linux", "arguments", "from_cpu_index"),
    [(True, ["--cpu"], True), (True, [], False), (False, ["--cpu"], False)],
)
def test_cpu_takes_torch_from_its_own_index_first(
    used, monkeypatch, capsys, linux, arguments, from_cpu_index
):
    pins = "torchinfo==1.8.0\ntorch==2.13.0\njupyterlab==1.0\n"
    (used.folder / "requirements.txt").write_text(pins)
    course = used.module()
    asked = []
    monkeypatch.setattr(course, "LINUX", linux)
    monkeypatch.setattr(course, "pip", lambda *words: asked.append(words))
    monkeypatch.setattr(course, "run", lambda words, **_: 0)
    usage = shutil.disk_usage(used.folder)._replace(free=10**12)
    monkeypatch.setattr(course.shutil, "disk_usage", lambda _: usage)
    assert course.main(["lab", *arguments]) == 0
    index = "https://download.pytorch.org/whl/cpu"
    cpu = ("install", "--no-compile", "--index-url", index, "torch==2.13.0")
    assert (asked[0] == cpu) == from_cpu_index
    assert asked[-2:] == [
        ("install", "--no-compile", "-r", "requirements.txt"),
        ("install", "--no-deps", "-e", "."),
    ]
    offered = "python3 course.py lab --cpu" in capsys.readouterr().out
    assert offered == (linux and not arguments)


def test_the_small_torch_stays_the_small_one(used, monkeypatch):
    (used.folder / "requirements.txt").write_text("torch==2.13.0\n")
    course = used.module()
    (site,) = course.site_packages()
    (site / "torch-2.12.0+cpu.dist-info").mkdir()
    asked = []
    monkeypatch.setattr(course, "LINUX", True)
    monkeypatch.setattr(course, "pip", lambda *words: asked.append(words))
    course.install("lab", cpu=False)
    assert "--index-url" in asked[0]


def test_the_book_is_built_with_packages_of_its_own(used, monkeypatch):
    course = used.module()
    asked, ran = [], []
    monkeypatch.setattr(course, "pip", lambda *words: asked.append(words))
    monkeypatch.setattr(course, "run", lambda words, **_: ran.append(words) or 0)
    assert course.main(["book", "--output", "site"]) == 0
    assert ran == [["docs/book/build.py", "--output", "site"]]
    requirements = ("-r", "requirements.txt", "-r", "docs/book/requirements.txt")
    assert asked[0] == ("install", "--no-compile", *requirements)


def test_packages_are_compiled_but_not_their_tests(used):
    course = used.module()
    (site,) = course.site_packages()
    folder = site / "package"
    for name in ("used.py", "broken.py", "tests/unused.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("def f[" if name == "broken.py" else "")
    own = used.folder / "unet_teach" / "own.py"
    own.parent.mkdir()
    own.touch()
    course.compile_packages()
    for place, name in ((folder, "used"), (own.parent, "own")):
        assert [path.name.split(".")[0] for path in place.rglob("*.pyc")] == [name]

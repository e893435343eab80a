"""Collect all that laptops without a network need into one folder; `course.py wheelhouse` runs it.

The folder is a copy of the course with the packages in `wheels`, where `course.py` looks first.
Only the standard library and pip are used.
"""

import argparse
import importlib.util
import platform
import shutil
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

# The oldest of each kind that the pinned packages have wheels for, and newer ones that take them.
LINUX = [f"manylinux_2_{minor}" for minor in range(28, 4, -1)] + ["manylinux2014", "linux"]
SYSTEMS = {
    "linux": (
        [f"{name}_x86_64" for name in LINUX],
        {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    ),
    "windows": (
        ["win_amd64"],
        {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
    ),
    "macos": (
        [f"macosx_{major}_0_arm64" for major in range(15, 10, -1)],
        {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    ),
}
MACHINES = {"linux": "x86_64", "windows": "AMD64", "macos": "arm64"}
HERE = {"Linux": "linux", "Windows": "windows", "Darwin": "macos"}.get(platform.system(), "")
BUILDS = ("hatchling", "editables")  # what installing the course itself takes
LEFT_OUT = shutil.ignore_patterns(
    ".*", "node_modules", "__pycache__", "*.egg-info", "wheels", "nbgrader"
)
SIZE = 1  # GB: torch is the most of it
INSTALL = """\
The course for {systems}, Python {python}, without a network.

Copy this folder to a laptop. In it, type

    macOS, Linux    python3 course.py lab
    Windows         py -{python} course.py lab

It installs from the folder wheels and opens the first lesson; no server is asked. To check it:

    macOS, Linux    .venv/bin/python -c "from unet_teach import self_test; print(self_test())"
    Windows         .venv\\Scripts\\python -c "from unet_teach import self_test; print(self_test())"

Into an environment of your own:

    python -m pip install --no-index --find-links wheels -r requirements.txt .
"""


def make(course, arguments: list[str]) -> int:
    """Fill the folder that the command line names; return the exit code.

    Args:
        course: the module `course.py`.
        arguments: what follows `wheelhouse` on its command line.

    Raises:
        course.Stop: with a sentence, if it is not possible.
    """
    parser = argparse.ArgumentParser(
        prog="course.py wheelhouse", description="Collect the course for laptops without a network."
    )
    parser.add_argument("folder", type=Path, help="is made; say it again for another system")
    parser.add_argument(
        "--system", choices=SYSTEMS, default=HERE or "linux", help="the laptops' (%(default)s)"
    )
    parser.add_argument(
        "--python",
        default="{}.{}".format(*sys.version_info),
        help="theirs, such as 3.12 (%(default)s)",
    )
    options = parser.parse_args(arguments)
    oldest, newest = (".".join(map(str, version)) for version in (course.OLDEST, course.NEWEST))
    known = [f"3.{minor}" for minor in range(course.OLDEST[1], course.NEWEST[1] + 1)]
    if options.python not in known:
        raise course.Stop(f"--python takes {oldest} to {newest}, not '{options.python}'.", 2)
    if not importlib.util.find_spec("pip"):
        raise course.Stop("This Python has no pip. Start with the Python of .venv, or add pip.")
    folder = options.folder.expanduser().resolve()
    if folder == course.ROOT or course.ROOT in folder.parents or folder in course.ROOT.parents:
        raise course.Stop(f"{folder} and the course's own folder overlap. Name another.", 2)
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free / 1e9
    if free < SIZE:
        raise course.Stop(f"It takes up to {SIZE} GB, and {free:.1f} GB are free in {folder}.")
    course.say(f"Collecting the packages for {options.system}, Python {options.python} ...")
    collect(course, folder / "wheels", options.system, options.python)
    shutil.copytree(course.ROOT, folder, ignore=LEFT_OUT, dirs_exist_ok=True)
    text = INSTALL.format(systems=options.system, python=options.python)
    (folder / f"INSTALL_{options.system}.txt").write_text(text, encoding="utf-8")
    wheels = list((folder / "wheels").glob("*.whl"))
    size = sum(wheel.stat().st_size for wheel in wheels) / 1e6
    course.say(f"{folder} holds the course and {len(wheels)} packages, {size:.0f} MB.")
    course.say("Copy it to each laptop; there, type  python3 course.py lab  in it.")
    return 0


def collect(course, wheels: Path, system: str, python: str) -> None:
    """Download the packages of one system, and what they need there: pip asks what they need here.

    Raises:
        course.Stop: with a sentence, if a package cannot be had.
    """
    from pip._vendor.packaging.requirements import Requirement
    from pip._vendor.packaging.utils import canonicalize_name

    tags, named = SYSTEMS[system]
    there = {**named, "python_version": python, "python_full_version": f"{python}.0"}
    there |= {"platform_machine": MACHINES[system], "implementation_name": "cpython", "extra": ""}
    options = ["--only-binary", ":all:", "--dest", str(wheels)]
    if system != HERE or python != "{}.{}".format(*sys.version_info):
        # pip would ask what the packages need here, so it is asked for each of them alone.
        options += ["--no-deps", "--implementation", "cp", "--python-version", python]
        options += [word for tag in tags for word in ("--platform", tag)]
    if system == "linux":
        options += ["--extra-index-url", course.CPU_INDEX]  # 192 MB, and not 3 GB
    lines = (course.ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    binder = (course.ROOT / "binder" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    lines += [line for line in binder if line.startswith(BUILDS)]
    pinned = [Requirement(line) for line in lines if line.strip() and line[0] not in "#-"]
    done: set[str] = set()
    while True:
        found: dict[str, list[Path]] = {}
        for wheel in wheels.glob("*.whl"):
            found.setdefault(canonicalize_name(wheel.name.split("-")[0]), []).append(wheel)
        needed, seen, queue = [], set(), [each for each in pinned if needs(each, there, "")]
        while queue:
            needed.append(each := queue.pop())
            name = canonicalize_name(each.name)
            for extra in {"", *each.extras} - {e for n, e in seen if n == name}:
                seen.add((name, extra))
                asked = (r for w in found.get(name, []) for r in map(Requirement, requires(w)))
                queue += [r for r in asked if needs(r, there, extra)]
        versions = {name: [w.name.split("-")[1] for w in each] for name, each in found.items()}
        words = {
            f"{each.name}{each.specifier}"
            for each in needed
            if not any(map(each.specifier.contains, versions.get(canonicalize_name(each.name), [])))
        }
        if not words - done:
            return
        download(course, [*options, *sorted(words)])
        done |= words


def needs(requirement, there: dict[str, str], extra: str) -> bool:
    """Whether a requirement holds there, for a package that is wanted with this extra."""
    return not requirement.marker or requirement.marker.evaluate({**there, "extra": extra})


def requires(wheel: Path) -> list[str]:
    """Return what a wheel says that it needs."""
    with zipfile.ZipFile(wheel) as archive:
        # A package may hold others, with their own: this one's is at the top.
        names = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        name = min(names, key=lambda n: n.count("/"))
        return Parser().parsestr(archive.read(name).decode()).get_all("Requires-Dist", [])


def download(course, options: list[str]) -> None:
    """Run `pip download` and show what it says.

    Raises:
        course.Stop: with a sentence that says why it failed.
    """
    command = [sys.executable, "-m", "pip", "download", *options]
    ran = subprocess.run(command, stderr=subprocess.PIPE, encoding="utf-8", errors="replace")
    if ran.returncode:
        sys.stderr.write(ran.stderr)
        raise course.Stop(course.reason(ran.stderr, False) or course.NO_REASON)

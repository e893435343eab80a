#!/usr/bin/env python3
"""Set the course up and start it: `python3 course.py lab`, `demo`, `book`, or `test`.

Everything is installed once, into `.venv` beside this file; later starts find it there. Only the
standard library is used. The syntax is that of Python 3.6, so that an old Python prints a sentence
instead of a SyntaxError, and the text is ASCII, so that every terminal can show it.
"""

import contextlib
import csv
import errno
import hashlib
import importlib.util
import json
import os
import platform
import re
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import webbrowser
from pathlib import Path

OLDEST: tuple = (3, 10)  # If you are shown this line, this is Python 2: type python3 course.py
NEWEST = (3, 14)  # the newest Python that torch, as pinned in requirements.txt, is made for
if sys.version_info < OLDEST:
    sys.exit(
        "This is Python {}.{}, and the course needs Python 3.10 or newer. ".format(
            *sys.version_info
        )
        + "Install one from python.org, then start again with it, such as: python3.12 course.py lab"
    )

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "course.json"  # fingerprints of finished installations
MARKER = VENV / "course.unfinished"  # exists while an installation runs; holds its step
TEMPORARY = VENV / "tmp"
WHEELS = ROOT / "wheels"  # all packages, where the course was made for laptops without a network
HOME = ROOT / ".home"  # for what programs keep in the home folder, where that cannot be written
PROGRESS = "UNET_TEACH_PROGRESS"  # names the file in which the course keeps a student's progress
OVERRIDES = ROOT / "binder" / "overrides.json"  # switches off JupyterLab's news and update check
REQUIREMENTS = {
    "lab": ["requirements.txt"],
    "book": ["requirements.txt", "docs/book/requirements.txt"],
    "test": ["requirements.txt", "docs/book/requirements.txt", "tests/requirements.txt"],
}
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
# The cells of a notebook, and the tests of a file, stay together in one process; conftest.py puts
# the long files first. They wait for kernels and browsers now and then, so two cores have work for
# three processes; with five, the same tests took 1.3 times as long, of processor time too. With
# `-n 0` everything runs in one. A process that dies ends the run: a new one would be given the
# same test, without an end.
LOADFILE = ["--dist", "loadfile", "--no-loadscope-reorder", "--max-worker-restart", "0"]
PROCESSES = ["-n", "3", *LOADFILE]
IDLE = 2 * 60 * 60  # seconds after which a kernel is stopped that runs nothing; never a busy one
LINUX = sys.platform.startswith("linux")
ROOT_USER = hasattr(os, "geteuid") and os.geteuid() == 0

USAGE = """\
python3 course.py lab     opens the lessons in JupyterLab
python3 course.py demo    opens the live demo for a class in a browser; nothing is installed
python3 course.py book    builds a website from the solved lessons, in the folder build/book
python3 course.py home OWNER/REPOSITORY    says where on GitHub the course lives; links follow
python3 course.py test    runs the course's own tests
python3 course.py wheelhouse DIR    collects all that laptops without a network need

lab, book and test first install what they need into the folder .venv; the next start is quick.
  --cpu          on Linux: the small torch (192 MB, not 3 GB), for machines without an NVIDIA card
  --no-browser   lab, demo: only print the address
  --port N       lab: use this port
Any other option goes on to JupyterLab or to pytest."""

AGAIN = "then type the same command again: it goes on from here."
DELETE = f"Delete the folder {VENV} yourself, {AGAIN}"
DISK_FULL = f"The disk is full. Free some space, {AGAIN}"
NO_NETWORK = (
    "The packages could not be downloaded. "
    f"Check the network connection (and the proxy, if there is one), {AGAIN}"
)
NO_REASON = f"The packages could not be installed; pip says above why. Mend that, {AGAIN}"
# pip gives its reasons only as text: the first pattern found in its error output decides.
REASONS = [
    (r"No space left|Errno 28|Errno 122|not enough space|quota exceeded", DISK_FULL),
    (r"MemoryError|exit code -9\b", f"The memory ran out. Close some programs, {AGAIN}"),
    (
        r"new ?connection|timed ?out|ConnectTimeout|Max retries|name resolution|getaddrinfo"
        r"|ProxyError|SSLError|CERTIFICATE_VERIFY|Connection (aborted|broken|reset)"
        r"|ConnectionReset|RemoteDisconnected|IncompleteRead|5\d\d Server Error|unreachable",
        NO_NETWORK,
    ),
    (r"WinError (5|32)\b", f"A file in .venv is in use. Close JupyterLab, {AGAIN}"),
    (r"Long Path", f"The folder's name is too long for Windows. Move it to C:\\course, {AGAIN}"),
]


class Stop(Exception):  # noqa: N818 - the program is not in error
    """Ends the program with a sentence for the reader and an exit code."""

    def __init__(self, sentence: str, code: int = 1) -> None:
        super().__init__(sentence)
        self.code = code


class PipFailed(Exception):  # noqa: N818
    """Raised when pip fails; holds its error output."""


def say(sentence: str) -> None:
    """Print at once, so that our lines and pip's keep their order."""
    print(sentence, flush=True)


def child_environment(**more: str) -> dict[str, str]:
    """Return the environment for programs in `.venv`, without variables that point elsewhere.

    Index, proxy and certificate settings stay, because some networks need them.
    """
    elsewhere = {"PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__"}
    elsewhere |= {"PIP_TARGET", "PIP_PREFIX", "PIP_ROOT"}
    kept = {name: value for name, value in os.environ.items() if name.upper() not in elsewhere}
    # So that `!pip install` in a notebook means this folder too.
    path = os.pathsep.join([str(PYTHON.parent), os.environ.get("PATH", os.defpath)])
    # PIP_USER is set, not dropped: `user = true` may also stand in pip's configuration file.
    kept.update(PATH=path, VIRTUAL_ENV=str(VENV), PIP_USER="0")
    if WHEELS.is_dir():
        kept.update(PIP_NO_INDEX="1", PIP_FIND_LINKS=WHEELS.as_uri())
    # UTF-8 is what Python 3.15 takes by itself. In another encoding, an older Python cannot write
    # the name of this folder into its files when that has letters outside ASCII.
    return {**kept, "PYTHONUTF8": "1", **more}


# --- Is everything installed? ---------------------------------------------------------------------


def venv_version() -> str:
    """Return the version of the Python in `.venv`, such as "3.11"; "" if it cannot be used."""
    probe = (
        "import sys, importlib.util as u; assert sys.prefix != sys.base_prefix; "
        "assert u.find_spec('pip'); print('%d.%d' % sys.version_info[:2])"
    )
    if MARKER.is_file() and MARKER.read_text() == "venv":
        return ""
    with contextlib.suppress(OSError):
        answer = subprocess.run([str(PYTHON), "-I", "-c", probe], capture_output=True)
        return answer.stdout.decode().strip() if answer.returncode == 0 else ""
    return ""


def fingerprint(command: str, version: str) -> str:
    """Return a hash of all that decides what is installed; pip runs again when it changes."""
    files = [ROOT / "pyproject.toml", OVERRIDES, *(ROOT / name for name in REQUIREMENTS[command])]
    parts = [version, *(file.read_text(encoding="utf-8") for file in files)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def stamps() -> dict[str, str]:
    """Return the fingerprints of finished installations, by command."""
    try:
        return dict(json.loads(STAMP.read_text()))
    except (OSError, ValueError, TypeError):
        return {}


def fits(command: str, version: str) -> bool:
    """Tell whether `.venv` once held all that `command` needs, for a Python of this version."""
    return stamps().get(command) == fingerprint(command, version)


def worth_keeping() -> bool:
    """Tell whether `.venv` holds a finished installation, which is mended and never deleted."""
    version = venv_version() or "{}.{}".format(*sys.version_info)
    return any(fits(command, version) for command in stamps() if command in REQUIREMENTS)


def is_installed(command: str) -> bool:
    """Tell whether nothing is left to install; only one short program is run to find out."""
    version = venv_version()
    return bool(version) and fits(command, version) and not MARKER.exists()


def site_packages() -> list[Path]:
    """Return the folder that packages are installed into, as a list of at most one."""
    return [*VENV.glob("lib/python3*/site-packages")] or [*VENV.glob("Lib/site-packages")]


def installed_torch() -> str:
    """Return the version of torch in `.venv`, such as "2.13.0+cpu", or ""."""
    names = [folder.name for site in site_packages() for folder in site.glob("torch-*.dist-info")]
    return names[0][len("torch-") : -len(".dist-info")] if names else ""


def torch_pin() -> str:
    """Return the line of requirements.txt that names torch, or ""."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return next((line for line in lines if re.match(r"torch\s*[=<>~!]", line)), "")


# --- Installing -----------------------------------------------------------------------------------


@contextlib.contextmanager
def one_at_a_time():
    """Lock this file, so that a second start does not delete what the first is still installing.

    The system releases such a lock when its process ends, however it ends.
    """
    with open(__file__, "rb") as handle:
        try:
            if os.name == "nt":
                import msvcrt

                handle.seek(2**30)  # far past the end, since nobody can read a locked byte
                msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EAGAIN):
                raise Stop(f"Another course.py is installing. Wait for it, {AGAIN}") from None
            # Otherwise it is a network disk without locks: go on without.
        yield


def install(command: str, cpu: bool) -> None:
    """Install what `command` needs into `.venv`, whatever state it is in."""
    if os.path.lexists(VENV) and not VENV.is_dir():
        raise Stop(f"The course needs the name {VENV} for a folder. Rename that file, {AGAIN}")
    cpu = cpu or "+cpu" in installed_torch()  # chosen once, it stays
    if not venv_version() and worth_keeping():
        say("The Python in .venv does not start: mending it. What is installed stays.")
        mend_venv()
        if is_installed(command):
            return
    fresh = not venv_version()
    if fresh and VENV.is_dir() and any(VENV.iterdir()):
        say("The folder .venv is half-made, or its Python is gone: making it anew.")
        remove_venv()
    elif MARKER.exists():
        say("The last installation did not finish: going on from there.")
        remove_half_installed()
    check_disk(command, cpu)
    if fresh:
        make_venv()
    while True:
        try:
            install_packages(command, cpu)
            return
        except PipFailed as failure:
            sentence = reason(str(failure), cpu)
            if sentence or fresh:
                raise Stop(sentence or NO_REASON) from None
            if worth_keeping():
                raise Stop(f"{NO_REASON} If that does not help: {DELETE}") from None
        say("pip cannot go on with what is in .venv: making it anew, once.")
        remove_venv()
        make_venv()
        fresh = True


def check_disk(command: str, cpu: bool) -> None:
    """Print what is about to be installed; stop when the disk has no room for it."""
    # For torch 2.13 on Linux, .venv was measured at 1.3 GB with the CPU build. The CUDA wheels have
    # 2.8 GB, unpacked about 6. pip keeps a wheel and its cached copy while it unpacks.
    cuda = LINUX and not cpu and torch_pin() and not installed_torch() and not WHEELS.is_dir()
    if WHEELS.is_dir():
        size, needed = f"from {WHEELS}, nothing to download, 1.3 GB on the disk", 2
    elif cuda:
        size, needed = "about 3 GB to download, 6 GB on the disk, 5 to 30 minutes", 10
    elif installed_torch() or not torch_pin():
        size, needed = "up to 150 MB to download, a minute or two", 0.5
    else:
        size, needed = "about 300 MB to download, 1.3 GB on the disk, 1 to 10 minutes", 2
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < needed:
        less = f" (With  python3 course.py {command} --cpu  2 GB are enough.)" if cuda else ""
        raise Stop(
            f"Installing needs {needed} GB on the disk of {ROOT}, and {free:.1f} GB are free. "
            f"Free some space, {AGAIN}{less}"
        )
    say(f"Installing into {VENV}: {size}, only this once.")
    if cuda:
        say(
            "No NVIDIA card here? Then a torch of 192 MB does the same, instead of about 3 GB: "
            f"Ctrl-C, then  python3 course.py {command} --cpu"
        )


def make_venv() -> None:
    """Create `.venv`, with pip in it."""
    VENV.mkdir(exist_ok=True)
    MARKER.write_text("venv")
    # When the Python of .venv runs this file, only the Python it was made from survives.
    base = getattr(sys, "_base_executable", None) or sys.executable
    code, output = 1, "ensurepip"
    if importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
        made = subprocess.run(
            [base, "-m", "venv", str(VENV)],
            env=child_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
        code, output = made.returncode, made.stdout.strip()
    if code and "ensurepip" in output:
        package = "python{}.{}-venv".format(*sys.version_info)
        apt = f"Type  sudo apt install {package}" if shutil.which("apt-get") else "Add them"
        raise Stop(f"This Python lacks its venv and ensurepip modules. {apt} , {AGAIN}")
    if code:
        last = (output.splitlines() or ["no reason given"])[-1]
        raise Stop(f"Python could not make the folder {VENV}: {last}")
    MARKER.write_text("packages")


def mend_venv() -> None:
    """Make the Python of `.venv` and its pip anew, and leave the packages as they are."""
    finished = not MARKER.exists() or MARKER.read_text() == "venv"
    for link in PYTHON.parent.glob("python*"):
        with contextlib.suppress(OSError):
            link.unlink()  # venv does not replace a link that leads nowhere
    remove_half_installed("pip-*.dist-info")
    make_venv()
    if finished:
        MARKER.unlink()
    if not venv_version():
        raise Stop(f"The Python in .venv does not start, although all is installed. {DELETE}")


def remove_venv() -> None:
    """Delete `.venv`."""
    try:
        shutil.rmtree(VENV)
    except OSError as error:
        raise Stop(
            f"The folder {VENV} has to go and cannot be deleted ({error}). "
            f"Close JupyterLab, delete it yourself, {AGAIN}"
        ) from None


def remove_half_installed(names: str = "*") -> None:
    """Delete the records of packages that pip did not finish, so that it installs them again."""
    for path in [path for site in site_packages() for path in site.glob(names)]:
        if path.name.startswith("~") or (path.suffix == ".dist-info" and not is_whole(path)):
            shutil.rmtree(path, ignore_errors=True)


def is_whole(dist_info: Path) -> bool:
    """Tell whether a package has all the files on its list, which pip writes last."""
    if not (dist_info / "INSTALLER").is_file() or not (dist_info / "RECORD").is_file():
        return False
    with open(dist_info / "RECORD", encoding="utf-8", newline="") as record:
        names = [row[0] for row in csv.reader(record) if row]
    return all(name.endswith(".pyc") or (dist_info.parent / name).exists() for name in names)


def install_packages(command: str, cpu: bool) -> None:
    """Install everything `command` needs with pip, then write the fingerprints."""
    MARKER.write_text("packages")
    shutil.rmtree(TEMPORARY, ignore_errors=True)
    TEMPORARY.mkdir()
    if cpu and LINUX and torch_pin():
        pip("install", "--no-compile", "--index-url", CPU_INDEX, torch_pin())
    files = (word for name in REQUIREMENTS[command] for word in ("-r", name))
    pip("install", "--no-compile", *files)
    pip("install", "--no-deps", "-e", ".")
    link_package()
    compile_packages()
    settings = VENV / "share" / "jupyter" / "lab" / "settings"
    settings.mkdir(parents=True, exist_ok=True)
    shutil.copy(str(OVERRIDES), str(settings))
    done = {command, "lab"}
    new = {name: fingerprint(name, venv_version()) for name in done}
    STAMP.write_text(json.dumps({**stamps(), **new}))
    shutil.rmtree(TEMPORARY, ignore_errors=True)
    MARKER.unlink()


def compile_packages() -> None:
    """Compile the packages and the course on all cores: pip would take twice as long on one."""
    options = ["-qq", "-j", "0", "-x", r"[/\\](tests?|testing)[/\\]"]
    folders = [*site_packages(), ROOT / "unet_teach"]
    command = [str(PYTHON), "-m", "compileall", *options, *map(str, folders)]
    subprocess.call(command, env=child_environment())


def link_package() -> None:
    """Let `.venv` find the package of the course by a relative path, also in a moved folder.

    pip writes the whole path into a .pth file, and most versions of Python 3.10 to 3.12 read such a
    file in the encoding of the locale. With a letter outside ASCII in the path, they then do not
    start, or do not find the package.
    """
    for site in site_packages():
        relative = os.path.relpath(str(ROOT), str(site))
        for file in site.glob("*unet_teach*.pth"):
            if file.read_bytes() != relative.encode():
                file.write_bytes(relative.encode())


def pip(*arguments: str) -> None:
    """Run pip in the project folder, show its output and keep its error output.

    Raises:
        PipFailed: if pip fails.
    """
    environment = child_environment(PIP_DISABLE_PIP_VERSION_CHECK="1")
    if os.name != "nt":  # a small /tmp cannot hold torch; on Windows it would make paths too long
        environment["TMPDIR"] = str(TEMPORARY)
    process = subprocess.Popen(
        [str(PYTHON), "-m", "pip", *arguments],
        cwd=str(ROOT),
        env=environment,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )
    lines = []

    def show_and_keep() -> None:
        for line in process.stderr:
            sys.stderr.write(line)
            sys.stderr.flush()
            lines.append(line)

    reader = threading.Thread(target=show_and_keep, daemon=True)
    reader.start()
    try:
        process.wait()
    except KeyboardInterrupt:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)  # Ctrl-C reached pip too: it tidies up
        process.kill()
        raise
    reader.join(60)  # longer only if a program that pip started still holds its error output
    if process.returncode:
        raise PipFailed("".join(lines) + f"exit code {process.returncode}\n")


def reason(output: str, cpu: bool) -> str:
    """Return why pip failed as a sentence, or "" if its output names no known reason."""
    # A failed attempt counts only if it was the last one.
    lines = [line for line in output.splitlines() if "Retry(" not in line or "total=0" in line]
    for pattern, sentence in REASONS:
        if re.search(pattern, "\n".join(lines), re.IGNORECASE):
            small = " Or try it without --cpu: that torch comes from elsewhere."
            return sentence + (small if cpu and sentence is NO_NETWORK else "")
    missing = re.search(r"No matching distribution found for ([\w.-]+)", output)
    if not missing:
        return ""
    name, system, machine = missing[1], platform.system(), platform.machine()
    this = f"Python {sys.version_info[0]}.{sys.version_info[1]} on {system} {machine}"
    if WHEELS.is_dir():
        return (
            f"{WHEELS} holds no {name} for this {this}: it was made for another system or Python."
        )
    advice = f"64-bit Python 3.10 to 3.{NEWEST[1]} works: install one and start with it."
    if sys.version_info[:2] > NEWEST:
        return f"There is no {name} for this {this}: it is too new. {advice}"
    if sys.maxsize < 2**32:
        return f"There is no {name} for this {this}: it is a 32-bit Python. {advice}"
    if (name, system, machine) == ("torch", "Darwin", "x86_64"):
        return (
            f"There is no current torch for Intel Macs ({this}). On an Apple processor, install "
            "Python from python.org and start with it; otherwise take the course on Binder."
        )
    return f"pip found no {name} for this {this}. Check the network. {advice}"


# --- Starting -------------------------------------------------------------------------------------


def can_write(folder: Path) -> bool:
    """Tell whether files can be written in `folder`, or where it would be made."""
    while not os.path.lexists(str(folder)) and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=str(folder)) as file:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())  # only now does every disk notice that a quota is used up
    except OSError:
        return False
    return True


def home_folders() -> dict[str, list[Path]]:
    """Return where Jupyter, IPython, Matplotlib and the course keep files, by variable."""
    home = Path(os.path.expanduser("~"))
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    jupyter, matplotlib = data / "jupyter", [home / ".matplotlib"]
    if os.name == "nt":
        jupyter = Path(os.environ.get("APPDATA") or home) / "jupyter"
        data = Path(os.environ.get("LOCALAPPDATA") or home)
    elif sys.platform == "darwin":
        jupyter, data = home / "Library" / "Jupyter", home / "Library" / "Application Support"
    else:
        matplotlib = [
            Path(os.environ.get(f"XDG_{kind.upper()}_HOME") or home / f".{kind}") / "matplotlib"
            for kind in ("config", "cache")
        ]
    usual = {
        "JUPYTER_CONFIG_DIR": [home / ".jupyter"],
        "JUPYTER_DATA_DIR": [jupyter],
        "JUPYTER_RUNTIME_DIR": [Path(os.environ.get("JUPYTER_DATA_DIR") or jupyter) / "runtime"],
        "IPYTHONDIR": [home / ".ipython"],
        "MPLCONFIGDIR": matplotlib,
        PROGRESS: [data / "unet_teach" / "progress.json"],
    }
    named = {name: [Path(os.environ[name])] for name in usual if os.environ.get(name)}
    return {**usual, **named}


def replace_home() -> dict[str, str]:
    """Return variables for what cannot be written in the home folder, and say where it goes."""
    places = home_folders()
    (old,), moved = places[PROGRESS], HOME / "progress.json"
    places[PROGRESS] = [old.parent]
    refused = {name: [place for place in places[name] if not can_write(place)] for name in places}
    names = [name for name in places if refused[name] or (name == PROGRESS and moved.exists())]
    home = Path(os.path.expanduser("~"))
    if not names and home.is_absolute():
        return {}
    other = HOME if can_write(HOME) else Path(tempfile.mkdtemp(prefix="unet_teach_"))
    new = {name: str(other / name.lower()) for name in names if name != PROGRESS}
    for folder in [other, *new.values()]:
        Path(folder).mkdir(exist_ok=True)
    if PROGRESS in names:
        new[PROGRESS] = str(other / "progress.json")
        if not os.path.exists(new[PROGRESS]):
            with contextlib.suppress(OSError):
                shutil.copyfile(str(old), new[PROGRESS])
    if not home.is_absolute():  # this user has no home folder at all
        new["HOME"] = str(other)
    bad = [home] if not can_write(home) else [place for name in names for place in refused[name]]
    if any(refused.values()):
        folders = ", ".join(map(str, bad))
        say(f"Nothing can be written in {folders}. What belongs there is kept in {other}.")
    return new


def run(arguments: list[str], **more: str) -> int:
    """Run the Python of `.venv` and return its exit code; Ctrl-C is left to that program."""
    signal.signal(signal.SIGINT, lambda *_: None)  # a function, since SIG_IGN would be inherited
    environment = child_environment(**more)
    process = subprocess.Popen([str(PYTHON), *arguments], cwd=str(ROOT), env=environment)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    code = process.wait()
    return code if code >= 0 else 128 - code


def lab_options(options: list[str]) -> list[str]:
    """Return our options, then the reader's, which replace ours: Jupyter accepts none twice."""
    lessons = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    page = f"/lab/tree/notebooks/{lessons[0].name}" if lessons else "/lab"
    given = {option.split("=")[0] for option in options}
    ours = [
        ("--ServerApp.root_dir", "--notebook-dir", f"={ROOT}"),
        ("--LabApp.default_url", "", f"={page}"),
        # A lesson's kernel holds 310 to 480 MB, also after its tab was closed.
        ("--MappingKernelManager.cull_idle_timeout", "", f"={IDLE}"),
        ("--MappingKernelManager.cull_connected", "", "=True"),
    ]
    if "--port" in given:  # this port and no other
        ours.append(("--ServerApp.port_retries", "--port-retries", "=0"))
    if ROOT_USER:  # in a container there is often no other user, and Jupyter would refuse
        ours.append(("--allow-root", "", ""))
    return [name + value for name, alias, value in ours if not given & {name, alias}] + options


def check_port(options: list[str]) -> None:
    """Stop if the reader asks for a port that is taken. Otherwise Jupyter finds a free one."""
    asked = re.search(r"^--port(?:=|\n|\Z)(.*)", "\n".join(options), re.MULTILINE)
    if not asked:
        return
    number = int(asked[1]) if re.fullmatch(r"[0-9]{1,5}", asked[1]) else 0
    if not 0 < number < 65536:
        raise Stop(f"--port needs a number from 1 to 65535, not '{asked[1]}': --port 8890", 2)
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                if os.name != "nt":  # as in Jupyter: a port that was just released counts as free
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address, number))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                raise Stop(f"Port {number} is taken. Choose another or leave it out.") from None


def show_demo(options: list[str]) -> int:
    """Open the live demo, one file that needs no Python, in the reader's browser."""
    unknown = [option for option in options if option != "--no-browser"]
    if unknown:
        raise Stop(f"demo does not know {' '.join(unknown)}. It takes --no-browser only.", 2)
    page = ROOT / "docs" / "demo.html"
    if not page.is_file():
        raise FileNotFoundError(errno.ENOENT, "", str(page))
    address = page.as_uri()
    opened = not options and webbrowser.open(address)
    say(f"The demo: {address}")
    if not opened:
        say("Open this address in a browser.")
    say("PageDown goes on, O shows scenes and keys, N opens notes. docs/demo.md explains it.")
    return 0


def set_home(options: list[str]) -> int:
    """Set the repository that badges, buttons and links lead to; docs/book/home.py says where."""
    sys.path.insert(0, str(ROOT / "docs" / "book"))
    import home

    if len(options) != 1:
        now = home.read() or "not set"
        raise Stop(f"The home is {now}. To set it: python3 course.py home OWNER/REPOSITORY", 2)
    try:
        changed = home.write(options[0])
    except ValueError as error:
        raise Stop(str(error), 2) from None
    written = f"Written: {', '.join(changed)}." if changed else "It was that already."
    say(f"The course's home is {home.GITHUB}{home.read()}. {written}")
    return 0


def start(arguments: list[str]) -> int:
    """Do what the command line asks; return the exit code."""
    if not arguments or {"-h", "--help"} & set(arguments):
        say(USAGE)
        return 0
    command, *options = arguments
    if command == "demo":
        return show_demo(options)
    if command == "home":
        return set_home(options)
    if command == "wheelhouse":
        made = runpy.run_path(str(ROOT / "deploy" / "wheelhouse.py"))
        return made["make"](sys.modules[__name__], options)
    if command not in REQUIREMENTS:
        raise Stop(f"There is no command '{command}'. These are there:\n\n{USAGE}", 2)
    try:
        os.fsencode(str(ROOT)).decode("utf-8")
    except UnicodeDecodeError:
        raise Stop(f"The name of the folder {ROOT} is not in UTF-8. Rename it, {AGAIN}") from None
    cpu = "--cpu" in options
    options = [option for option in options if option != "--cpu"]
    if command == "lab":
        check_port(options)
    if cpu and not LINUX:
        say("--cpu is for Linux only; torch for this machine is small anyway.")
    elif cpu and installed_torch() and "+cpu" not in installed_torch():
        say("torch is installed already; to change it, delete the folder .venv and start again.")
    with contextlib.suppress(OSError):
        link_package()  # somebody may have called pip without this file
    if not is_installed(command):
        with one_at_a_time():
            install(command, cpu)
    if command == "lab":
        say("Starting JupyterLab; Ctrl-C here, pressed twice, ends it.")
        return run(["-m", "jupyterlab", *lab_options(options)], **replace_home())
    more = replace_home()
    if command == "book":
        return run(["docs/book/build.py", *options], **more)
    find_browser = [str(PYTHON), "-m", "tests.browser.find_browser"]
    if subprocess.run(find_browser, cwd=str(ROOT), env=child_environment(**more)).returncode:
        return 1
    return run(["-m", "pytest", *PROCESSES, *options], **more)


def main(arguments: list[str]) -> int:
    """Run `start` and print a sentence for whatever ends it early; return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # the terminal may lack letters of a path
    code = 1
    try:
        return start(arguments)
    except Stop as stop:
        sentence, code = str(stop), stop.code
    except KeyboardInterrupt:
        sentence, code = "Stopped. Nothing is lost: the same command goes on from here.", 130
    except FileNotFoundError as error:
        sentence = f"{error.filename} is missing. Unpack the course again, all of it, {AGAIN}"
    except OSError as error:
        sentence = f"The system refuses something that is needed ({error}). Mend that, {AGAIN}"
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            sentence = DISK_FULL
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            place = error.filename or ROOT
            sentence = f"You may not write {place}. Move the course to your home folder, {AGAIN}"
    print(f"\n{sentence}", file=sys.stderr, flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

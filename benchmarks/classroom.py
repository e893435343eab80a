"""Drive a class on a real JupyterHub of this machine: how long until the first widget, how much.

Each student starts a server, opens a kernel and runs a solved lesson cell by cell, over REST and a
websocket, as a browser does. Run it with a Python that has jupyterhub, jupyterlab and the course:
`python -m benchmarks.classroom --students 5 --lesson 01`. README.md explains.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import secrets
import socket
import statistics
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import nbformat
import psutil
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

ROOT = Path(__file__).parents[1]
PATIENCE = 600  # seconds for one answer
WIDGET = "application/vnd.jupyter.widget-view+json"


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Hub:
    """A JupyterHub with the configuration in `deploy/`, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.token, port, home = secrets.token_hex(), free_port(), folder / "home"
        home.mkdir()
        self.url, api, proxy = f"http://127.0.0.1:{port}", free_port(), free_port()
        environment = {
            **os.environ,
            "HOME": str(home),
            "UNET_SPAWNER": "simple",
            "UNET_AUTHENTICATOR": "dummy",
            "UNET_COURSE": str(ROOT),
            "UNET_PYTHONPATH": str(ROOT),
            "UNET_TOKEN": self.token,
            "UNET_URL": self.url,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        settings = ROOT / "deploy" / "jupyterhub_config.py"
        command = [sys.executable, "-m", "jupyterhub", "-f", str(settings)]
        command += [f"--JupyterHub.hub_port={api}"]
        command += [f"--ConfigurableHTTPProxy.api_url=http://127.0.0.1:{proxy}"]
        with (folder / "log").open("w") as log:
            self.process = psutil.Popen(
                command, cwd=folder, env=environment, stdout=log, stderr=log
            )

    async def ask(self, path: str, method: str = "GET", content: Any = None) -> Any:
        """Ask the hub, or a student's server through it; return what its JSON holds."""
        request = HTTPRequest(
            f"{self.url}{path}",
            method,
            {"Authorization": f"token {self.token}"},
            body=None if method == "GET" else json.dumps(content or {}),
            request_timeout=PATIENCE,
            allow_nonstandard_methods=True,
        )
        answer = await AsyncHTTPClient().fetch(request)
        return json.loads(answer.body) if answer.body else None

    async def ready(self) -> None:
        """Wait until the hub answers."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            try:
                await self.ask("/hub/api/")
                return
            except (OSError, HTTPClientError):  # 404: the proxy has no route yet
                await asyncio.sleep(0.2)
        raise SystemExit("JupyterHub did not start; see the log in its folder.")

    def programs(self) -> list[psutil.Process]:
        """Return the servers and kernels of all students."""
        found = []
        for each in self.process.children(recursive=True):
            with contextlib.suppress(psutil.Error):  # one that has just ended
                if "proxy" not in " ".join(each.cmdline()):
                    found.append(each)
        return found

    def core_seconds(self, name: str) -> float:
        """Return the processor time of a student's server and kernel so far."""
        seconds = 0.0
        for each in self.programs():
            with contextlib.suppress(psutil.Error):  # one that has just ended
                if each.environ().get("JUPYTERHUB_USER") == name:
                    seconds += sum(each.cpu_times()[:2])
        return seconds


async def run_cell(channel: Any, code: str) -> list[dict[str, Any]]:
    """Run a cell and return what it sent, once the kernel is idle."""
    message = str(uuid.uuid4())
    about = {"msg_id": message, "msg_type": "execute_request", "username": "", "session": message}
    request = {"header": about, "parent_header": {}, "metadata": {}, "channel": "shell"}
    request["content"] = {"code": code, "silent": False, "store_history": True}
    await channel.write_message(json.dumps(request))
    sent = []
    while (text := await channel.read_message()) is not None:
        if isinstance(text, bytes):  # a widget's buffers
            continue
        said = json.loads(text)
        if said["parent_header"].get("msg_id") != message:
            continue
        sent.append(said)
        if said["content"].get("execution_state") == "idle":
            return sent
    raise ConnectionError("the kernel is gone")


async def student(hub: Hub, name: str, cells: list[str], begun: float) -> dict[str, float]:
    """Log in, start a server, and run a lesson; return the seconds until each thing was there."""
    await hub.ask(f"/hub/api/users/{name}", "POST")
    while True:
        try:
            await hub.ask(f"/hub/api/users/{name}/server", "POST")
            break
        except HTTPClientError as refusal:
            if refusal.code not in (429, 503):  # busy: the hub or its proxy asks others to wait
                raise
            await asyncio.sleep(2)
    while not (await hub.ask(f"/hub/api/users/{name}"))["servers"].get("", {}).get("ready"):
        await asyncio.sleep(0.5)
    seconds = {"server": time.monotonic() - begun}
    kernel = await hub.ask(f"/user/{name}/api/kernels", "POST", {"path": "unet/notebooks"})
    address = f"{hub.url.replace('http', 'ws')}/user/{name}/api/kernels/{kernel['id']}/channels"
    request = HTTPRequest(address, headers={"Authorization": f"token {hub.token}"})
    channel = await websocket_connect(request, max_message_size=2**28)
    slowest = 0.0
    for code in cells:
        cell_begun = time.monotonic()
        sent = await run_cell(channel, code)
        slowest = max(slowest, time.monotonic() - cell_begun)
        if any(said["msg_type"] == "error" for said in sent):
            raise RuntimeError(f"a cell failed: {code[:60]!r}")
        if any(WIDGET in said["content"].get("data", {}) for said in sent):
            if "widget" not in seconds:
                seconds["cores_then"] = hub.core_seconds(name)
            seconds.setdefault("widget", time.monotonic() - begun)
    return {**seconds, "done": time.monotonic() - begun, "slowest": slowest}


async def classroom(hub: Hub, students: int, lesson: str) -> int:
    """Let all students begin at once; print a row of the table. Return how many failed."""
    await hub.ready()
    (path,) = (ROOT / "notebooks" / "solved").glob(f"{lesson}_*.ipynb")
    cells = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    begun = time.monotonic()
    names = [f"student{number:02}" for number in range(1, students + 1)]
    runs = (student(hub, name, cells, begun) for name in names)
    results = await asyncio.gather(*runs, return_exceptions=True)
    kept = [result for result in results if isinstance(result, dict)]
    for name, failure in zip(names, results, strict=True):
        if isinstance(failure, BaseException):
            print(f"{name}: {repr(failure)[:300]}", file=sys.stderr)
    programs = hub.programs()
    memory = sum(each.memory_full_info().pss for each in programs) / 2**20 / students
    cores = sum(sum(each.cpu_times()[:2]) for each in programs) / students
    if kept:
        first = statistics.mean(result["cores_then"] for result in kept)
        last = {key: max(result[key] for result in kept) for key in kept[0]}
        median = statistics.median(result["widget"] for result in kept)
        row = {
            "students": f"{students} × L{int(lesson)}",
            "failures": students - len(kept),
            "servers ready s": f"{last['server']:.0f}",
            "first widget s (median, last)": f"{median:.0f}, {last['widget']:.0f}",
            "all done s": f"{last['done']:.0f}",
            "slowest cell s": f"{last['slowest']:.0f}",
            "PSS a student MB": f"{memory:.0f}",
            "core-s a student (first widget, done)": f"{first:.1f}, {cores:.1f}",
        }
        for line in (row, ["---"] * len(row), row.values()):
            print(f"| {' | '.join(map(str, line))} |")
        print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return students - len(kept)


def main() -> int:
    """Run the class; return 1 if a student did not finish."""
    parser = argparse.ArgumentParser(description="A class on a JupyterHub of this machine.")
    parser.add_argument("--students", type=int, default=5)
    parser.add_argument("--lesson", default="01", help="a number, such as 03")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="classroom_"))
    hub = Hub(folder)
    AsyncHTTPClient.configure(None, max_clients=10 * options.students)
    try:
        return 1 if asyncio.run(classroom(hub, options.students, options.lesson)) else 0
    finally:
        inside = hub.process.children(recursive=True) if hub.process.is_running() else []
        hub.process.terminate()
        for process in inside:
            try:
                process.terminate()
            except psutil.Error:
                continue
        psutil.wait_procs(inside, timeout=20)
        print(f"log: {folder / 'log'}")


if __name__ == "__main__":
    sys.exit(main())

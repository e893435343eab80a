"""Names the other notebooks' kernels and what they hold, and says when memory is short."""

from __future__ import annotations

import json
import os
import re
import sys
import urllib.request
from collections.abc import Iterator

import psutil

from unet_teach.shared.memory import free_memory

SHORT = 350  # MB: torch and a lesson's tensors need about as much (benchmarks/lesson_cost.py)
KERNEL = re.compile(r"kernel-([0-9a-f-]{36})\.json")
PATIENCE = 3  # seconds for the server on this machine to list its sessions


def other_kernels() -> list[tuple[str, int]]:
    """Return the notebook and the MB of each other kernel of this server, the largest first.

    A kernel whose notebook the server does not tell is called "a notebook".
    """
    try:
        server = psutil.Process().parent()
        found = dict(_kernels_of(server)) if server else {}
    except psutil.Error:
        return []
    if not server or not found:
        return []
    names = _notebooks(server.pid)
    held = [(names.get(kernel, "a notebook"), size) for kernel, size in found.items()]
    return sorted(held, key=lambda row: -row[1])


def _kernels_of(server: psutil.Process) -> Iterator[tuple[str, int]]:
    for process in server.children():
        try:
            kernel = KERNEL.search(" ".join(process.cmdline()))
            if kernel and process.pid != os.getpid():
                yield kernel[1], process.memory_info().rss // 2**20
        except psutil.Error:  # it has ended
            continue


def _notebooks(pid: int) -> dict[str, str]:
    """Ask the server with this process number which notebook each kernel belongs to."""
    try:
        from jupyter_server.serverapp import list_running_servers

        (server,) = (each for each in list_running_servers() if each["pid"] == pid)
        token = server["token"] or os.environ.get("JUPYTERHUB_API_TOKEN", "")
        headers = {"Authorization": f"token {token}"} if token else {}
        request = urllib.request.Request(f"{server['url']}api/sessions", headers=headers)
        ask = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with ask.open(request, timeout=PATIENCE) as answer:
            sessions = json.load(answer)
        return {each["kernel"]["id"]: each["path"].rpartition("/")[2] for each in sessions}
    except Exception:  # another front end, or a server that lets nobody ask: the names are missing
        return {}


def listed_kernels() -> str:
    """Return a sentence that names the other kernels and their memory; empty without any."""
    held = ", ".join(f"{name} ({size} MB)" for name, size in other_kernels())
    return f" Running now: {held}." if held else ""


def warn_when_short() -> None:
    """Print in a notebook that memory is short, and whose kernels to shut down."""
    free = free_memory() // 2**20
    if "ipykernel" not in sys.modules or free >= SHORT:
        return
    print(
        f"Memory is short: {free} MB are free, and a lesson needs about {SHORT}. Save, then shut "
        "down the kernels of lessons that you have finished (menu Kernel, Shut Down All Kernels, "
        f"or one by one in the list of running kernels at the left).{listed_kernels()} "
        "What you solved is kept."
    )

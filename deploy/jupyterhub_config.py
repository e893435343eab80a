"""JupyterHub for one machine: `jupyterhub -f deploy/jupyterhub_config.py`. docs/hub.md explains.

The course is installed once, in the environment that runs the hub, where students may not write.
"""

import os
import shutil
import sys
from pathlib import Path

c = get_config()  # noqa: F821 - JupyterHub defines it

# On a real machine: accounts of the system, and systemd, which enforces the limit of memory.
# "simple" and "dummy" are for trying this out and for benchmarks/classroom.py: one account for all.
c.JupyterHub.spawner_class = os.environ.get("UNET_SPAWNER", "systemd")
c.JupyterHub.authenticator_class = os.environ.get("UNET_AUTHENTICATOR", "pam")
c.Authenticator.allow_all = True  # everybody who can log in
# Put a server with HTTPS in front of it.
c.JupyterHub.bind_url = os.environ.get("UNET_URL", "http://127.0.0.1:8000")
c.JupyterHub.concurrent_spawn_limit = 10 * (os.cpu_count() or 1)  # others are asked to wait
c.Spawner.start_timeout = 300  # seconds, when a whole class starts on few cores
c.Spawner.http_timeout = 300

# Lesson 5 is the largest: kernel 527 MB at most, server 109 MB. The limit leaves room for a second,
# smaller lesson; idle kernels are stopped below.
c.Spawner.mem_guarantee = "450M"
c.Spawner.mem_limit = "1400M"
c.Spawner.default_url = "/lab/tree/unet/notebooks/00_how_do_you_know.ipynb"
c.Spawner.cmd = [sys.executable, str(Path(__file__).with_name("singleuser.py"))]
c.Spawner.args = [
    "--MappingKernelManager.cull_idle_timeout=1800",  # seconds; a kernel that runs nothing
    "--MappingKernelManager.cull_connected=True",  # also with its notebook open; never a busy one
    "--ServerApp.shutdown_no_activity_timeout=3600",  # then the server, when no kernel is left
]


def progress_file(spawner):
    """Name a progress file for each user of the hub, also where they share one account."""
    return f"~/.local/share/unet_teach/{spawner.user.escaped_name}/progress.json"


c.Spawner.environment = {
    "UNET_TEACH_PROGRESS": progress_file,
    "OMP_NUM_THREADS": "1",  # more threads than cores only wait for each other
    "MALLOC_ARENA_MAX": "1",  # what a check has freed goes back to the system
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
}


def copy_lessons(spawner):
    """Copy the lessons to a student who has none yet, for the simple spawner only.

    With accounts of the system, use the nbgitpuller link of docs/hub.md or /etc/skel.
    """
    course, home = os.environ.get("UNET_COURSE"), Path.home() / spawner.user.escaped_name / "unet"
    if course and not home.exists():
        shutil.copytree(Path(course) / "notebooks", home / "notebooks")
        shutil.copytree(Path(course) / "docs", home / "docs")


if c.JupyterHub.spawner_class == "simple":
    c.SimpleLocalProcessSpawner.home_dir_template = f"{Path.home()}/{{username}}"
    if os.geteuid() == 0:  # in a container there is often no other account
        c.Spawner.args.append("--allow-root")
    c.Spawner.pre_spawn_hook = copy_lessons
    if os.environ.get("UNET_PYTHONPATH"):  # the course is not installed, but found here
        c.Spawner.environment["PYTHONPATH"] = os.environ["UNET_PYTHONPATH"]

if os.environ.get("UNET_TOKEN"):  # benchmarks/classroom.py acts for its students
    c.JupyterHub.services = [{"name": "classroom", "api_token": os.environ["UNET_TOKEN"]}]
    scopes = ["admin:users", "admin:servers", "access:servers", "tokens"]
    c.JupyterHub.load_roles = [{"name": "class", "services": ["classroom"], "scopes": scopes}]

"""The configurations in `deploy/`; `benchmarks/classroom.py` runs the one of JupyterHub."""

import os
import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from traitlets.config import Config

from unet_teach.exercises.progress_file import ProgressFile

DEPLOY = Path(__file__).parents[1] / "deploy"
MOST_MEMORY = 593 + 109  # MB: kernel and server of lesson 5, the largest


@pytest.fixture
def hub(monkeypatch):
    """The settings for a real machine, without the variables that make it a trial."""
    for name in ("SPAWNER", "AUTHENTICATOR", "TOKEN", "URL", "COURSE", "PYTHONPATH"):
        monkeypatch.delenv(f"UNET_{name}", raising=False)
    config = Config()
    runpy.run_path(str(DEPLOY / "jupyterhub_config.py"), {"get_config": lambda: config})
    return config


def test_a_real_machine_has_accounts_limits_and_no_open_door(hub):
    assert (hub.JupyterHub.spawner_class, hub.JupyterHub.authenticator_class) == ("systemd", "pam")
    assert hub.JupyterHub.bind_url.startswith("http://127.0.0.1:")
    assert "services" not in hub.JupyterHub
    assert int(hub.Spawner.mem_limit.removesuffix("M")) > MOST_MEMORY


def test_a_server_starts_without_parsing_a_grammar_that_it_does_not_need(hub, tmp_path):
    package = tmp_path / "jupyterhub"  # is not installed here, so this stands in for it
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "singleuser.py").write_text(
        "def main():\n    import sys, jsonschema\n"
        "    checked = jsonschema.FormatChecker.checkers\n"
        "    print('uri' in checked, 'iri' in checked, sys.argv[1:])\n",
        encoding="utf-8",
    )
    python, script = hub.Spawner.cmd
    assert python == sys.executable
    assert Path(script).parent == DEPLOY
    told = subprocess.run(
        [python, script, "--a=b"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert told.stdout.strip() == "True False ['--a=b']", told.stderr


def test_idle_kernels_are_stopped_and_never_a_busy_one(hub):
    assert "--MappingKernelManager.cull_connected=True" in hub.Spawner.args
    assert any("cull_idle_timeout=" in option for option in hub.Spawner.args)
    assert not any("cull_busy" in option for option in hub.Spawner.args)


def test_users_who_share_an_account_have_their_own_progress(hub, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for name in ("ada", "bob"):
        spawner = SimpleNamespace(user=SimpleNamespace(escaped_name=name))
        named = hub.Spawner.environment["UNET_TEACH_PROGRESS"](spawner)
        monkeypatch.setenv("UNET_TEACH_PROGRESS", named)
        ProgressFile().mark_solved(name)
    kept = sorted(path.relative_to(tmp_path).parts[-2:] for path in tmp_path.rglob("*.json"))
    assert kept == [("ada", "progress.json"), ("bob", "progress.json")]


def test_the_values_for_kubernetes_stop_idle_kernels_too():
    values = yaml.safe_load((DEPLOY / "values.yaml").read_text(encoding="utf-8"))
    user = values["singleuser"]
    assert int(user["memory"]["limit"].removesuffix("M")) > MOST_MEMORY
    culling = user["extraFiles"]["culling"]["data"]["MappingKernelManager"]
    assert culling["cull_connected"]
    assert not culling["cull_busy"]

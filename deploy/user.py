"""Where root starts Parley, it goes on as a system user who may do nothing else on the machine.

All of it does so, supervisord and the launcher included: nothing that a person or a client can reach
runs as root then. What root keeps for it is the right to listen on a port below 1024, where one is set.
Where root restarts it, that goes on as the same user, who has to read what is written then.
"""

import os
import pwd
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from deploy.instance import Instance
from deploy.layout import Layout
from deploy.processes import PROC
from shared.settings import PROJECT, Settings

ROOT = "root"
# Whether this user can run the code from here, read the settings, and reach the folder in which the data folder lies.
# Asked by the user, since setpriv itself may still start what the user may not.
TRY = (
    "import os, sys; from deploy import launcher; from shared.settings import Settings; Settings.load();"
    " sys.exit(not all(os.access(path, os.X_OK) for path in (sys.executable, sys.argv[1])))"
)
NOWHERE = {"PARLEY_VAR": "/nonexistent"}  # the data folder is still root's
PRIVILEGED_PORTS = range(1, 1024)


def step_down(settings: Settings, arguments: list[str], tell: Callable[[str], None]) -> None:
    """Become PARLEY_USER and start again; returns only where that is not to be, after telling why not."""
    if os.geteuid() != 0 or settings.user == ROOT:
        return
    try:
        user = pwd.getpwnam(settings.user)
    except KeyError:
        tell(
            "everything runs as root. Safer: make a system user for it, and start again:\n"
            f"    useradd --system --no-create-home --shell /usr/sbin/nologin {settings.user}"
        )
        return
    low = {settings.port, settings.redirect_port} & set(PRIVILEGED_PORTS)
    become = _command(user, low_ports=bool(low))
    var = Layout.of(settings).var
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    trial = [*become, sys.executable, "-c", TRY, str(var.parent)]
    tried = subprocess.run(trial, cwd=PROJECT, env=os.environ | NOWHERE, capture_output=True, check=False)
    if tried.returncode != 0:
        tell(
            f"everything runs as root, because {settings.user} can not use {PROJECT} and {var.parent}."
            " Let that user read them and .env, or move Parley to where that is possible, as /opt."
        )
        return
    _hand_over(var, user)
    _go_on(become, arguments)


def follow(layout: Layout, arguments: list[str]) -> None:
    """Become who runs Parley, and carry on with the verb; returns where nobody else does."""
    instance = Instance.load(layout)
    if os.geteuid() != 0 or instance is None or not instance.supervised():
        return
    lines = (PROC / str(instance.session) / "status").read_text().splitlines()
    told = {name: value.split() for name, _, value in (line.partition(":") for line in lines)}
    who = int(told["Uid"][0])
    if who != 0:
        # Without the rights that they have nobody may see what they do (ptrace(2)).
        _go_on(_command(pwd.getpwuid(who), low_ports=int(told["CapEff"][0], 16) != 0), arguments)


def _go_on(become: list[str], arguments: list[str]) -> None:
    """The same verb as another user; does not return."""
    command = [*become, sys.executable, "-m", "deploy", *arguments]
    os.execvp(command[0], command)  # noqa: S606


def _command(user: pwd.struct_passwd, *, low_ports: bool) -> list[str]:
    """setpriv(1) with all that makes a process the user's, for good."""
    rights = "-all,+net_bind_service" if low_ports else "-all"
    return [
        "setpriv",
        f"--reuid={user.pw_uid}",
        f"--regid={user.pw_gid}",
        "--init-groups",
        f"--inh-caps={rights}",
        f"--ambient-caps={rights}",
        f"--bounding-set={rights}",
        "--no-new-privs",
    ]


def _hand_over(var: Path, user: pwd.struct_passwd) -> None:
    """Give the data folder to the user, once: what root made there before, too. No link is followed."""
    if var.stat().st_uid == user.pw_uid:
        return
    for folder, folders, files in os.walk(var, topdown=False):
        for name in [*files, *folders]:
            os.lchown(Path(folder, name), user.pw_uid, user.pw_gid)
    os.lchown(var, user.pw_uid, user.pw_gid)

"""Make the data folder ready: folders, secrets, the empty database, the rendered configuration.

Everything here may be run again at any time, also after it was interrupted half-way.
"""

import math
import os
import pwd
import resource
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from deploy import nginx, redis_users
from deploy.layout import Layout
from deploy.render import render
from shared.settings import PROJECT, Settings

# Debian keeps servers where an ordinary user's PATH does not look.
SERVER_FOLDERS = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
REDIS_PASSWORDS = {user: f"redis_{user}_password" for user in redis_users.USERS}
SECRETS = ("secret_key", "database_password", "database_admin_password", *REDIS_PASSWORDS.values())
DATABASE_ACCOUNTS = ("parley", "parley_admin")
OPEN_FILES = 65_536


class Missing(RuntimeError):
    """A program that Parley needs is not installed, or failed."""


def program(name: str) -> str:
    """The path of a server's program. Raises `Missing`."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{SERVER_FOLDERS}")
    if path is None:
        raise Missing(f"{name} is not installed; `make run` installs it")
    return path


def make_folders(layout: Layout) -> None:
    """Make every folder that is missing, for its user alone."""
    for folder in layout.folders():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def make_secrets(layout: Layout) -> None:
    """Make the secrets that are missing: 256 random bits each, for their user alone."""
    for name in SECRETS:
        if not (layout.secrets / name).exists():
            write(layout.secrets / name, secrets.token_urlsafe(32) + "\n")


def make_database(settings: Settings, layout: Layout) -> None:
    """Make the data folder of MariaDB where there is none, and write down who may do what in it.

    Raises `Missing` where it can not be made.
    """
    passwords = {name.upper(): (layout.secrets / name).read_text().strip() for name in SECRETS}
    write(layout.secrets / "mariadb-init.sql", render("mariadb-init.sql", passwords))
    ready, half = layout.data / "mariadb", layout.data / "mariadb.new"
    if ready.exists():
        return
    shutil.rmtree(half, ignore_errors=True)  # an earlier run was interrupted
    with tempfile.TemporaryDirectory() as folder:  # the script below takes no path with a space
        link = Path(folder) / "data"
        link.symlink_to(layout.data)
        made = _install_database(link / half.name)
    if made.returncode != 0:
        raise Missing(f"MariaDB's data folder can not be made:\n{made.stdout}{made.stderr}")
    half.rename(ready)


def _install_database(folder: Path) -> "subprocess.CompletedProcess[str]":
    user = pwd.getpwuid(os.getuid()).pw_name
    command = [
        program("mariadb-install-db"),
        "--no-defaults",
        f"--datadir={folder}",
        # A server that starts removes whatever temporary tables lie there: in /tmp those of another that is being made.
        f"--tmpdir={folder.parent}",
        "--auth-root-authentication-method=socket",
        f"--auth-root-socket-user={administrator(user)}",
        "--skip-test-db",
        f"--innodb-log-file-size={48 * 2**20}",
        *([f"--user={user}"] if os.getuid() == 0 else []),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def administrator(user: str) -> str:
    """Who may do everything in the private MariaDB, by name and without a password: the system user, and always root.

    A system user of the name of one of Parley's own accounts may not: the service would be the administrator.
    """
    return "root" if user in DATABASE_ACCOUNTS else user


def mariadb_command(layout: Layout) -> list[str]:
    """How the private MariaDB is started."""
    return [program("mariadbd"), f"--defaults-file={layout.etc / 'mariadb.cnf'}"]


def redis_command(layout: Layout) -> list[str]:
    """How the private Redis is started."""
    return [program("redis-server"), str(layout.etc / "redis.conf")]


def private_servers(settings: Settings) -> None:
    """Make ready what the private MariaDB and Redis need, of those that are wanted."""
    layout = Layout.of(settings)
    values = {
        "VAR": str(layout.var),
        "MARIADB_USER": "user = root" if os.getuid() == 0 else "",
        "MARIADB_CONNECTIONS": str(connections(settings)),
    }
    if settings.private_database:
        make_database(settings, layout)
        write(layout.etc / "mariadb.cnf", render("mariadb.cnf", values))
    if settings.private_redis:
        passwords = {
            user: (layout.secrets / name).read_text().strip() for user, name in REDIS_PASSWORDS.items()
        }
        write(layout.secrets / "redis-users.acl", redis_users.acl(passwords))
        write(layout.etc / "redis.conf", render("redis.conf", values))


def services(settings: Settings) -> None:
    """Write the configuration of nginx and of supervisord, which runs all the rest."""
    layout = Layout.of(settings)
    root = os.getuid() == 0
    values = {"VAR": str(layout.var), "PROJECT": str(PROJECT), "PYTHON": sys.executable}
    programs = values | {
        "MARIADBD": program("mariadbd") if settings.private_database else "",
        "REDIS_SERVER": program("redis-server") if settings.private_redis else "",
        "NGINX": program("nginx"),
        "DAEMONS": str(settings.daemons),
        "DRAIN_WAIT": str(math.ceil(settings.drain_seconds) + 10),
        # Without these lines both warn: that nobody was named as whom to run, or in vain.
        "SUPERVISORD_USER": "user = root" if root else "",
    }
    programs["MARIADB_PROGRAM"] = (
        render("supervisord-mariadb.conf", programs) if settings.private_database else ""
    )
    programs["REDIS_PROGRAM"] = render("supervisord-redis.conf", programs) if settings.private_redis else ""
    write(layout.supervisord_conf, render("supervisord.conf", programs))
    write(
        layout.etc / "nginx.conf",
        nginx.configuration(
            settings, open_files=raise_open_files(), brotli=nginx.brotli_module(program("nginx"))
        ),
    )


def raise_open_files() -> int:
    """Let this process, and all that it starts, open as many files as it may, up to 65,536; returns how many."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most


def connections(settings: Settings) -> int:
    """The connections that MariaDB must be able to take: every pool full, and some for people."""
    return max(100, settings.database_pool * (settings.web_workers + settings.daemons) + 20)


def write(path: Path, text: str) -> None:
    """Write a file for its user alone, as a whole or not at all."""
    half = path.with_name(path.name + ".new")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    half.replace(path)

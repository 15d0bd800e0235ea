"""Started by root, Parley goes on as a user who may do nothing else; and nothing secret shows in its processes."""

import os
import pwd
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.processes import PROC
from tests.servers import short_folder
from tests.system.stack import Stack

NOBODY = pwd.getpwnam("nobody")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture(scope="module")
def dropped() -> Iterator[Stack]:
    stack = Stack(daemons="1", web_workers="1", drain_seconds="0", user="nobody")
    (stack.var / "old").mkdir()
    (stack.var / "old" / "link").symlink_to("/etc/hostname")
    try:
        stack.start()
        if "everything runs as root" in (said := stack.deploy("start").stdout):
            pytest.skip(said)
        yield stack
    finally:
        stack.close()


def status(pid: int) -> dict[str, str]:
    lines = (PROC / str(pid) / "status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


@as_root
def test_no_process_is_roots_or_can_become_it(dropped: Stack) -> None:
    found = {process.name: status(process.pid) for process in dropped.processes()}
    assert {"mariadbd", "redis-server", "nginx", "gunicorn"} & set(found) >= {
        "mariadbd",
        "redis-server",
        "nginx",
    }
    for name, told in found.items():
        assert set(told["Uid"].split()) == {str(NOBODY.pw_uid)}, name
        assert (int(told["CapEff"], 16), int(told["CapBnd"], 16), told["NoNewPrivs"]) == (0, 0, "1"), name


@as_root
def test_the_data_folder_is_that_users_alone_and_no_link_was_followed(dropped: Stack) -> None:
    assert {path.lstat().st_uid for path in dropped.var.rglob("*")} == {NOBODY.pw_uid}
    assert Path("/etc/hostname").stat().st_uid == 0


@as_root
def test_root_still_asks_kills_and_restarts_it(dropped: Stack) -> None:
    dropped.kill("redis")
    dropped.wait_until_well()
    shutil.rmtree(dropped.layout.static)  # so that there is something to be copied
    said = dropped.deploy("restart")
    assert said.returncode == 0, said.stdout
    assert set(status(dropped.pid("chatd:chatd-0"))["Uid"].split()) == {str(NOBODY.pw_uid)}
    assert {path.lstat().st_uid for path in dropped.var.rglob("*")} == {NOBODY.pw_uid}


@as_root
def test_a_user_who_does_not_exist_is_told_how_to_make() -> None:
    stack = Stack(short_folder(), daemons="1", web_workers="1", user="parley_nobody", port="1")
    stack.environment["PARLEY_LISTEN"] = "192.0.2.1"  # so that nothing starts
    assert "useradd --system --no-create-home" in stack.deploy("start").stdout
    stack.close()


def test_no_secret_stands_on_a_command_line_or_in_a_log(stack: Stack) -> None:
    secrets = [path.read_text().strip() for path in stack.layout.secrets.iterdir() if path.suffix == ""]
    assert len(secrets) >= 6
    shown = [(PROC / str(process.pid) / "cmdline").read_text() for process in stack.processes()]
    shown += [path.read_text(errors="replace") for path in stack.layout.log.iterdir()]
    shown += [path.read_text() for path in stack.layout.etc.iterdir()]
    assert shown
    assert not [text[:200] for text in shown for secret in secrets if secret in text]


def test_secrets_are_in_no_environment_that_was_not_given_them(stack: Stack) -> None:
    secrets = [path.read_text().strip() for path in stack.layout.secrets.iterdir() if path.suffix == ""]
    for process in stack.processes():
        given = (PROC / str(process.pid) / "environ").read_text(errors="replace")
        assert not [secret for secret in secrets if secret in given]

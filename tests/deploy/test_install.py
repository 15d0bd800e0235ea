"""deploy/install.sh, with a stand-in for apt that writes down what it saw: nothing is installed here."""

import hashlib
import os
import shutil
import signal
import subprocess
import zipfile
from pathlib import Path

import pytest

from shared.settings import PROJECT
from tests.servers import wait_for

INSTALL = PROJECT / "deploy" / "install.sh"
SECONDS = 60.0  # before a test gives up: costs time only where something is broken

APT = """#!/bin/sh
echo "apt-get $* policy:$("$PARLEY_POLICY_RC_D" nginx start; echo $?)" >>"$SEEN"
# By exec: dash forgets a SIGINT that comes while it starts a child.
[ -z "${APT_WAITS:-}" ] || exec sleep 60
exit "${APT_FAILS:-0}"
"""


def _hear() -> None:
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


class Sandbox:
    """A PATH in which apt only writes down what it is asked for, and a policy-rc.d elsewhere."""

    def __init__(self, folder: Path) -> None:
        self.policy = folder / "policy-rc.d"
        self.seen = folder / "seen"
        self.folder = folder / "bin"
        self.folder.mkdir()
        self.put("apt-get", APT)
        self.put("apt-cache", "#!/bin/sh\n")
        self.put("systemctl", '#!/bin/sh\necho "systemctl $*" >>"$SEEN"\n')
        self.environment = os.environ | {
            "PATH": f"{self.folder}:{os.environ['PATH']}",
            "PARLEY_POLICY_RC_D": str(self.policy),
            "SEEN": str(self.seen),
        }

    def put(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o755)

    def popen(self, *packages: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            ["sh", str(INSTALL), "packages", *packages],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            # A test run that was started by nohup, or in the background, ignores them, and so would its children.
            preexec_fn=_hear,  # noqa: PLW1509 - no threads here
        )

    def install(self, *packages: str) -> tuple[int, str]:
        with self.popen(*packages) as process:
            said = process.communicate(timeout=SECONDS)[0]
        return process.returncode, said

    def what_apt_saw(self) -> str:
        return self.seen.read_text() if self.seen.exists() else ""


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path)


def test_services_are_forbidden_to_start_while_apt_works(sandbox: Sandbox) -> None:
    code, said = sandbox.install("nginx-light", "redis-server")
    assert code == 0, said
    assert (
        "apt-get install -y --no-install-recommends nginx-light redis-server policy:101"
        in sandbox.what_apt_saw()
    )


def test_the_policy_is_gone_afterwards(sandbox: Sandbox) -> None:
    sandbox.install("nginx-light")
    assert not sandbox.policy.exists()


def test_the_policy_is_gone_after_a_failure(sandbox: Sandbox) -> None:
    sandbox.environment["APT_FAILS"] = "100"
    code, _ = sandbox.install("nginx-light")
    assert code != 0
    assert not sandbox.policy.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_policy_is_gone_after(sandbox: Sandbox, number: signal.Signals) -> None:
    sandbox.environment["APT_WAITS"] = "yes"
    with sandbox.popen("nginx-light") as process:
        wait_for(sandbox.what_apt_saw)
        assert sandbox.policy.exists()
        os.killpg(process.pid, number)
        assert process.wait(SECONDS) != 0
    assert not sandbox.policy.exists()


def test_an_existing_policy_that_forbids_starts_stays_as_it_is(sandbox: Sandbox) -> None:
    text = "#!/bin/sh\n# mine\nexit 101\n"
    sandbox.policy.write_text(text)
    sandbox.policy.chmod(0o755)
    before = sandbox.policy.stat()
    code, said = sandbox.install("nginx-light")
    assert code == 0, said
    assert sandbox.policy.read_text() == text
    after = sandbox.policy.stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_mode) == (
        before.st_ino,
        before.st_mtime_ns,
        before.st_mode,
    )
    assert "policy:101" in sandbox.what_apt_saw()


@pytest.mark.parametrize(("text", "mode"), [("#!/bin/sh\nexit 0\n", 0o755), ("#!/bin/sh\nexit 101\n", 0o644)])
def test_an_existing_policy_that_lets_services_start_stays_and_nothing_is_installed(
    sandbox: Sandbox, text: str, mode: int
) -> None:
    sandbox.policy.write_text(text)
    sandbox.policy.chmod(mode)
    code, said = sandbox.install("nginx-light")
    assert code != 0
    assert "apt-get install --no-install-recommends nginx-light" in said
    assert sandbox.policy.read_text() == text
    assert sandbox.what_apt_saw() == ""


def test_a_policy_that_a_killed_installation_left_is_removed(sandbox: Sandbox) -> None:
    sandbox.environment["APT_WAITS"] = "yes"
    with sandbox.popen("nginx-light") as process:
        wait_for(sandbox.what_apt_saw)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert sandbox.policy.exists()
    del sandbox.environment["APT_WAITS"]
    code, said = sandbox.install("nginx-light")
    assert code == 0, said
    assert not sandbox.policy.exists()


def test_services_that_came_with_the_packages_do_not_start_with_the_machine_either(sandbox: Sandbox) -> None:
    sandbox.install("nginx-light", "fonts-noto-cjk")
    assert "systemctl disable nginx" in sandbox.what_apt_saw()
    assert "redis-server" not in sandbox.what_apt_saw()


def test_the_list_of_packages_is_fetched_only_when_it_does_not_have_them(sandbox: Sandbox) -> None:
    sandbox.install("nginx-light")
    assert "apt-get update" not in sandbox.what_apt_saw()
    sandbox.put("apt-cache", "#!/bin/sh\nexit 100\n")
    sandbox.install("nginx-light")
    assert "apt-get update" in sandbox.what_apt_saw()


def wheel(folder: Path, name: str, version: str, *metadata: str) -> str:
    """An empty package; returns the line that pins it."""
    file = folder / f"{name}-{version}-py3-none-any.whl"
    about = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(file, "w") as archive:
        head = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}", *metadata]
        archive.writestr(f"{about}/METADATA", "\n".join(head) + "\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}\n"


def test_the_lock_is_installed_as_it_stands_whatever_came_out_since(tmp_path: Path) -> None:
    shop, project = tmp_path / "shop", tmp_path / "project"
    shop.mkdir()
    shutil.copytree(
        PROJECT / "deploy", project / "deploy", ignore=lambda _, names: {*names} - {"install.sh", "parley"}
    )
    lock = wheel(shop, "pinned", "1.0", "Provides-Extra: more")
    lock += wheel(shop, "wanting", "1.0", "Requires-Dist: pinned[more]>=1.0")
    wheel(shop, "pinned", "2.0", "Provides-Extra: more")
    (project / "requirements.txt").write_text(lock)
    done = subprocess.run(
        ["sh", str(project / "deploy" / "install.sh")],
        env=os.environ | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(shop)},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
    installed = {path.name for path in (project / ".venv").glob("lib/python*/site-packages/*.dist-info")}
    assert {"pinned-1.0.dist-info", "wanting-1.0.dist-info"} <= installed

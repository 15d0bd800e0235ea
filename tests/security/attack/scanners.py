"""wapiti and sqlmap against the planted site, signed in and as a visitor."""

import json
import re
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from tests.security.attack.planted import Way
from tests.security.attack.site import Planted
from tests.security.tools import programs

# Left out: modules that ask a server of somebody else on the internet (ssrf, xxe, log4shell), that guess names
# of other products' files, that test TLS, which is nginx' business, or LDAP, which Parley does not speak (wapiti guesses it
# from a page that is the same for two names).
MODULES = (
    "cookieflags,crlf,csp,exec,file,http_headers,methods,permanentxss,redirect,shellshock,sql,upload,xss"
)
INJECTABLE = re.compile(r"^Parameter: (\S+)", re.MULTILINE)
SQLMAP = (
    "--batch --flush-session --random-agent --dbms=mysql --technique=BEU --level=1 --risk=1 --timeout=15"
    " --retries=1 --disable-coloring --drop-set-cookie --ignore-code=*"
)
# Nothing that SQL could be behind, or the end of the session that scans.
NOT_FOR_SQLMAP = ("health.check", "auth.sign_out", "reset.done")
MOST_FIELDS = 12
AT_ONCE = 2


@dataclass
class Findings:
    """What a scanner reported, by category: `planted` about the holes, `parley` about anything else."""

    planted: list[str] = field(default_factory=list)
    parley: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)  # what is no finding: informational

    def add(self, what: str, path: str) -> None:
        """Note a finding on a path."""
        (self.planted if path.startswith("/planted/") else self.parley).append(f"{what}: {path}")


def wapiti(site: Planted, folder: Path, cookie: str, *, seconds: int) -> Findings:
    """Crawl from the list of forms and attack all that is found, for at most `seconds` a module."""
    report = folder / "wapiti.json"
    command = [str(programs("wapiti") / "wapiti"), "-u", f"{site.url}/planted/forms", "--scope", "domain"]
    command += ["-x", f"{site.url}/sign-out", "-s", f"{site.url}/planted/xss?text=a"]
    command += ["-s", f"{site.url}/planted/sql?room=1", "-m", MODULES, "-f", "json", "-o", str(report)]
    command += ["--no-bugreport", "--max-attack-time", str(seconds), "--store-session", str(folder / "state")]
    command += ["--store-config", str(folder / "config")]
    # Without a cookie of its own it keeps none, so that it stays a visitor though it registers.
    command += ["-C", cookie] if cookie else ["--drop-set-cookie"]
    command += ["-S", "normal", "-d", "3", "--tasks", "4", "-v", "0"]
    ended = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    assert report.exists(), ended.stdout[-3000:] + ended.stderr[-3000:]
    (folder / "wapiti.log").write_text(ended.stdout + ended.stderr)
    told = json.loads(report.read_text())
    found = Findings()
    for kind in ("vulnerabilities", "anomalies", "additionals"):
        for category, items in told.get(kind, {}).items():
            for item in items:
                what = f"{category} ({item['info'].splitlines()[0][:120]})"
                if kind == "additionals":
                    found.told.append(f"{what}: {item['path']}")
                else:
                    found.add(what, item["path"])
    return found


@dataclass(frozen=True, slots=True)
class Target:
    """One address for sqlmap: `*` marks what of its path is a parameter."""

    method: str
    address: str
    fields: tuple[str, ...]

    @property
    def path(self) -> str:
        """The path, without marks."""
        return self.address.replace("*", "")

    def __str__(self) -> str:
        """As in `POST /sign-in: name password`."""
        return f"{self.method} {self.address}" + (f": {' '.join(self.fields)}" if self.fields else "")


def targets(ways: Iterable[Way], met: dict[tuple[str, str], set[str]]) -> list[Target]:
    """Every route with a parameter, in its path or one of those that were `met`; and the planted hole."""
    found = [Target("GET", "/planted/sql", ("room",))]
    for way in ways:
        names = sorted(met.get((way.endpoint, way.method), set()) | set(way.fields))[:MOST_FIELDS]
        if way.endpoint not in NOT_FOR_SQLMAP and (names or "*" in way.marked):
            found.append(Target(way.method, way.marked, tuple(names)))
    return found


def sqlmap(site: Planted, folder: Path, cookie: str, attacked: list[Target]) -> Findings:
    """Attack every parameter of some addresses."""
    found = Findings()

    def attack(number: int) -> str:
        return _sqlmap(site, folder / f"sqlmap-{number}", cookie, attacked[number])

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for target, said in zip(attacked, pool.map(attack, range(len(attacked))), strict=True):
            for parameter in INJECTABLE.findall(said):
                found.add(f"SQL injection ({parameter})", target.path)
            if "[CRITICAL] unable to connect" in said or "testing if" not in said:
                found.add("sqlmap did not test", target.path)
    return found


def _sqlmap(site: Planted, folder: Path, cookie: str, target: Target) -> str:
    fields = dict.fromkeys(target.fields, "1")
    query = "?" + urlencode(fields) if fields and target.method == "GET" else ""
    command = [str(programs("sqlmap") / "sqlmap"), *SQLMAP.split(), "--output-dir", str(folder)]
    command += ["-u", site.url + target.address + query, *(["--cookie", cookie] if cookie else [])]
    if target.method == "POST":
        command += ["--data", urlencode(fields)]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False).stdout

"""The part of the scanners: what they reached, what they found, and whether they can see at all."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.security.attack import scanners
from tests.security.attack.planted import Way
from tests.security.attack.report import Part
from tests.security.attack.scanners import Findings
from tests.security.attack.site import Planted, Product, Reached
from tests.servers import short_folder

# Routes that wapiti is kept from, each with the reason.
EXCEPTIONS = {
    ("auth.sign_out", "POST"): "it would end the session that scans; its form takes no field but the token",
}
# What a finding says that none is, by its words and its path; each with the reason.
EXPLAINED: dict[tuple[str, str], str] = {}


def part(product: Product, *, seconds: int) -> Part:
    """Scan, signed in and as a visitor at the same time; wapiti first, then sqlmap on what it met."""
    cookie = "__Host-" + product.person("anna").cookies()
    product.person("bert")
    folders = short_folder(), short_folder()
    # Cookies are Secure as behind https, else the scanners would rightly complain.
    sites = Planted(product, secure=True), Planted(product, secure=True)
    try:
        cookies = cookie, ""
        with ThreadPoolExecutor() as pool:
            scans = list(
                pool.map(lambda i: scanners.wapiti(sites[i], folders[i], cookies[i], seconds=seconds), (0, 1))
            )
        reached = [site.reached() for site in sites]
        ways = sites[0].ways()
        targets = [scanners.targets(_behind(ways, i), reached[i].parameters) for i in (0, 1)]
        with ThreadPoolExecutor() as pool:
            scans += pool.map(lambda i: scanners.sqlmap(sites[i], folders[i], cookies[i], targets[i]), (0, 1))
        faults = _blind(scans) + _findings(scans) + _unreached(ways, reached[0], reached[1])
        faults += _broken(reached)
        faults += _failed(*reached)
        if sites[0].get("/account", cookie).status != 200:
            faults.append("the session of the scan has ended before its end")
        return Part(
            "Scanners",
            _figures(scans, reached, targets),
            faults,
            [
                *("wapiti, signed in:", *_list(reached[0]), "", "wapiti, as a visitor:", *_list(reached[1])),
                *("", "sqlmap:", *(f"  {target}" for found in targets for target in found)),
            ],
        )
    finally:
        for site in sites:
            site.close()
        for folder in folders:
            _remove(folder)


def _behind(ways: list[Way], visitor: int) -> list[Way]:
    """What is somebody's, or (`visitor`) what stands before the door."""
    return [
        way for way in ways if way.endpoint.startswith(("auth.", "reset.", "second_step.")) == bool(visitor)
    ]


def _blind(scans: list[Findings]) -> list[str]:
    wapiti, sqlmap = scans[:2], scans[2:]
    missing = []
    for found in wapiti:
        if not any("/planted/xss" in line and "cross site" in line.lower() for line in found.planted):
            missing.append("wapiti did not see the planted XSS")
        if not any("/planted/sql" in line and "sql" in line.lower() for line in found.planted):
            missing.append("wapiti did not see the planted SQL injection")
    missing += [
        "sqlmap did not see the planted SQL injection"
        for found in sqlmap
        if not any("/planted/sql" in line for line in found.planted)
    ]
    return missing


def _findings(scans: list[Findings]) -> list[str]:
    return sorted({line for found in scans for line in found.parley if not _explained(line)})


def _explained(line: str) -> str:
    return next(
        (why for (words, path), why in EXPLAINED.items() if words in line and line.endswith(path)), ""
    )


def _unreached(ways: list[Way], *reached: Reached) -> list[str]:
    met = set().union(*(found.parameters for found in reached))
    wanted = {(way.endpoint, way.method) for way in ways if way.method == "POST" or "*" in way.marked}
    return [
        f"not reached: {method} {endpoint}" for endpoint, method in sorted(wanted - met - set(EXCEPTIONS))
    ]


def _failed(*reached: Reached) -> list[str]:
    """Whatever is asked: an error of ours is a finding. (503 says that a server is away or busy.)"""
    return [
        f"{method} {endpoint} failed: {status}"
        for found in reached
        for (endpoint, method), statuses in sorted(found.statuses.items())
        for status in sorted(statuses)
        if status >= 500 and status != 503 and not endpoint.startswith("planted.")
    ]


def _broken(reached: list[Reached]) -> list[str]:
    """Errors of ours that a scanner met: wapiti tells only of those that a payload brings about."""
    return sorted(
        {
            f"answered by {status}: {method} {endpoint}"
            for found in reached
            for (endpoint, method), statuses in found.statuses.items()
            for status in statuses
            if status >= 500 and not endpoint.startswith("planted.")
        }
    )


def _figures(
    scans: list[Findings], reached: list[Reached], targets: list[list[scanners.Target]]
) -> list[str]:
    names = set().union(*(fields for found in reached for fields in found.parameters.values()))
    met = set().union(*(found.parameters for found in reached))
    planted = sorted({line.partition(" (")[0] for found in scans for line in found.planted})
    lines = [
        f"wapiti: {reached[0].requests:,} requests signed in and {reached[1].requests:,} as a visitor,"
        f" {len(met)} routes and methods, {len(names)} names of parameters",
        f"sqlmap: {sum(map(len, targets))} addresses with their parameters",
        f"Of the holes in the test's own pages they reported: {', '.join(planted) or 'nothing'}",
        f"On Parley: {len(_findings(scans))} findings above informational",
    ]
    lines += [f"Not scanned: {method} {endpoint}: {why}" for (endpoint, method), why in EXCEPTIONS.items()]
    lines += sorted(
        {f"{_explained(line)}: {line}" for found in scans for line in found.parley if _explained(line)}
    )
    return lines


def _list(reached: Reached) -> list[str]:
    return [
        f"  {method:4} {endpoint}: {' '.join(sorted(fields)) or '-'}"
        f" → {' '.join(map(str, sorted(reached.statuses[endpoint, method])))}"
        for (endpoint, method), fields in sorted(reached.parameters.items())
    ]


def _remove(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    folder.rmdir()

"""Settings that are each fine, and together probably not what was meant."""

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from shared.settings import Settings

LOOPBACK = "127.0.0.1"
HERE = {"localhost": LOOPBACK, "0.0.0.0": LOOPBACK, "": LOOPBACK, "::": "::1"}  # noqa: S104 - where it is reached


def doubts(settings: Settings) -> Iterator[str]:
    """A line for each: what follows from it, and what to set."""
    proxied = settings.secure_cookies and not settings.tls
    if proxied and not settings.proxies:
        yield (
            "PARLEY_SECURE_COOKIES says that people come by https, and Parley has no certificate: so a proxy stands in"
            " front, which PARLEY_PROXIES does not name. All people then count as one address, and share its limits"
        )
    address = settings.daemon_address(0)
    if address.startswith("unix:"):
        return
    host = address.rpartition(":")[0].strip("[]")
    if not _is_believed(HERE.get(host, host), settings.proxies):
        yield (
            f"PARLEY_DAEMON_LISTEN is {address}, and PARLEY_PROXIES does not name the address from which Parley's own"
            f" web server reaches it ({HERE.get(host, host)}): to the daemons all people count as one address, and share"
            " its limits"
        )


def _is_believed(host: str, proxies: tuple[str, ...]) -> bool:
    """Whether one of the proxies is at this address; a name, which only the resolver knows, gets no doubt."""
    try:
        address = ip_address(host)
    except ValueError:
        return True
    return any(address in ip_network(proxy) for proxy in proxies)

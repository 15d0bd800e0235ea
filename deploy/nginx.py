"""nginx's configuration: what the settings say about addresses, TLS, proxies in front, and limits."""

import math
import os
import re
import subprocess
from pathlib import Path

from deploy.layout import Layout
from deploy.render import render
from shared.settings import PROJECT, Settings

WORKERS_MAX = 4
CONNECTIONS_MAX = 32_768  # of a worker, at 430 bytes each; a WebSocket takes two
BURST_SECONDS = 10  # for so long one address may make twice as many requests as it may in the long run
BROTLI = """
            brotli on;
            brotli_comp_level 6;
            brotli_min_length 512;
            brotli_types text/css text/javascript text/plain application/json application/manifest+json image/svg+xml;
""".strip("\n")
REQUESTS_AT_ONCE = 1_000  # of one address, beside its WebSockets: for pages and files


def brotli_module(nginx: str) -> Path | None:
    """nginx's module for Brotli (RFC 7932), where it has one; `nginx` is the program.

    Browsers ask for it over https and of this machine. What is served is a fifth smaller by it than by gzip.
    """
    built = subprocess.run([nginx, "-V"], capture_output=True, text=True, check=False).stderr
    folder = re.search(r"--modules-path=(\S+)", built)
    module = Path(folder[1]) / "ngx_http_brotli_filter_module.so" if folder else None
    return module if module and module.is_file() else None


def workers() -> int:
    """How many processes of nginx serve."""
    return min(os.cpu_count() or 1, WORKERS_MAX)


def configuration(settings: Settings, *, open_files: int, brotli: Path | None = None) -> str:
    """The text of nginx.conf. `open_files`: how many a process may open; `brotli`: the module, where there is one."""
    rate = settings.request_rate
    sockets = settings.sockets_per_address * settings.daemons
    proxies = settings.proxies
    handshakes = math.ceil(settings.handshake_rate_per_address * settings.daemons)
    values = {
        "VAR": str(Layout.of(settings).var),
        "PROJECT": str(PROJECT),
        # Without this line the master, where root runs it, would give its workers to `nobody`, who reaches no socket.
        "NGINX_USER": "user root;" if os.getuid() == 0 else "",
        "NGINX_MODULES": f'load_module "{brotli}";' if brotli else "",
        "NGINX_BROTLI": BROTLI if brotli else "",
        "NGINX_WORKERS": str(workers()),
        "NGINX_CONNECTIONS": str(min(CONNECTIONS_MAX, open_files)),
        "NGINX_LISTEN": listen(settings.listen, settings.port) + (" ssl" if settings.tls else ""),
        "NGINX_REDIRECT": _redirect(settings) if settings.redirect_port else "",
        "NGINX_TLS": _tls(settings) if settings.tls else "",
        "NGINX_REAL_IP": "\n".join(f"    set_real_ip_from {proxy};" for proxy in proxies),
        "NGINX_PROXIES": "\n".join(f"        {proxy} 1;" for proxy in proxies),
        "NGINX_REQUESTS": str(rate or 1),
        "NGINX_LIMIT": _limit("requests", rate),
        "NGINX_HANDSHAKES": str(handshakes or 1),
        "NGINX_HANDSHAKE_LIMIT": _limit("handshakes", handshakes),
        "NGINX_CONNECTIONS_PER_ADDRESS": (
            f"        limit_conn connections {REQUESTS_AT_ONCE};" if sockets else ""
        ),
        "NGINX_SOCKETS_PER_ADDRESS": f"            limit_conn sockets {sockets};" if sockets else "",
        "NGINX_DAEMONS": "\n".join(
            f'        server "{settings.daemon_address(index)}" max_fails=0;'
            for index in range(settings.daemons)
        ),
    }
    return render("nginx.conf", values)


def _limit(zone: str, rate: int) -> str:
    """What holds an address to so many requests a second of a zone; nothing where `rate` is 0."""
    return f"            limit_req zone={zone} burst={rate * BURST_SECONDS} nodelay;" if rate else ""


def listen(host: str, port: int) -> str:
    """An address and port as `listen` takes them."""
    return f"{host_in_url(host)}:{port}" + (" ipv6only=off" if host == "::" else "")


def host_in_url(host: str) -> str:
    """An address as it stands in a URL: an IPv6 address in brackets (RFC 3986 § 3.2.2)."""
    return f"[{host}]" if ":" in host else host


def _tls(settings: Settings) -> str:
    files = {"TLS_CERTIFICATE": settings.tls_certificate, "TLS_KEY": settings.tls_key}
    return render("nginx-tls.conf", {name: str(PROJECT / path) for name, path in files.items()})


def _redirect(settings: Settings) -> str:
    return render(
        "nginx-redirect.conf",
        {
            "PROJECT": str(PROJECT),
            "REDIRECT_LISTEN": listen(settings.listen, settings.redirect_port),
            "REDIRECT_TO": settings.https_origin,
        },
    )

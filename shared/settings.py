"""Every setting of Parley: its name, type, default, range and meaning, in one frozen dataclass.

A field `port` is read from `PARLEY_PORT`, from the environment or from `.env` in the project's
folder; any of them also from the file that `PARLEY_PORT_FILE` names. A bad value raises
`SettingsError`, which names the variable and says what was expected.

`python -m shared.settings` prints the table of the README.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self, get_type_hints
from urllib.parse import parse_qs, unquote, urlsplit

from dotenv import dotenv_values

from shared.environment import FILE_SUFFIX, as_table, is_database_url, is_network, is_origin, read, unknown

PREFIX = "PARLEY_"
PROJECT = Path(__file__).resolve().parent.parent
LOG_LEVELS = ("debug", "info", "warning", "error")


class SettingsError(ValueError):
    """One or more settings can not be used; the text names each and says what was expected."""


def setting(default: Any, about: str, *, least: float | None = None, most: float | None = None) -> Any:
    """A field of `Settings`: its default, what it means, and its range (inclusive)."""
    return field(default=default, metadata={"about": about, "least": least, "most": most})


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)  # no secret ever in a log
class Settings:
    """The settings of one process, checked. Units stand in the description of each."""

    listen: str = setting(
        "127.0.0.1", "Address that the web server listens on; `0.0.0.0` for every address of the machine."
    )
    port: int = setting(8000, "Port that the web server listens on.", least=1, most=65535)
    tls_certificate: str = setting(
        "",
        "File of the certificate and its chain (PEM). With `PARLEY_TLS_KEY` the web server speaks https on "
        "its port, and cookies are secure.",
    )
    tls_key: str = setting("", "File of the certificate's key (PEM), which whoever runs Parley may read.")
    redirect_port: int = setting(
        0,
        "Port on which http is answered by the way to the first https origin of `PARLEY_ORIGINS`; `0`: none.",
        least=0,
        most=65535,
    )
    request_rate: int = setting(
        200,
        "Requests a second that one address may make of the web server, and ten seconds' worth at once; "
        "`0`: any number.",
        least=0,
        most=100_000,
    )
    user: str = setting(
        "parley",
        "System user as whom everything runs where root starts it, if there is one of this name who may read "
        "the project's folder.",
    )
    var: str = setting("var", "Data folder of the private servers: databases, sockets, logs, secrets.")
    origins: tuple[str, ...] = setting(
        (),
        "Further origins, by comma, whose pages may open a WebSocket, as in "
        "`https://chat.example.org`. The served host always may.",
    )
    daemons: int = setting(2, "Number of chat daemons.", least=1, most=64)
    daemon_listen: str = setting(
        "", "Where daemon `{index}` listens: `unix:PATH` or `HOST:PORT`. Empty: sockets in the data folder."
    )
    web_workers: int = setting(2, "Processes of the web service.", least=1, most=64)
    web_threads: int = setting(8, "Threads of each process of the web service.", least=1, most=64)
    database_url: str = setting(
        "", "`mysql://user@host:port/name` of a MariaDB of your own. Empty: a private one in the data folder."
    )
    database_password: str = setting("", "Its password, if it does not stand in the URL.")
    database_admin_url: str = setting(
        "",
        "The same database for a user who may change tables; migrations use it. "
        "Empty: `PARLEY_DATABASE_URL`.",
    )
    database_pool: int = setting(
        8, "Connections to MariaDB that one process keeps at most.", least=2, most=256
    )
    redis_url: str = setting(
        "",
        "`redis://user@host:port/0` or `unix://PATH` of a Redis of your own. "
        "Empty: a private one in the data folder.",
    )
    redis_password: str = setting("", "Its password, if it does not stand in the URL.")
    secret_key: str = setting(
        "",
        "Key that signs form tokens and encrypts second factors. Empty: made at the first run and kept in the "
        "data folder.",
    )
    name_min: int = setting(4, "Shortest user name, in characters.", least=1, most=32)
    name_max: int = setting(16, "Longest user name, in characters.", least=1, most=32)
    password_min: int = setting(8, "Shortest password, in characters.", least=8, most=64)
    password_max: int = setting(128, "Longest password, in characters.", least=64, most=1024)
    room_name_max: int = setting(50, "Longest room name, in characters.", least=1, most=100)
    message_max: int = setting(
        10_000, "Longest message, in characters (Unicode code points).", least=1, most=16_000
    )
    frame_max: int = setting(
        65_536, "Largest WebSocket frame that a client may send, in bytes.", least=1024, most=1_048_576
    )
    buffer_max: int = setting(
        1_048_576,
        "Bytes that may wait for a client that reads too slowly, before it is cut off.",
        least=65_536,
        most=67_108_864,
    )
    message_rate: float = setting(
        20.0,
        "Messages, edits, deletes and reactions a second that one user may send to a daemon on average; ten "
        "seconds' worth at once. One address may send ten times as much. `0`: no limit. So for all rates.",
        least=0,
    )
    sync_rate: float = setting(5.0, "`sync` a second of one user; one address forty times as many.", least=0)
    read_rate: float = setting(
        20.0,
        "`read` and `unread` a second of one user; one address fifty times: a whole office reads at once.",
        least=0,
    )
    signal_rate: float = setting(
        20.0,
        "`typing`, `presence`, `watch` and `ping` a second of one user; one address a hundred times.",
        least=0,
    )
    handshake_rate: float = setting(5.0, "WebSockets a second that one user may open at a daemon.", least=0)
    handshake_rate_per_address: float = setting(
        300.0,
        "WebSockets a second that one address may open at a daemon, and ten seconds' worth at once: so after a "
        "restart a team of 2,000 behind one address is back at once, and a flood from one address takes less "
        "than a quarter of what a daemon can open, about 1,400.",
        least=0,
    )
    frame_rate: float = setting(
        100.0, "WebSocket frames of any kind a second that one user may send, over all connections.", least=0
    )
    sockets_per_user: int = setting(
        40, "WebSockets that one user may have open at a daemon; `0`: any number.", least=0
    )
    sockets_per_address: int = setting(
        5_000,
        "WebSockets that one address may have open at a daemon; `0`: any number. Enough for two pages each of "
        "2,000 people behind one address, also while one daemon has them all; a quarter of what a daemon takes.",
        least=0,
    )
    sockets_max: int = setting(
        20_000,
        "WebSockets of one daemon in all; never more than it may open files, less 200.",
        least=1,
        most=1_000_000,
    )
    sign_in_tries: int = setting(
        5,
        "Wrong passwords in a row before the next try has to wait, for longer each time; `0`: never. "
        "An address has four times as many, and a device that signed in before has its own.",
        least=0,
    )
    sign_in_rate: int = setting(
        60,
        "Sign-ins, and tries to register, a minute of one address. `0`: no limit. So for all rates.",
        least=0,
    )
    register_rate: int = setting(30, "Accounts an hour that one address may make.", least=0)
    reset_rate: int = setting(30, "Uses of links to a new password, a minute, of one address.", least=0)
    account_rate: int = setting(
        30, "Changes of password and second factor, and codes at sign-in, a minute, of one address.", least=0
    )
    room_rate: int = setting(
        30, "Rooms an hour that one user may create; one address ten times as many.", least=0
    )
    join_rate: int = setting(
        60,
        "Joins and leaves of rooms, and changes of a room and of its level, a minute, of one user; "
        "one address ten times as many.",
        least=0,
    )
    api_rate: int = setting(
        600,
        "Requests a minute that one user may make of the interface for programs, `/api/`; "
        "one address ten times as many.",
        least=0,
    )
    handshake_seconds: float = setting(
        10.0, "Seconds that a client has for its handshake, and again for its `hello`.", least=0.1, most=60
    )
    proxies: tuple[str, ...] = setting(
        (),
        "Addresses or networks, by comma, of reverse proxies in front of Parley, whose `X-Forwarded-For` and "
        "`X-Forwarded-Proto` are believed; also that of Parley's own nginx where `PARLEY_DAEMON_LISTEN` is "
        "`HOST:PORT`.",
    )
    history_page: int = setting(50, "Messages in one page of history.", least=10, most=200)
    session_idle: int = setting(
        14 * 86_400,
        "Seconds after which a session ends that nobody uses; a page left open is no use.",
        least=60,
    )
    session_lifetime: int = setting(
        30 * 86_400, "Seconds after sign-in at which a session ends, however much it is used.", least=60
    )
    session_check: float = setting(
        20.0, "Seconds between two checks of a connected client's session.", least=0.1, most=25
    )
    heads_poll: float = setting(
        2.0, "Seconds between two comparisons of the daemons' rooms with the database.", least=0.1, most=5
    )
    presence_interval: float = setting(
        30.0,
        "Seconds between two full reports of a daemon on who is connected to it. One that was killed is "
        "believed for two and a half times as long.",
        least=0.1,
        most=600,
    )
    presence_grace: float = setting(
        10.0,
        "Seconds until somebody without a connection is offline: loading a page again shows nobody a change.",
        least=0,
        most=600,
    )
    drain_seconds: float = setting(
        8.0, "Seconds over which a stopping daemon spreads its clients' moves.", least=0, most=300
    )
    log_level: str = setting("info", "`debug`, `info`, `warning` or `error`.")
    secure_cookies: bool = setting(
        False, "`true` where browsers reach Parley by https: the cookie is then sent by https only."
    )

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, dotenv: Path | None = PROJECT / ".env") -> Self:
        """Read and check every setting.

        `environ` defaults to the process's environment and wins over the file `dotenv`.
        Raises `SettingsError` for values that can not be used, all of them at once.
        """
        given = dict(os.environ if environ is None else environ)
        if dotenv is not None:
            set_already = {name.removesuffix(FILE_SUFFIX) for name in given}
            # Neither PARLEY_X nor PARLEY_X_FILE of the file counts where the environment has one of them.
            given |= {
                name: value
                for name, value in dotenv_values(dotenv).items()
                if value is not None and name.removesuffix(FILE_SUFFIX) not in set_already
            }
        given = {k: v for k, v in given.items() if k.startswith(PREFIX)}
        faults: list[str] = []
        values = {}
        types = get_type_hints(cls)
        for item in fields(cls):
            try:
                variable = PREFIX + item.name.upper()
                values[item.name] = read(given, variable, types[item.name], item.default, dict(item.metadata))
            except ValueError as fault:
                faults.append(f"{PREFIX}{item.name.upper()}: {fault}")
        if faults:
            raise SettingsError("\n".join(faults))
        settings = cls(**values)
        settings._check()
        return settings._with_private_servers()

    def _check(self) -> None:
        """Raise `SettingsError` for values that are fine alone and wrong in form or together."""
        redis_fine = not self.redis_url or self.redis_url.split(":")[0] in ("redis", "rediss", "unix")
        daemons_fine = self.daemons == 1 or not self.daemon_listen or "{index}" in self.daemon_listen
        database = "expected mysql://user@host:port/name"
        proxies = "expected addresses or networks by comma, as in 10.0.0.1, 10.1.0.0/16"
        origin = "expected scheme://host or scheme://host:port, by comma, without a path"
        checks = [
            (self.name_min <= self.name_max, "NAME_MIN", "must not be above PARLEY_NAME_MAX"),
            (self.log_level in LOG_LEVELS, "LOG_LEVEL", f"expected {', '.join(LOG_LEVELS)}"),
            (is_database_url(self.database_url), "DATABASE_URL", database),
            (is_database_url(self.database_admin_url), "DATABASE_ADMIN_URL", database),
            (redis_fine, "REDIS_URL", "expected redis://host:port/0, rediss://… or unix://PATH"),
            (all(is_origin(text) for text in self.origins), "ORIGINS", origin),
            (bool(self.tls_certificate) == bool(self.tls_key), "TLS_KEY", "goes with PARLEY_TLS_CERTIFICATE"),
            (
                not self.redirect_port or (self.tls and bool(self.https_origin)),
                "REDIRECT_PORT",
                "needs PARLEY_TLS_CERTIFICATE, and an https origin in PARLEY_ORIGINS to lead to",
            ),
            (not self.redirect_port or self.redirect_port != self.port, "REDIRECT_PORT", "is PARLEY_PORT"),
            (all(is_network(text) for text in self.proxies), "PROXIES", proxies),
            (self.message_max * 4 <= self.frame_max, "FRAME_MAX", "must be at least 4 × PARLEY_MESSAGE_MAX"),
            (daemons_fine, "DAEMON_LISTEN", "must contain {index} where there are several daemons"),
        ]
        faults = [f"{PREFIX}{name}: {text}" for fine, name, text in checks if not fine]
        if faults:
            raise SettingsError("\n".join(faults))

    def _with_private_servers(self) -> Self:
        """Fill in the addresses and secrets of the private servers where no others are given."""
        changes: dict[str, Any] = {"var": str((PROJECT / self.var).resolve())}
        run = f"{changes['var']}/run"
        if self.tls:
            changes["secure_cookies"] = True
        if not self.database_url:
            changes["database_url"] = f"mysql://parley@localhost/parley?unix_socket={run}/mariadb.sock"
            changes["database_admin_url"] = (
                f"mysql://parley_admin@localhost/parley?unix_socket={run}/mariadb.sock"
            )
        if not self.redis_url:
            changes["redis_url"] = f"unix://{run}/redis.sock"
        if not self.daemon_listen:
            changes["daemon_listen"] = f"unix:{run}/chatd-{{index}}.sock"
        if not self.secret_key:
            changes["secret_key"] = self._secret(changes["var"], "secret_key")
        return type(self)(**{item.name: getattr(self, item.name) for item in fields(self)} | changes)

    @staticmethod
    def _secret(var: str, name: str) -> str:
        try:
            return Path(var, "secrets", name).read_text().strip()
        except FileNotFoundError:
            return ""

    @property
    def tls(self) -> bool:
        """Whether the web server itself speaks https."""
        return bool(self.tls_certificate)

    @property
    def https_origin(self) -> str:
        """The first https origin, under which people reach Parley; empty where none is configured."""
        return next((origin for origin in self.origins if origin.startswith("https://")), "")

    @property
    def private_database(self) -> bool:
        """Whether MariaDB is the one that Parley runs itself."""
        return self.database_url.endswith(f"?unix_socket={self.var}/run/mariadb.sock")

    @property
    def private_redis(self) -> bool:
        """Whether Redis is the one that Parley runs itself."""
        return self.redis_url == f"unix://{self.var}/run/redis.sock"

    def database_address(self, *, admin: bool = False) -> dict[str, Any]:
        """The keyword arguments with which PyMySQL connects; `admin` for migrations."""
        url = urlsplit(self.database_admin_url if admin and self.database_admin_url else self.database_url)
        address: dict[str, Any] = {
            "user": unquote(url.username or ""),
            "password": unquote(url.password or "") or self.database_password,
            "database": url.path.strip("/"),
        }
        if self.private_database:
            name = "database_admin_password" if admin else "database_password"
            # It speaks no TLS; PyMySQL would read the certificates of all authorities for each connection: 33 ms.
            address |= {"password": self._secret(self.var, name), "ssl_disabled": True}
        if socket := parse_qs(url.query).get("unix_socket"):
            return address | {"unix_socket": socket[0]}
        return address | {"host": url.hostname, "port": url.port or 3306}

    def redis_address(self, user: str = "admin") -> tuple[str, str | None]:
        """The URL and, where it does not stand in the URL, the password with which redis-py connects.

        The private Redis knows the users `web` and `chatd`, who may do what these need, and `admin`.
        """
        if self.private_redis and (password := self._secret(self.var, f"redis_{user}_password")):
            return self.redis_url.replace("unix://", f"unix://{user}@"), password
        return self.redis_url, self.redis_password or None

    @property
    def redis_database(self) -> int:
        """The number of the database within Redis, which keeps our keys apart from those of others."""
        url = urlsplit(self.redis_url)
        # As redis-py reads it: the path of a `unix://` URL is that of the socket.
        number = parse_qs(url.query).get("db", ["" if url.scheme == "unix" else url.path.strip("/")])[0]
        return int(number) if number.isdecimal() else 0

    def daemon_address(self, index: int) -> str:
        """Where the daemon with this index listens: `unix:PATH` or `HOST:PORT`."""
        return self.daemon_listen.format(index=index)


def unknown_settings(environ: Mapping[str, str]) -> list[str]:
    """A line for each `PARLEY_…` variable that no setting is read from, with the nearest that is."""
    known = [PREFIX + item.name.upper() for item in fields(Settings)]
    given = sorted(name for name in environ if name.startswith(PREFIX))
    return [f"{name} is no setting of Parley{hint}" for name, hint in unknown(given, known)]


def markdown_table() -> str:
    """The table of all settings for the README."""
    return as_table(
        (f"{PREFIX}{item.name.upper()}", item.default, item.metadata["about"]) for item in fields(Settings)
    )


if __name__ == "__main__":
    sys.stdout.write(markdown_table())

"""Where everything lies in the data folder, and what paths can not be used."""

import os
from dataclasses import dataclass
from pathlib import Path

from shared import static_files
from shared.settings import PROJECT, Settings, SettingsError

# A socket's address has 108 bytes, with the zero at the end (unix(7)). supervisord binds its
# socket under its name and process number first, so that the folder may have fewer.
SOCKET_PATH_MAX = 100
# These mean something in one of nginx.conf, mariadb.cnf, redis.conf and supervisord.conf.
FORBIDDEN = set("\"'\\$;{}#%@")


@dataclass(frozen=True, slots=True)
class Layout:
    """The data folder of one installation."""

    var: Path

    @classmethod
    def of(cls, settings: Settings) -> "Layout":
        return cls(Path(settings.var))

    @property
    def etc(self) -> Path:
        """The rendered configuration; written anew at each start."""
        return self.var / "etc"

    @property
    def log(self) -> Path:
        return self.var / "log"

    @property
    def run(self) -> Path:
        """Sockets and what is known of the running instance."""
        return self.var / "run"

    @property
    def data(self) -> Path:
        """What must be kept: the databases."""
        return self.var / "data"

    @property
    def secrets(self) -> Path:
        return self.var / "secrets"

    @property
    def static(self) -> Path:
        """Copies of the page's files, one for each version."""
        return static_files.copies(self.var)

    @property
    def tmp(self) -> Path:
        return self.var / "tmp"

    @property
    def supervisord_conf(self) -> Path:
        return self.etc / "supervisord.conf"

    @property
    def supervisor_socket(self) -> Path:
        return self.run / "supervisor.sock"

    @property
    def instance(self) -> Path:
        """What `start` writes down of the instance that it started."""
        return self.run / "instance.json"

    def folders(self) -> list[Path]:
        """Every folder that is needed; each is the user's alone."""
        data = [self.data / name for name in ("mariadb-binlog", "redis")]
        return [self.var, self.etc, self.log, self.run, self.data, self.secrets, self.static, self.tmp, *data]

    def check(self) -> None:
        """Raise `SettingsError` where the data folder's path can not be used."""
        for name, path in (("PARLEY_VAR", self.var), ("the project's folder", PROJECT)):
            bad = sorted(char for char in set(str(path)) if char in FORBIDDEN or not char.isprintable())
            if bad:
                raise SettingsError(
                    f"{name}: the path {str(path)!r} contains {' '.join(map(repr, bad))},"
                    " which configuration files can not hold"
                )
        longest = len(os.fsencode(self.supervisor_socket)) + len(".4194304")
        if longest > SOCKET_PATH_MAX:
            raise SettingsError(
                f"PARLEY_VAR: the path {str(self.var)!r} is {longest - SOCKET_PATH_MAX} bytes too long"
                f" for the sockets in it, which may have {SOCKET_PATH_MAX}: choose a shorter one"
            )

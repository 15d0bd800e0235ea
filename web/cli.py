"""The command `parley`, for whoever runs Parley: accounts.

It works on the database and the Redis of the instance whose settings it finds, as its processes do. What goes
wrong it says on standard error, with what to do about it, and ends with 1.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pymysql
import redis as redis_py
from redis.exceptions import RedisError

from shared import password_resets, second_factors, users
from shared.database import Cursor, Database
from shared.settings import Settings, SettingsError
from web import backends, reset, tries, user_sessions

MINUTES = reset.VALID_SECONDS // 60


class Fault(Exception):
    """What the operator asked for can not be done; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Console:
    """What a command works with."""

    settings: Settings
    database: Database
    redis: redis_py.Redis

    def account(self, name: str) -> users.Account:
        """The account of this name. Raises `Fault`."""
        with self.database.cursor() as cursor:
            found = users.by_name(cursor, name)
        if found is None:
            raise Fault(f"There is nobody called {name!r}. `parley user list` shows everybody.")
        return found

    def end_sessions(self, user: int) -> None:
        """Sign the user out everywhere; sockets close with the sessions."""
        user_sessions.end_all(self.redis, user)

    def forget_tries(self, account: users.Account) -> None:
        """What was typed wrong before makes the user wait no more."""
        tries.forget(self.redis, account.name, account.id)


def list_users(console: Console, _: argparse.Namespace) -> str:
    """Everybody: name, since when, and what is particular."""
    with console.database.cursor() as cursor:
        everybody = users.every(cursor)
    width = max((len(user.name) for user in everybody), default=0)
    return "\n".join(
        f"{user.name:{width}}  {user.created_at:%Y-%m-%d}"
        f"{'  disabled' if user.disabled else ''}{'  second factor' if user.second_factor else ''}"
        for user in everybody
    )


def disable(console: Console, options: argparse.Namespace) -> str:
    """Close an account: no sign-in, and all its sessions end."""
    account = console.account(options.name)

    def work(cursor: Cursor) -> None:
        users.set_disabled(cursor, user=account.id, disabled=True)
        password_resets.remove(cursor, user=account.id)
        console.end_sessions(account.id)  # where Redis is away, nothing is done by halves

    console.database.transact(work)
    try:
        console.end_sessions(account.id)  # of a sign-in that was under way
    except RedisError as fault:
        raise Fault(
            f"{account.name} is disabled, and was signed out everywhere; but Redis is away since ({fault}), and somebody"
            f" who signed in just then may go on reading. `parley user disable {account.name}` once more ends that."
        ) from None
    return f"{account.name} is disabled and signed out everywhere. `parley user enable {account.name}` undoes it."


def enable(console: Console, options: argparse.Namespace) -> str:
    """Open an account again."""
    account = console.account(options.name)
    console.database.transact(lambda cursor: users.set_disabled(cursor, user=account.id, disabled=False))
    return f"{account.name} can sign in."


def reset_password(console: Console, options: argparse.Namespace) -> str:
    """Print a link by which the user chooses a new password."""
    account = console.account(options.name)
    if account.disabled:
        raise Fault(f"{account.name} is disabled. `parley user enable {account.name}` comes first.")
    console.forget_tries(account)
    url = (options.url or _url(console.settings)).rstrip("/")
    link = f"{url}/reset/{reset.make(console.database, account.id)}"
    return (
        f"{link}\nWhoever opens it first chooses the password of {account.name}: send it by a way that only they read.\n"
        f"It works once, within {MINUTES} minutes. Older links of {account.name} do not work any more."
    )


def reset_second_factor(console: Console, options: argparse.Namespace) -> str:
    """Remove the second factor of somebody who lost it, and sign them out."""
    account = console.account(options.name)

    def work(cursor: Cursor) -> None:
        second_factors.end(cursor, user=account.id)
        console.forget_tries(account)
        console.end_sessions(account.id)

    console.database.transact(work)
    return f"The password of {account.name} is enough to sign in again."


Command = Callable[[Console, argparse.Namespace], str]
COMMANDS: dict[str, tuple[Command, str]] = {
    "list": (list_users, "show everybody"),
    "disable": (disable, "close an account, and sign it out everywhere within a second"),
    "enable": (enable, "open it again"),
    "reset-password": (reset_password, "make a link by which somebody chooses a new password"),
    "reset-second-factor": (reset_second_factor, "let somebody who lost it sign in by the password alone"),
}


def parser() -> argparse.ArgumentParser:
    """What can be typed."""
    top = argparse.ArgumentParser(prog="parley", description="Look after the accounts of Parley.")
    user = top.add_subparsers(required=True, metavar="user").add_parser("user", help="people's accounts")
    verbs = user.add_subparsers(required=True, dest="verb", metavar="VERB")
    for verb, (_, about) in COMMANDS.items():
        one = verbs.add_parser(verb, help=about, description=about)
        if verb != "list":
            one.add_argument("name", metavar="NAME", help="the user name")
        if verb == "reset-password":
            one.add_argument(
                "--url", help="the address of Parley as its people type it, if it is not guessed right"
            )
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    options = parser().parse_args(arguments)
    try:
        sys.stdout.write(_run(options) + "\n")
    except (Fault, SettingsError) as fault:
        sys.stderr.write(f"parley: {fault}\n")
        return 1
    except pymysql.err.MySQLError as fault:
        return _away("the database", "look whether it was done, and type it once more if not", fault)
    except RedisError as fault:
        return _away("Redis", "nothing was changed", fault)
    return 0


def _run(options: argparse.Namespace) -> str:
    settings = Settings.load()
    console = Console(settings, Database(settings), backends.connect(settings))
    try:
        return COMMANDS[options.verb][0](console, options)
    finally:
        console.database.close()
        console.redis.close()


def _away(server: str, outcome: str, fault: Exception) -> int:
    """A commit that the database did not answer may have been made; without Redis no command comes that far."""
    sys.stderr.write(
        f"parley: {server} did not answer; {outcome} ({fault}).\n"
        "Is Parley running, and are you the user who runs it? `make status` shows it, `make start` starts it.\n"
    )
    return 1


def _url(settings: Settings) -> str:
    """Where people reach Parley, as far as the settings tell."""
    if settings.origins:
        return settings.origins[0]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.listen, settings.listen)  # noqa: S104
    host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"{'https' if settings.secure_cookies else 'http'}://{host}:{settings.port}"


if __name__ == "__main__":
    sys.exit(main())

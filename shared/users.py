"""People: the rules for their names, and every statement about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pymysql
from pymysql.constants import ER

from shared import rooms
from shared.database import Cursor, error_code
from shared.protocol import User
from shared.text import nickname_key


class NameTaken(ValueError):
    """Another user has this name, maybe in other capitals."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user as sign-in needs it."""

    id: int
    name: str
    password_hash: str
    disabled: bool = False
    second_factor: bool = False


_COLUMNS = "id, name, password_hash, disabled, totp_secret IS NOT NULL AS second_factor"


@dataclass(frozen=True, slots=True)
class Listed:
    """A user as the operator's list shows them."""

    name: str
    created_at: datetime
    disabled: bool
    second_factor: bool


def create(cursor: Cursor, *, name: str, password_hash: str, gender: int) -> tuple[int, rooms.Membership]:
    """Add a user, who is then in the room that everyone is in; to be run in a transaction.

    Returns the user's id and the change of that room. Raises `NameTaken`.
    """
    try:
        cursor.execute(
            "INSERT INTO users (name, password_hash, gender) VALUES (%s, %s, %s)",
            (name, password_hash, gender),
        )
    except pymysql.err.IntegrityError as fault:
        if error_code(fault) == ER.DUP_ENTRY:
            raise NameTaken(name) from None
        raise
    user = cursor.lastrowid
    return user, rooms.join(cursor, room=rooms.GENERAL, user=user)


def by_name(cursor: Cursor, name: str) -> Account | None:
    """The user with this name, whatever its capitals."""
    if nickname_key(name) is None:
        return None
    cursor.execute(f"SELECT {_COLUMNS} FROM users WHERE name = %s", (name,))
    return _account(cursor.fetchone())


def by_id(cursor: Cursor, user: int) -> Account | None:
    """The user with this id."""
    cursor.execute(f"SELECT {_COLUMNS} FROM users WHERE id = %s", (user,))
    return _account(cursor.fetchone())


def open_account(cursor: Cursor, user: int) -> User | None:
    """The user with this id, unless the account is disabled.

    Asked for with each request, and so without what else stands in the row: each column costs PyMySQL something.
    """
    cursor.execute("SELECT name FROM users WHERE id = %s AND NOT disabled", (user,))
    row = cursor.fetchone()
    return User(user, row["name"]) if row else None


def by_ids(cursor: Cursor, users: Sequence[int]) -> list[User]:
    """Those of these people who exist, by id."""
    if not users:
        return []
    cursor.execute("SELECT id, name FROM users WHERE id IN %s ORDER BY id", (users,))
    return [User(**row) for row in cursor.fetchall()]


def every(cursor: Cursor) -> list[Listed]:
    """All users, by name."""
    cursor.execute(
        "SELECT name, created_at, disabled, totp_secret IS NOT NULL AS second_factor FROM users ORDER BY name"
    )
    return [
        Listed(row["name"], row["created_at"], bool(row["disabled"]), bool(row["second_factor"]))
        for row in cursor.fetchall()
    ]


def set_password_hash(cursor: Cursor, *, user: int, new: str) -> None:
    """Store the hash of a new password."""
    cursor.execute("UPDATE users SET password_hash = %s WHERE id = %s", (new, user))


def set_disabled(cursor: Cursor, *, user: int, disabled: bool) -> None:
    """Close an account to its user, or open it again."""
    cursor.execute("UPDATE users SET disabled = %s WHERE id = %s", (disabled, user))


def replace_password_hash(cursor: Cursor, *, user: int, old: str, new: str) -> bool:
    """Store a new hash, unless the one that it replaces was replaced meanwhile. Returns whether it was stored."""
    return (
        cursor.execute(
            "UPDATE users SET password_hash = %s WHERE id = %s AND password_hash = %s", (new, user, old)
        )
        == 1
    )


def _account(row: dict[str, Any] | None) -> Account | None:
    if row is None:
        return None
    return Account(
        row["id"], row["name"], row["password_hash"], bool(row["disabled"]), bool(row["second_factor"])
    )

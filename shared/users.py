"""People: the rules for their names, and every statement about them."""

from dataclasses import dataclass

import pymysql
from pymysql.constants import ER

from shared import rooms
from shared.database import Cursor, error_code
from shared.text import nickname_key


class NameTaken(ValueError):
    """Another user has this name, maybe in other capitals."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user as sign-in needs it."""

    id: int
    name: str
    password_hash: str


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
    cursor.execute("SELECT id, name, password_hash FROM users WHERE name = %s", (name,))
    row = cursor.fetchone()
    return Account(**row) if row else None


def by_id(cursor: Cursor, user: int) -> Account | None:
    """The user with this id."""
    cursor.execute("SELECT id, name, password_hash FROM users WHERE id = %s", (user,))
    row = cursor.fetchone()
    return Account(**row) if row else None


def replace_password_hash(cursor: Cursor, *, user: int, old: str, new: str) -> bool:
    """Store a new hash, unless the one that it replaces was replaced meanwhile. Returns whether it was stored."""
    return (
        cursor.execute(
            "UPDATE users SET password_hash = %s WHERE id = %s AND password_hash = %s", (new, user, old)
        )
        == 1
    )

"""Links by which somebody chooses a new password: every statement about them.

Only the hash of what a link carries is stored, so that a copy of the database opens no account
(OWASP Forgot Password Cheat Sheet, "URL Tokens").
"""

import hashlib

from shared.database import Cursor


def add(cursor: Cursor, *, user: int, token: str, expires_at: int) -> None:
    """A link for a user, until `expires_at` (seconds since 1970 UTC). An older one is void then."""
    cursor.execute(
        "REPLACE INTO password_resets (user_id, token_hash, expires_at) VALUES (%s, %s, %s)",
        (user, _hash(token), expires_at),
    )


def owner(cursor: Cursor, token: str, *, now: float, lock: bool = False) -> int | None:
    """The user whose link carries `token`; None where it is none, was used, or is too old.

    `lock` in the transaction that uses it: of two at once the second waits, and finds it used.
    """
    query = "SELECT user_id FROM password_resets WHERE token_hash = %s AND expires_at > %s"
    cursor.execute(f"{query} FOR UPDATE" if lock else query, (_hash(token), int(now)))
    row = cursor.fetchone()
    return int(row["user_id"]) if row else None


def remove(cursor: Cursor, *, user: int) -> None:
    """No link of this user works any more."""
    cursor.execute("DELETE FROM password_resets WHERE user_id = %s", (user,))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()

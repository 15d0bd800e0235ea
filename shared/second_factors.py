"""The second factor of users: every statement about it. What it means stands in `web.second_factor`."""

from collections.abc import Sequence

from shared.database import Cursor


def secret(cursor: Cursor, user: int) -> bytes | None:
    """The encrypted secret of a user's second factor; None where there is none."""
    cursor.execute("SELECT totp_secret FROM users WHERE id = %s", (user,))
    row = cursor.fetchone()
    return row["totp_secret"] if row else None


def begin(cursor: Cursor, *, user: int, secret: bytes, step: int, codes: Sequence[bytes]) -> bool:
    """Store a second factor, unless there is one; returns whether it was stored.

    `step` is the one of the code that confirmed it, `codes` the hashes of the recovery codes.
    """
    stored = cursor.execute(
        "UPDATE users SET totp_secret = %s, totp_step = %s WHERE id = %s AND totp_secret IS NULL",
        (secret, step, user),
    )
    if stored:
        replace_codes(cursor, user=user, codes=codes)
    return stored == 1


def end(cursor: Cursor, *, user: int) -> bool:
    """Remove the second factor and its recovery codes; returns whether there was one."""
    cursor.execute("DELETE FROM recovery_codes WHERE user_id = %s", (user,))
    return cursor.execute("UPDATE users SET totp_secret = NULL, totp_step = 0 WHERE id = %s", (user,)) == 1


def take_step(cursor: Cursor, *, user: int, step: int) -> bool:
    """Whether this step's code was not used yet, nor a later one: each is good once (RFC 6238 §5.2)."""
    taken = cursor.execute(
        "UPDATE users SET totp_step = %s WHERE id = %s AND totp_step < %s AND totp_secret IS NOT NULL",
        (step, user, step),
    )
    return taken == 1


def replace_codes(cursor: Cursor, *, user: int, codes: Sequence[bytes]) -> None:
    """Store new recovery codes, by their hashes; the old ones are void."""
    cursor.execute("DELETE FROM recovery_codes WHERE user_id = %s", (user,))
    cursor.executemany(
        "INSERT INTO recovery_codes (user_id, code_hash) VALUES (%s, %s)", [(user, code) for code in codes]
    )


def take_code(cursor: Cursor, *, user: int, code: bytes) -> bool:
    """Use up a recovery code, given by its hash; returns whether there was one."""
    return (
        cursor.execute("DELETE FROM recovery_codes WHERE user_id = %s AND code_hash = %s", (user, code)) == 1
    )


def codes_left(cursor: Cursor, user: int) -> int:
    """How many recovery codes are still good."""
    cursor.execute("SELECT COUNT(*) AS count FROM recovery_codes WHERE user_id = %s", (user,))
    row = cursor.fetchone()
    return int(row["count"]) if row else 0

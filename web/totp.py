"""One-time codes of an authenticator app (RFC 6238, as all such apps make them), and recovery codes.

The secret is stored encrypted, by a key that is derived from `PARLEY_SECRET_KEY`: a copy of the database alone
makes no codes. Fernet (AES-128-CBC with HMAC-SHA256), since it is authenticated and hard to use wrongly.
With another secret key the codes of apps are all wrong; recovery codes, of which only hashes are
stored, still work, and `parley user reset-second-factor`.
"""

import base64
import hashlib
import hmac
import secrets
import time

import pyotp
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ISSUER = "Parley"
STEP_SECONDS = 30
WINDOW = 1  # steps before and after: clocks differ, and typing takes time (RFC 6238 §5.2)
CODES = 10
GROUPS, GROUP = (
    6,
    4,
)  # of a recovery code: 24 letters of 5 bits. From 112 bits on a plain hash is safe (NIST SP 800-63B-4 §3.1.2.2)
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # without those that are taken for others


def new_secret() -> str:
    """160 random bits, as apps take them."""
    return pyotp.random_base32(32)


def address(secret: str, name: str) -> str:
    """What the QR code says: the key URI that apps understand."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


def step_of(secret: str, code: str, *, now: float | None = None) -> int | None:
    """The time step whose code this is, of those that are taken now; None for a wrong one."""
    current = int(time.time() if now is None else now) // STEP_SECONDS
    maker = pyotp.TOTP(secret)
    found = None
    for step in range(current - WINDOW, current + WINDOW + 1):
        if hmac.compare_digest(maker.generate_otp(step).encode(), code.encode()):
            found = step
    return found


def seal(secret: str, key: str) -> bytes:
    """The secret as it is stored. `key` is `PARLEY_SECRET_KEY`."""
    return _cipher(key).encrypt(secret.encode())


def unseal(sealed: bytes, key: str) -> str | None:
    """A stored secret; None where it was sealed by another key."""
    try:
        return _cipher(key).decrypt(sealed).decode()
    except InvalidToken:
        return None


def new_recovery_codes() -> list[str]:
    """Ten codes, each good once, to be shown once."""
    return [
        "-".join("".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(GROUPS))
        for _ in range(CODES)
    ]


def recovery_hash(code: str) -> bytes:
    """What is stored of a recovery code, however it was typed."""
    return hashlib.sha256("".join(filter(str.isalnum, code)).lower().encode()).digest()


def _cipher(key: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"parley second factor").derive(
        key.encode()
    )
    return Fernet(base64.urlsafe_b64encode(derived))

"""The settings of all limits, each at "no limit": for tests and measurements that ask faster than people do."""

from typing import Any

# Those of the web service: tests register many people from one address.
HTTP_UNLIMITED: dict[str, Any] = dict.fromkeys(
    (
        "sign_in_tries",
        "sign_in_rate",
        "register_rate",
        "reset_rate",
        "account_rate",
        "room_rate",
        "join_rate",
        "api_rate",
    ),
    0,
)
UNLIMITED = HTTP_UNLIMITED | dict.fromkeys(
    (
        "message_rate",
        "sync_rate",
        "read_rate",
        "signal_rate",
        "handshake_rate",
        "handshake_rate_per_address",
        "frame_rate",
        "sockets_per_user",
        "sockets_per_address",
    ),
    0,
)

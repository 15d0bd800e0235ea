"""The settings of the daemons' limits, each at "no limit": for tests and measurements that ask faster than people do."""

UNLIMITED = dict.fromkeys(
    (
        "message_rate",
        "sync_rate",
        "read_rate",
        "signal_rate",
        "handshake_rate",
        "frame_rate",
        "sockets_per_user",
        "sockets_per_address",
    ),
    0,
)

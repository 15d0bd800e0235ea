"""In which order the files of tests are given to the workers of `make test`: those that take long first.

Each worker takes the next file when it is nearly done with one. A file that takes minutes and comes last
keeps one worker busy while the others have nothing left to do.
"""

# Seconds on a machine with two cores that does nothing else, roughly; what is not here takes less than ten.
SECONDS = {
    "deploy/test_lifecycle.py": 265,
    "browser/test_connection.py": 150,
    "web/test_session.py": 100,
    "web/test_register.py": 70,
    "shared/test_log.py": 67,
    "browser/test_accessibility.py": 65,
    "browser/test_reading.py": 60,
    "browser/test_conversations.py": 60,
    "web/test_sign_in.py": 55,
    "browser/test_layout.py": 50,
    "web/test_throttle.py": 50,
    "web/test_rooms.py": 48,
    "web/test_chat.py": 45,
    "browser/test_long_rooms.py": 40,
    "system/test_front.py": 37,
    "browser/test_writing.py": 36,
    "browser/test_safety.py": 35,
    "shared/test_database.py": 35,
    "browser/test_keyboard.py": 30,
    "browser/test_reactions.py": 30,
    "browser/test_sessions.py": 26,
    "system/test_supervision.py": 26,
    "browser/test_accounts.py": 25,
    "browser/test_history.py": 25,
    "browser/test_levels.py": 25,
    "browser/test_presence.py": 25,
    "web/test_texts.py": 25,
    "browser/test_replies.py": 22,
    "browser/test_mentions.py": 22,
    "chaos/test_run.py": 20,
    "deploy/test_user.py": 20,
    "chatd/test_client.py": 20,
    "web/test_user_sessions.py": 18,
    "system/test_tls.py": 18,
    "web/test_cli.py": 18,
    "browser/test_announcements.py": 15,
    "chatd/test_daemon_floods.py": 15,
    "chatd/test_daemon_wire.py": 14,
    "shared/test_messages.py": 14,
    "chatd/test_daemon_life.py": 13,
    "chatd/test_daemon_redis.py": 13,
    "web/test_second_factor.py": 12,
    "web/test_account.py": 11,
    "browser/test_passwords.py": 11,
    "shared/test_mentions.py": 11,
    "system/test_forwarded.py": 10,
    "chatd/test_daemon_limits.py": 10,
    "deploy/test_servers.py": 10,
}


def seconds(path: str) -> int:
    """How long the tests of this file take, roughly; `path` is below tests/, with slashes."""
    return SECONDS.get(path, 0)

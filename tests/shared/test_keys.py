"""The names in Redis."""

import re
from pathlib import Path

from shared import keys


def test_each_key_and_channel_follows_its_pattern() -> None:
    assert keys.session("abc") == "session:abc"
    assert keys.user_sessions(7) == "sessions:7"
    assert keys.Channels().room(7) == "parley:room:0:7"
    assert keys.Channels(3).user(7) == "parley:user:3:7"


def test_no_channel_is_taken_for_one_of_another_kind() -> None:
    channels = keys.Channels(1)
    assert channels.room(2).startswith(channels.rooms)
    assert channels.user(2).startswith(channels.users)
    assert not channels.room(2).startswith(channels.users)
    assert not channels.user(2).startswith(channels.rooms)


def test_no_channel_is_taken_for_one_of_another_database() -> None:
    for one, other in ((1, 11), (11, 1)):
        assert not keys.Channels(one).room(1).startswith(keys.Channels(other).rooms)
        assert not keys.Channels(one).user(1).startswith(keys.Channels(other).users)


def test_the_index_of_a_user_is_never_the_key_of_a_session() -> None:
    assert not keys.user_sessions(1).startswith(keys.SESSION_PREFIX)


def test_every_name_stands_in_the_table() -> None:
    assert keys.__doc__
    for prefix in (keys.SESSION_PREFIX, keys.USER_SESSIONS_PREFIX, keys.ROOM_PREFIX, keys.USER_PREFIX):
        assert f"`{prefix}<" in keys.__doc__
    for prefix in (keys.TRIES_PREFIX, keys.WAIT_PREFIX, f"{keys.LIMIT_PREFIX}:"):
        assert f"`{prefix}" in keys.__doc__


def test_no_other_module_writes_a_name_by_itself() -> None:
    project = Path(__file__).parents[2]
    for folder in ("shared", "chatd", "web"):
        for path in (project / folder).rglob("*.py"):
            if path.name != "keys.py":
                found = re.findall(
                    r"""["']f?(?:sessions?:|tries:|wait:|limit:|parley:(?:room|user):)""", path.read_text()
                )
                assert not found, f"{path} names {found}"

"""Settings: where they come from, what is refused, and what is never shown."""

from dataclasses import fields, replace
from pathlib import Path

import pytest
import redis

from shared.settings import PREFIX, Settings, SettingsError, markdown_table, unknown_settings

SECRET = "correct horse battery staple"


def load(**given: str) -> Settings:
    return Settings.load({PREFIX + name.upper(): value for name, value in given.items()}, None)


def fault(**given: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(**given)
    return str(caught.value)


# -- where they come from


def test_every_setting_has_a_default() -> None:
    assert load().port == 8000


def test_a_setting_is_read_from_the_environment_and_cast() -> None:
    settings = load(port="9000", session_check="0.5", secure_cookies="true", log_level="debug")
    assert (settings.port, settings.session_check) == (9000, 0.5)
    assert (settings.secure_cookies, settings.log_level) == (True, "debug")


def test_a_list_is_separated_by_commas() -> None:
    settings = load(origins=" https://a.example , http://b.example:8080,")
    assert settings.origins == ("https://a.example", "http://b.example:8080")


def test_an_empty_value_means_the_default() -> None:
    assert load(port="", origins="").port == 8000


def test_other_programs_variables_are_left_alone() -> None:
    assert Settings.load({"PORT": "1", "OTHER_PORT": "x"}, None).port == 8000


def test_settings_come_from_the_file_too_and_the_environment_wins(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("# a comment\nPARLEY_PORT=9001\nexport PARLEY_DAEMONS='3'\nOTHER=1\n")
    settings = Settings.load({"PARLEY_PORT": "9002"}, dotenv)
    assert (settings.port, settings.daemons) == (9002, 3)


def test_the_environment_wins_over_a_file_that_the_env_file_names(tmp_path: Path) -> None:
    (tmp_path / "port").write_text("9001")
    (tmp_path / ".env").write_text(f"PARLEY_PORT_FILE={tmp_path / 'port'}\n")
    assert Settings.load({}, tmp_path / ".env").port == 9001
    assert Settings.load({"PARLEY_PORT": "9002"}, tmp_path / ".env").port == 9002


def test_a_missing_env_file_is_no_fault(tmp_path: Path) -> None:
    assert Settings.load({}, tmp_path / ".env").port == 8000


def test_a_fault_in_the_env_file_is_named_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PARLEY_PORT=many\n")
    with pytest.raises(SettingsError, match="PARLEY_PORT: expected a whole number, not 'many'"):
        Settings.load({}, tmp_path / ".env")


def test_a_secret_is_read_from_the_file_that_a_variable_names(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(SECRET + "\n")
    assert load(secret_key_file=str(path)).secret_key == SECRET


def test_a_file_that_can_not_be_read_is_a_fault(tmp_path: Path) -> None:
    text = fault(secret_key_file=str(tmp_path / "none"))
    assert "PARLEY_SECRET_KEY_FILE" in text
    assert "can not be read" in text


def test_a_value_of_a_file_is_checked_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "port"
    path.write_text("many\n")
    assert fault(port_file=str(path)).startswith("PARLEY_PORT: expected a whole number")


# -- what is refused


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("port", "http", "a whole number, not 'http'"),
        ("port", "80.5", "a whole number"),
        ("port", "0", "from 1 to 65535, not 0"),
        ("port", "65536", "from 1 to 65535"),
        ("daemons", "0", "from 1 to 64"),
        ("session_check", "soon", "a number, not 'soon'"),
        ("session_check", "26", "from 0.1 to 25"),
        ("session_check", "nan", "a number"),
        ("session_idle", "5", "from 60 up"),
        ("secure_cookies", "maybe", "true or false"),
        ("log_level", "loud", "debug, info, warning, error"),
        ("name_min", "17", "PARLEY_NAME_MAX"),
        ("database_url", "postgres://a@b/c", "mysql://user@host:port/name"),
        ("database_url", "mysql://a@b", "mysql://user@host:port/name"),
        ("database_url", "mysql://a@b:port/c", "mysql://user@host:port/name"),
        ("database_admin_url", "x", "mysql://user@host:port/name"),
        ("redis_url", "http://a", "redis://host:port/0"),
        ("origins", "chat.example.org", "scheme://host"),
        ("origins", "https://chat.example.org/", "without a path"),
        ("origins", "*", "scheme://host"),
        ("frame_max", "1024", "4 × PARLEY_MESSAGE_MAX"),
        ("daemon_listen", "127.0.0.1:9000", "{index}"),
    ],
)
def test_a_bad_value_is_refused_with_its_name_and_what_was_expected(
    name: str, value: str, expected: str
) -> None:
    text = fault(**{name: value})
    assert text.startswith(f"{PREFIX}{name.upper()}: ")
    assert expected in text


def test_all_faults_are_told_at_once() -> None:
    lines = fault(port="x", daemons="0", secure_cookies="maybe").splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "PARLEY_PORT",
        "PARLEY_DAEMONS",
        "PARLEY_SECURE_COOKIES",
    ]


def test_one_daemon_needs_no_index_in_its_address() -> None:
    assert load(daemons="1", daemon_listen="127.0.0.1:9000").daemon_address(0) == "127.0.0.1:9000"


def test_every_number_has_a_range() -> None:
    for item in fields(Settings):
        if isinstance(item.default, int | float) and not isinstance(item.default, bool):
            assert item.metadata["least"] is not None, item.name


def test_every_default_is_within_its_range() -> None:
    given = {
        item.name: str(item.default)
        for item in fields(Settings)
        if isinstance(item.default, int | float) and not isinstance(item.default, bool)
    }
    assert load(**given) == load()


def test_a_name_that_is_no_setting_is_told_with_the_nearest_that_is() -> None:
    lines = unknown_settings({"PARLEY_PROT": "1", "PARLEY_PORT": "1", "PARLEY_PORT_FILE": "x", "HOME": "/"})
    assert lines == ["PARLEY_PROT is no setting of Parley; is PARLEY_PORT meant?"]


def test_a_name_that_resembles_nothing_is_told_too() -> None:
    assert unknown_settings({"PARLEY_ZZZZZZZZZZZZ": "1"}) == ["PARLEY_ZZZZZZZZZZZZ is no setting of Parley"]


# -- what is never shown


def test_no_secret_stands_in_the_text_of_the_settings() -> None:
    settings = load(
        secret_key=SECRET,
        database_password=SECRET,
        redis_password=SECRET,
        database_url=f"mysql://a:{SECRET.replace(' ', '-')}@b/c",
    )
    for text in (repr(settings), str(settings), f"{settings}"):
        assert "horse" not in text


def test_settings_can_not_be_changed() -> None:
    with pytest.raises(AttributeError):
        load().port = 1  # type: ignore[misc]


# -- the servers


def test_without_addresses_the_private_servers_are_meant(tmp_path: Path) -> None:
    settings = load(var=str(tmp_path))
    assert settings.private_database
    assert settings.private_redis
    assert settings.daemon_address(1) == f"unix:{tmp_path}/run/chatd-1.sock"
    assert settings.redis_address() == (f"unix://{tmp_path}/run/redis.sock", None)


def test_the_private_databases_passwords_are_read_from_the_data_folder(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    for name in ("secret_key", "database_password", "database_admin_password"):
        (tmp_path / "secrets" / name).write_text(f"the {name}\n")
    settings = load(var=str(tmp_path))
    assert settings.secret_key == "the secret_key"
    assert settings.database_address()["password"] == "the database_password"
    admin = settings.database_address(admin=True)
    assert (admin["user"], admin["password"]) == ("parley_admin", "the database_admin_password")


def test_no_encryption_is_made_ready_for_the_private_database() -> None:
    """One of one's own may ask for it, also by a socket."""
    assert load().database_address()["ssl_disabled"]
    by_socket = load(database_url="mysql://me@localhost/chat?unix_socket=/run/mysqld/mysqld.sock")
    assert "ssl_disabled" not in by_socket.database_address()


def test_a_database_of_ones_own_is_used_as_given() -> None:
    settings = load(database_url="mysql://me:p%40ss@db.example:3307/chat")
    address = {"user": "me", "password": "p@ss", "database": "chat", "host": "db.example", "port": 3307}
    assert settings.database_address() == address
    assert settings.database_address(admin=True) == address
    assert not settings.private_database


def test_its_password_may_stand_apart() -> None:
    address = load(database_url="mysql://me@db.example/chat", database_password=SECRET).database_address()
    assert (address["password"], address["port"]) == (SECRET, 3306)


def test_migrations_may_use_another_user() -> None:
    settings = load(database_url="mysql://me@db/chat", database_admin_url="mysql://owner:x@db/chat")
    assert settings.database_address()["user"] == "me"
    assert settings.database_address(admin=True)["user"] == "owner"


def test_a_redis_of_ones_own_is_used_as_given() -> None:
    settings = load(redis_url="redis://r.example:6380/2", redis_password=SECRET)
    assert settings.redis_address() == ("redis://r.example:6380/2", SECRET)
    assert not settings.private_redis


def test_settings_can_be_varied() -> None:
    assert replace(load(), daemons=5).daemons == 5


# -- the table


def test_every_setting_stands_in_the_table_with_its_meaning() -> None:
    table = markdown_table()
    for item in fields(Settings):
        assert f"| `{PREFIX}{item.name.upper()}` |" in table
        assert len(item.metadata["about"]) > 10
    assert "| `PARLEY_PORT` | `8000` |" in table
    assert "| `PARLEY_SECURE_COOKIES` | `false` |" in table


@pytest.mark.parametrize(
    ("url", "database"),
    [
        ("redis://host", 0),
        ("redis://host:6379/2", 2),
        ("rediss://user@host/2?db=3", 3),
        ("unix:///run/redis.sock", 0),
        ("unix:///7?db=4", 4),
    ],
)
def test_the_database_within_redis_is_the_one_that_redis_py_takes(url: str, database: int) -> None:
    assert load(redis_url=url).redis_database == database
    with redis.Redis.from_url(url) as client:
        assert (client.get_connection_kwargs().get("db") or 0) == database

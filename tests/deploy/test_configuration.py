"""What is written into the data folder before anything starts."""

import dataclasses
import re
import shutil
import stat
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from deploy import nginx, prepare
from deploy.layout import Layout
from deploy.render import render
from shared.settings import PROJECT, Settings, SettingsError
from tests.servers import short_folder
from tests.system.stack import free_port

DATABASE = "mysql://me@db.example/chat"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "var")
    prepare.make_folders(layout)
    prepare.make_secrets(layout)
    return layout


def settings_for(layout: Layout, **given: str) -> Settings:
    return Settings.load(
        {"PARLEY_VAR": str(layout.var)} | {f"PARLEY_{k.upper()}": v for k, v in given.items()}, None
    )


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_secrets_are_their_users_alone_and_long(layout: Layout) -> None:
    assert mode(layout.secrets) == 0o700
    for name in prepare.SECRETS:
        assert mode(layout.secrets / name) == 0o600
        assert len((layout.secrets / name).read_text().strip()) >= 43  # 256 bits in base64


def test_secrets_are_made_once(layout: Layout) -> None:
    before = [(layout.secrets / name).read_text() for name in prepare.SECRETS]
    prepare.make_secrets(layout)
    assert [(layout.secrets / name).read_text() for name in prepare.SECRETS] == before
    assert len(set(before)) == len(before)


def test_folders_are_their_users_alone(layout: Layout) -> None:
    assert {mode(folder) for folder in layout.folders()} == {0o700}


def test_every_name_of_a_template_is_filled_in(layout: Layout) -> None:
    prepare.services(settings_for(layout))
    for name in ("nginx.conf", "supervisord.conf"):
        assert not re.search(r"@[A-Z_]+@", (layout.etc / name).read_text())


def test_nginx_takes_the_longest_data_folder_that_is_let_through() -> None:
    short = short_folder()
    try:
        layout = Layout(short / ("x" * (longest_folder() - len(str(short)) - 1)))
        layout.check()
        prepare.make_folders(layout)
        prepare.services(settings_for(layout, port=str(free_port())))
        command = [
            prepare.program("nginx"),
            "-t",
            "-e",
            "stderr",
            "-p",
            f"{layout.var}/",
            "-c",
            "etc/nginx.conf",
        ]
        tried = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        shutil.rmtree(short)
    assert tried.returncode == 0, tried.stderr


def longest_folder() -> int:
    """Characters of the longest path that may be the data folder's."""
    for length in range(200, 0, -1):
        with suppress(SettingsError):
            Layout(Path("/" + "x" * (length - 1))).check()
            return length
    raise AssertionError("none is let through")


def test_an_nginx_without_brotli_goes_without(layout: Layout) -> None:
    settings = settings_for(layout)
    text = nginx.configuration(settings, open_files=1024)
    assert "load_module" not in text
    assert "brotli on" not in text
    assert "gzip on;" in text
    module = Path("/folder/ngx_http_brotli_filter_module.so")
    text = nginx.configuration(settings, open_files=1024, brotli=module)
    assert f'load_module "{module}";' in text
    assert "brotli on;" in text


def test_the_module_is_looked_for_where_nginx_would(tmp_path: Path) -> None:
    program = tmp_path / "nginx"
    program.write_text(
        f'#!/bin/sh\necho "configure arguments: --modules-path={tmp_path} --with-threads" >&2\n'
    )
    program.chmod(0o755)
    assert nginx.brotli_module(str(program)) is None
    module = tmp_path / "ngx_http_brotli_filter_module.so"
    module.touch()
    assert nginx.brotli_module(str(program)) == module


def test_an_unknown_name_in_a_template_is_an_error() -> None:
    with pytest.raises(KeyError):
        render("redis.conf", {})


def test_secrets_stand_in_no_configuration_file_that_is_read_by_others(layout: Layout) -> None:
    prepare.services(settings_for(layout))
    text = "".join(path.read_text() for path in layout.etc.iterdir())
    assert not [name for name in prepare.SECRETS if (layout.secrets / name).read_text().strip() in text]


def test_a_server_of_ones_own_replaces_the_private_one(layout: Layout) -> None:
    prepare.services(settings_for(layout, database_url=DATABASE, redis_url="redis://cache.example:6379/0"))
    text = layout.supervisord_conf.read_text()
    assert "[program:mariadb]" not in text
    assert "[program:redis]" not in text
    prepare.services(settings_for(layout))
    assert "[program:mariadb]" in layout.supervisord_conf.read_text()


def test_supervisord_has_no_port_and_a_closed_socket(layout: Layout) -> None:
    prepare.services(settings_for(layout))
    text = layout.supervisord_conf.read_text()
    assert "inet_http_server" not in text
    assert "chmod = 0700" in text


def test_nginx_knows_every_daemon(layout: Layout) -> None:
    prepare.services(settings_for(layout, daemons="3", daemon_listen="127.0.0.1:701{index}"))
    text = (layout.etc / "nginx.conf").read_text()
    assert re.findall(r'server "(127[^"]*)"', text) == ["127.0.0.1:7010", "127.0.0.1:7011", "127.0.0.1:7012"]


def test_nginx_listens_on_an_ipv6_address(layout: Layout) -> None:
    prepare.services(settings_for(layout, listen="::1", port="8080"))
    assert "listen [::1]:8080 " in (layout.etc / "nginx.conf").read_text()


def test_supervisord_waits_longer_than_a_daemon_drains(layout: Layout) -> None:
    prepare.services(settings_for(layout, drain_seconds="30"))
    assert "stopwaitsecs = 40" in layout.supervisord_conf.read_text()


def test_mariadb_takes_as_many_connections_as_all_pools_may_open() -> None:
    settings = Settings.load({}, None)
    many = dataclasses.replace(settings, database_pool=64, web_workers=4, daemons=4)
    assert prepare.connections(many) >= 64 * 8


def test_a_path_too_long_for_sockets_names_the_setting() -> None:
    with pytest.raises(SettingsError, match=r"PARLEY_VAR: .* bytes too long"):
        Layout(Path("/" + "x" * 90)).check()


@pytest.mark.parametrize("bad", ['/a"b', "/a;b", "/a%b", "/a$b", "/a\nb"])
def test_a_path_that_configuration_files_can_not_hold_names_the_setting(bad: str) -> None:
    with pytest.raises(SettingsError, match="PARLEY_VAR"):
        Layout(Path(bad)).check()


def test_the_default_data_folder_is_fine() -> None:
    Layout(PROJECT / "var").check()


def test_no_account_of_the_services_administers_the_database_whatever_user_runs_it() -> None:
    accounts = set(
        re.findall(r"CREATE USER IF NOT EXISTS (\w+)@", (PROJECT / "deploy/mariadb-init.sql").read_text())
    )
    for name in accounts - {"root"}:
        assert prepare.administrator(name) == "root"
    assert prepare.administrator("anna") == "anna"


CERTIFICATE = {"tls_certificate": "chain.pem", "tls_key": "key.pem"}


def test_nginx_speaks_https_with_a_certificate_and_cookies_are_secure(layout: Layout) -> None:
    settings = settings_for(layout, **CERTIFICATE)
    assert settings.secure_cookies
    prepare.services(settings)
    text = (layout.etc / "nginx.conf").read_text()
    assert "listen 127.0.0.1:8000 ssl " in text
    assert f'ssl_certificate "{PROJECT}/chain.pem";' in text


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"tls_certificate": "chain.pem"}, "PARLEY_TLS_KEY: goes with PARLEY_TLS_CERTIFICATE"),
        ({"tls_key": "key.pem"}, "PARLEY_TLS_KEY: goes with PARLEY_TLS_CERTIFICATE"),
        ({"redirect_port": "80"}, "PARLEY_REDIRECT_PORT: needs PARLEY_TLS_CERTIFICATE"),
        (CERTIFICATE | {"redirect_port": "80"}, "an https origin in PARLEY_ORIGINS"),
        (
            CERTIFICATE | {"redirect_port": "8000", "origins": "https://a.example"},
            "PARLEY_REDIRECT_PORT: is PARLEY_PORT",
        ),
    ],
)
def test_settings_of_https_that_do_not_fit_together_are_named(
    layout: Layout, given: dict[str, str], fault: str
) -> None:
    with pytest.raises(SettingsError, match=fault):
        settings_for(layout, **given)


def test_no_limit_is_no_line_in_nginx(layout: Layout) -> None:
    prepare.services(
        settings_for(layout, request_rate="0", handshake_rate_per_address="0", sockets_per_address="0")
    )
    text = (layout.etc / "nginx.conf").read_text()
    assert "limit_req zone" not in text
    assert "limit_conn " not in text


def test_one_address_has_connections_for_pages_beside_those_for_websockets(layout: Layout) -> None:
    prepare.services(settings_for(layout, daemons="3", sockets_per_address="70"))
    text = (layout.etc / "nginx.conf").read_text()
    of_sockets = text.partition("location = /ws {")[2].partition("}")[0]
    assert "limit_conn sockets 210;" in of_sockets
    assert "limit_conn connections 1000;" in text.replace(of_sockets, "")

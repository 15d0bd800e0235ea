import pytest

from shared import migrate, sessions
from shared.database import Database
from tests.web.browser import Browser
from tests.web.conftest import NO_MARIADB, NO_REDIS, MakeApp, mariadb_away


def test_it_is_fine_while_both_servers_answer(browser: Browser) -> None:
    response = browser.get("/healthz")
    assert (response.status_code, response.json) == (200, {"status": "ok"})


@mariadb_away
@pytest.mark.parametrize(("away", "name"), [(NO_MARIADB, "mariadb"), (NO_REDIS, "redis")])
def test_it_names_the_server_that_is_away(away: dict[str, str], name: str, make_app: MakeApp) -> None:
    browser = Browser(make_app(**away))
    browser.client.set_cookie(sessions.COOKIE, "A" * 43)
    response = browser.get("/healthz")
    assert response.status_code == 503
    assert response.json == {"status": "unavailable", "away": {name: "does not answer"}}


def test_tables_older_than_the_code_are_not_fine(browser: Browser, database: Database) -> None:
    latest = migrate.latest()
    with database.cursor() as cursor:
        cursor.execute("UPDATE migrations SET number = 100 WHERE number = %s", (latest,))
        try:
            assert browser.get("/healthz").status_code == 200  # a newer one: migrations expand first
            cursor.execute("UPDATE migrations SET number = 0 WHERE number = 100")
            response = browser.get("/healthz")
            assert response.status_code == 503
            assert f"version {latest - 1}" in response.json["away"]["mariadb"]  # type: ignore[index]
        finally:
            cursor.execute("UPDATE migrations SET number = %s WHERE number IN (0, 100)", (latest,))

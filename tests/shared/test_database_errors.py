"""What an error of MariaDB means."""

import pymysql
import pytest

from shared.database import error_code, is_locked, is_lost, is_unavailable


@pytest.mark.parametrize("code", [2006, 2013, 2003, 2002, 1927, 4031, 0])
def test_a_broken_connection_has_many_names(code: int) -> None:
    assert is_lost(pymysql.err.OperationalError(code, "gone"))
    assert is_lost(pymysql.err.InterfaceError(0, ""))


@pytest.mark.parametrize("code", [1040, 1053, 1021, 1114, 1026, 1290, 1836, 1203, 3])
def test_a_server_that_can_not_write_has_many_names(code: int) -> None:
    fault = pymysql.err.OperationalError(code, "can not")
    assert is_unavailable(fault)
    assert not is_lost(fault)


@pytest.mark.parametrize("fault", [ValueError(1205), KeyError("x"), pymysql.err.ProgrammingError(1064, "x")])
def test_a_fault_of_ours_is_none_of_these(fault: Exception) -> None:
    assert not any(means(fault) for means in (is_lost, is_locked, is_unavailable))


@pytest.mark.parametrize(
    ("fault", "code"), [(ValueError(), 0), (ValueError("x"), 0), (pymysql.err.DataError(1406, "x"), 1406)]
)
def test_the_number_of_an_error_is_found_where_there_is_one(fault: Exception, code: int) -> None:
    assert error_code(fault) == code

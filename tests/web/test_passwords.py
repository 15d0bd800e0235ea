from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from argon2 import PasswordHasher, Type, extract_parameters

from tests.servers import wait_for
from web import passwords


def test_a_hash_is_argon2id_at_or_above_the_minimum_of_owasp() -> None:
    parameters = extract_parameters(passwords.hash("correct horse"))
    assert parameters.type is Type.ID
    assert parameters.memory_cost >= 19 * 1024
    assert parameters.time_cost >= 2


def test_only_the_same_password_is_right() -> None:
    stored = passwords.hash("correct horse")
    assert passwords.verify(stored, "correct horse")
    assert not passwords.verify(stored, "correct horse ")
    assert not passwords.verify(stored, "Correct horse")


def test_the_same_text_typed_on_another_keyboard_is_the_same_password() -> None:
    assert passwords.verify(passwords.hash("Zoe\u0308 \ufb01nds"), "Zo\u00eb finds")


def test_each_hash_has_a_salt_of_its_own() -> None:
    assert passwords.hash("correct horse") != passwords.hash("correct horse")


def test_nobody_has_no_password() -> None:
    assert not passwords.verify(None, "nobody has this password, nor this hash")


def test_a_damaged_hash_is_no_password() -> None:
    assert not passwords.verify("$argon2id$damaged", "correct horse")


@pytest.mark.parametrize("stored", [None, "a real one"])
def test_a_verification_costs_the_same_for_somebody_and_for_nobody(
    stored: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    costs = []
    real = PasswordHasher.verify

    def counted(self: PasswordHasher, hash: str, password: bytes) -> bool:
        costs.append(extract_parameters(hash))
        return real(self, hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    passwords.verify(passwords.hash("correct horse") if stored else None, "wrong")
    assert costs == [extract_parameters(passwords.hash("another"))]


def test_a_hash_of_lower_cost_is_outdated() -> None:
    assert passwords.is_outdated(PasswordHasher(time_cost=1, memory_cost=8192).hash("correct horse"))
    assert not passwords.is_outdated(passwords.hash("correct horse"))


@pytest.fixture
def many_threads() -> Iterator[None]:
    passwords.leave_free(16)
    yield
    passwords.leave_free(8)


@pytest.mark.usefixtures("many_threads")
def test_no_more_than_two_are_hashed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most = [0], [0]
    real = PasswordHasher.hash

    def watched(self: PasswordHasher, password: bytes) -> str:
        running[0] += 1
        most[0] = max(most[0], running[0])
        try:
            return real(self, password)
        finally:
            running[0] -= 1

    monkeypatch.setattr(PasswordHasher, "hash", watched)
    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(passwords.hash, ["correct horse"] * 6))) == 6
    assert most == [2]


def test_whoever_comes_when_enough_wait_is_refused_at_once() -> None:
    gate = passwords.Gate(running=1, waiting=1)
    leave, entered, results = Event(), Event(), []

    def work(wait: bool) -> None:
        with gate.turn():
            entered.set()
            if wait:
                leave.wait(30)
            results.append("done")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(work, True)
        entered.wait(30)
        second = pool.submit(work, False)
        wait_for(lambda: gate.full)
        with pytest.raises(passwords.Busy), gate.turn():
            pass
        assert results == []
        leave.set()
        first.result(30)
        second.result(30)
    with gate.turn():
        pass


@pytest.mark.parametrize("threads", [1, 2, 4, 8, 64])
def test_some_threads_are_always_left_to_other_pages(threads: int) -> None:
    gate = passwords.gate_for(threads)
    assert gate.places >= 1
    assert threads == 1 or gate.places < threads

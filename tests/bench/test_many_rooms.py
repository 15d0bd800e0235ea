"""Who is in which room: everybody in about as many, the same at each run."""

from tests.bench.cases.many_rooms import deal, of_people


def test_everybody_is_in_as_many_rooms_and_rooms_are_as_large_as_was_asked() -> None:
    rooms = deal(200, 5, 20, 60)
    assert all(20 <= len(room) == len(set(room)) <= 60 for room in rooms)
    each = of_people(rooms, 200)
    assert max(map(len, each)) == 5
    assert sum(map(len, each)) >= 0.95 * 200 * 5
    assert rooms == deal(200, 5, 20, 60)

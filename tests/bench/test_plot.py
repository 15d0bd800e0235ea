"""The charts: well-formed SVG whose axes hold what is drawn."""

from xml.etree import ElementTree as ET

from tests.bench.figures import Spread
from tests.bench.plot import Axis, line_chart, round_step, short


def test_a_chart_is_well_formed_and_names_each_line() -> None:
    points = [(1.0, Spread(2, 1, 3)), (1000.0, Spread(5, 4, 6))]
    root = ET.fromstring(line_chart("a < b", "members", "µs", {"Parley & co": points}, logarithmic=True))
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "a < b" in texts
    assert "Parley & co" in texts
    assert len(list(root.iter("{http://www.w3.org/2000/svg}circle"))) == 3


def test_one_point_is_drawn_too() -> None:
    assert "NaN" not in line_chart("one", "x", "y", {"Parley": [(5.0, Spread(1, 1, 1))]})


def test_axes_have_round_marks() -> None:
    assert Axis(0, 97, 0, 100).ticks() == [0, 20, 40, 60, 80]
    assert Axis(1, 1000, 0, 90, logarithmic=True).place(10) == 30
    assert [round_step(value) for value in (0.3, 3, 19.4)] == [0.5, 5, 20]
    assert [short(value) for value in (1_500, 2_000_000, 12)] == ["1.5k", "2M", "12"]

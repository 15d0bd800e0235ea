import pytest

from web.urls import within_site


@pytest.mark.parametrize("address", ["/", "/rooms/2", "/direct/Ann?x=1#y", "/%E2%82%AC"])
def test_a_path_of_this_site_may_be_gone_to(address: str) -> None:
    assert within_site(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\t//evil.example",
        " //evil.example",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "rooms/2",
        "/rooms/\u20ac",
        "/rooms/\x00",
        "/" + "a" * 2000,
        "",
        None,
    ],
)
def test_nothing_else_may(address: str | None) -> None:
    assert within_site(address) is None

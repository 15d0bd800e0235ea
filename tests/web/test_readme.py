"""What `web/README.md` says is what there is."""

import re
from pathlib import Path

from flask import Flask

WEB = Path(__file__).parents[2] / "web"
README = (WEB / "README.md").read_text()


def test_it_names_every_module() -> None:
    modules = README.partition("## Modules")[2].partition("\n## ")[0]
    assert set(re.findall(r"`(\w+)`", modules)) >= {path.stem for path in WEB.glob("*.py")}


def test_it_names_every_address(app: Flask) -> None:
    addresses = README.partition("## Addresses")[2].partition("\n## ")[0].replace("<id>", "<room:room>")
    for rule in app.url_map.iter_rules():
        if rule.endpoint != "static":
            path = rule.rule
            last = "/" + path.rpartition("/")[2]
            assert f"`{last}`" in addresses or path in addresses, path

"""The README of the pages names every address, file and reader that there is, and no other."""

import re
from pathlib import Path

import web
from tests.web.conftest import Site
from web.access import OPEN_ENDPOINTS

FOLDER = Path(web.__file__).parent
README = (FOLDER / "README.md").read_text(encoding="utf-8")


def test_the_table_of_addresses_is_the_list_of_routes(site: Site):
    told = re.findall(r"^\| (GET|POST) `([^`]+)` \| (\w+) \|", README, re.MULTILINE)
    served = [
        (method, rule.rule, getattr(site.app.view_functions[rule.endpoint], "access", ""))
        for rule in site.app.url_map.iter_rules()
        if rule.endpoint not in OPEN_ENDPOINTS and not rule.endpoint.startswith("ipp.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    ]
    assert sorted(told) == sorted(served)


def test_the_table_of_files_is_the_folder():
    told = set(re.findall(r"^\| `([\w./]+)` \|", README, re.MULTILINE))
    modules = {path.name for path in FOLDER.glob("*.py")} - {"__init__.py"}
    static = {f"static/{path.name}" for path in (FOLDER / "static").iterdir()}
    assert told == modules | static - {"static/printer.png"} | {"views/", "templates/"}

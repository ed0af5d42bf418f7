"""The style sheets have nothing that no page uses."""

import re
from pathlib import Path

WEB = Path(__file__).parents[2] / "server" / "web"


def classes(sheet: str) -> set[str]:
    """The class names in the selectors of a sheet."""
    plain = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    selectors = re.findall(r"([^{}]+)\{", plain)
    return {name for selector in selectors for name in re.findall(r"\.([a-zA-Z_][\w-]*)", selector)}


def test_every_class_of_a_sheet_is_in_a_template_a_script_or_a_module() -> None:
    files = [*WEB.glob("templates/*"), *WEB.glob("static/*.js"), *WEB.rglob("*.py"), *WEB.parent.glob("*.py")]
    text = " ".join(path.read_text() for path in files)
    known = set(re.findall(r"[\w-]+", text))
    assert {
        name for sheet in WEB.glob("static/*.css") for name in classes(sheet.read_text())
    } - known == set()


def test_every_animation_is_used() -> None:
    sheets = " ".join(path.read_text() for path in WEB.glob("static/*.css"))
    for name in re.findall(r"@keyframes ([\w-]+)", sheets):
        assert re.search(rf"animation[^;]*\b{name}\b", sheets), name

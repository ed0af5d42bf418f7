"""Reading settings: `boardwalk.toml`, overridden by BOARDWALK_<SECTION>_<KEY> variables."""

import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from server.errors import SettingsError
from server.settings.checks import wrongs
from server.settings.phrases import EXAMPLES
from server.settings.sections import LISTS, SECTIONS, Section, Settings

Tree = dict[str, Any]  # TOML, before its keys and types are checked
PREFIX = "BOARDWALK_"


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """The settings of a file (None for the defaults), overridden by the environment. Raises SettingsError."""
    source = _Source(path)
    tree = source.tree
    for name, (section, key, value) in _variables(environ).items():
        tree.setdefault(section, {})[key] = value
        source.variables[(section, key)] = name
    _check_keys(tree, source)
    settings = _convert(tree, source)
    for wrong in wrongs(settings):
        place = source.place(wrong.section, wrong.key, wrong.number)
        raise SettingsError(place, f"{wrong.key}: {wrong.sentence}")
    places = tuple(source.place("rule", "template", number) for number in range(len(settings.rule)))
    return msgspec.structs.replace(settings, places=places)


class _Source:
    """The place where each value came from, for errors that name it."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.text = ""
        self.tree: Tree = {}
        self.variables: dict[tuple[str, str], str] = {}
        if path is None:
            return
        try:
            self.text = path.read_text(encoding="utf-8")
            self.tree = tomllib.loads(self.text)
        except OSError as error:
            sentence = f"cannot be read ({error.strerror}); --config names another file"
            raise SettingsError(str(path), sentence) from error
        except UnicodeDecodeError as error:
            raise SettingsError(str(path), "is not TOML: it is no text in UTF-8") from error
        except (ValueError, RecursionError) as error:  # also numbers and nesting beyond what Python takes
            raise SettingsError(str(path), f"is not TOML: {error}") from error

    def place(self, section: str, key: str = "", index: int = 0) -> str:
        """`file, line n` of a key, or the variable that set it."""
        if (section, key) in self.variables:
            return self.variables[(section, key)]
        header = re.compile(rf"\s*\[\[?\s*{re.escape(section)}\s*\]\]?")
        assign = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=")
        found, seen, line_of_header = False, -1, 0
        for number, line in enumerate(self.text.splitlines(), 1):
            if line.lstrip().startswith("["):
                found = header.match(line) is not None
                seen += found
                if found and seen == index:
                    line_of_header = number
            elif found and seen == index and key and assign.match(line):
                return f"{self.path}, line {number}"
        return f"{self.path}, line {line_of_header}" if line_of_header else f"{self.path}"


def overrides(environ: Mapping[str, str]) -> list[str]:
    """The names of the variables that override a setting, or would with a key that exists."""
    return [
        name
        for name in sorted(environ)
        if name.startswith(PREFIX) and name.removeprefix(PREFIX).lower().partition("_")[0] in SECTIONS
    ]


def _variables(environ: Mapping[str, str]) -> dict[str, tuple[str, str, object]]:
    found: dict[str, tuple[str, str, object]] = {}
    for name, value in sorted(environ.items()):
        section, _, key = name.removeprefix(PREFIX).lower().partition("_")
        if not name.startswith(PREFIX):
            continue
        if section not in SECTIONS:
            meant = get_close_matches(section, SECTIONS, n=1)
            if meant:  # others may have variables of this prefix too
                raise SettingsError(name, f"sets no section; perhaps {PREFIX}{meant[0].upper()}_...")
            continue
        hints = get_type_hints(SECTIONS[section])
        listed = key in hints and get_origin(hints[key]) is tuple
        parts = [part.strip() for part in value.split(",") if part.strip()]
        found[name] = (section, key, parts if listed else value)
    return found


def _check_keys(tree: Tree, source: _Source) -> None:
    for section, body in tree.items():
        if section in SECTIONS:
            _check_section(section, SECTIONS[section], body, source, 0)
        elif section in LISTS:
            if not isinstance(body, list):
                raise SettingsError(source.place(section), f"write [[{section}]], once for each")
            for index, part in enumerate(body):
                _check_section(section, LISTS[section], part, source, index)
        else:
            allowed = ", ".join([*SECTIONS, *LISTS])
            raise SettingsError(source.place(section), f"unknown section [{section}]; allowed: {allowed}")


def _check_section(section: str, kind: type[Section], body: object, source: _Source, index: int) -> None:
    if not isinstance(body, dict):
        raise SettingsError(source.place(section), f"[{section}] is a section, not a value")
    for key in body:
        if key not in kind.__struct_fields__:
            allowed = ", ".join(kind.__struct_fields__)
            place = source.place(section, key, index)
            raise SettingsError(place, f"unknown key {key} in [{section}]; allowed: {allowed}")
    try:
        msgspec.convert(body, kind, strict=_strict(section, source))
    except msgspec.ValidationError as error:
        missing = re.search(r"missing required field `(\w+)`", str(error))
        if missing:
            raise SettingsError(source.place(section, "", index), f"{missing[1]} is missing") from error
        key = re.search(r"\$\.(\w+)", str(error))
        name = key[1] if key else ""
        raise SettingsError(
            source.place(section, name, index), f"{name or section}: {_plain(error, kind, name)}"
        ) from error


def _strict(section: str, source: _Source) -> bool:
    return not any(part == section for part, _ in source.variables)


def _plain(error: msgspec.ValidationError, kind: type[Section], key: str) -> str:
    hint = get_type_hints(kind).get(key)
    if get_origin(hint) is tuple and get_origin(get_args(hint)[0]) is Literal:
        return "a list of " + ", ".join(map(repr, get_args(get_args(hint)[0])))
    if get_origin(hint) is Literal:
        return "allowed: " + ", ".join(repr(word) for word in get_args(hint) if word != "")
    text = str(error).split(" - at ")[0].replace("`", "")
    words = {"int": "a whole number", "str": "a text", "array": "a list", "bool": "true or false"}
    found = re.fullmatch(r"Expected (\w+(?: \| \w+)*), got (\w+)", text)
    if found:
        wanted = " or ".join(words.get(one, one) for one in found[1].split(" | "))
        example = f", as {EXAMPLES[key]}" if key in EXAMPLES else ""
        return f"expected {wanted}{example}, got {words.get(found[2], found[2])}"
    return text[:1].lower() + text[1:]


def _convert(tree: Tree, source: _Source) -> Settings:
    parts: Tree = {}
    for section, kind in SECTIONS.items():
        if section in tree:
            strict = _strict(section, source)
            parts[section] = msgspec.convert(tree[section], kind, strict=strict)
    for section, kind in LISTS.items():
        if section in tree:
            parts[section] = [msgspec.convert(body, kind) for body in tree[section]]
    return Settings(**parts)

"""`boardwalk rules` says what the rules are and would do; it needs the configuration and nothing else."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.edge_process import EdgeProcess
from tests.journeys.test_commands import boardwalk
from tools.cli import cli

TOML = """
[edge]
site = "pier-street"

[mail]
staff = ["ann@shop.example", "bo@shop.example"]

[[rule]]
name = "tenth-order"
on = "order.placed"
every = 10
to = "customer"
template = "thanks"

[[rule]]
name = "big-order"
on = "order.placed"
where = ["cents>=10000", "device != 'till-9'"]
to = "staff"
policy = "at_least_once"
digest = "day"

[[rule]]
name = "cancelled"
on = "order.cancelled"
to = "cy@shop.example"
quiet = "20:00-08:00"
"""
ORDER = {"kind": "order.placed", "customer": "14048", "cents": 12000, "at": 1_700_000_000_000}
THANKS = "Dear customer 14048,\n\nthis was your order number 10 with us. Thank you.\n\npier-street\n"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration, in which commands run."""
    (tmp_path / "boardwalk.toml").write_text(TOML)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str, stdin: object = None) -> Result:
    return CliRunner().invoke(cli, ["rules", *words], input=json.dumps(stdin), prog_name="boardwalk")


def tried(event: object, *words: str) -> dict[str, dict[str, Any]]:
    told = run("try", "-", "--json", *words, stdin=event)
    assert told.exit_code == 0, told.output
    return {row["rule"]: row for row in json.loads(told.stdout)}


def test_the_rules_are_listed_as_they_are_understood(shop: Path) -> None:
    told = run("check")
    assert [" ".join(line.split()) for line in told.stdout.splitlines()] == [
        "name on entered silent where every to template policy digest quiet",
        "tenth-order order.placed - - - 10 customer thanks at_most_once - -",
        'big-order order.placed - - cents >= 10000 and device != "till-9" 1 staff notice at_least_once day -',
        "cancelled order.cancelled - - - 1 cy@shop.example notice at_most_once - 20:00-08:00",
    ]
    assert json.loads(run("check", "--json").stdout)[1] == {
        "name": "big-order", "on": "order.placed", "entered": "", "silent": "",
        "where": ["cents >= 10000", 'device != "till-9"'], "every": 1, "to": "staff", "template": "notice",
        "policy": "at_least_once", "digest": "day", "quiet": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("where = 'cents'", "boardwalk.toml, line 18: where: rule big-order: 'cents'; allowed: a field's name, one of "),
        ("every = 0", "boardwalk.toml, line 18: every: 1 or more\n"),
        ("template = 'no'", "boardwalk.toml, line 18: template: there is no letter no; there are: entered, notice, silent, thanks, welcome\n"),
        ("template = 'silent'", "boardwalk.toml, line 18: template: letter silent shows devices, silent, which a rule with on does not know; those that fit: notice, thanks\n"),
    ],
)  # fmt: skip
def test_a_wrong_rule_is_one_sentence(shop: Path, line: str, sentence: str) -> None:
    (shop / "boardwalk.toml").write_text(
        TOML.replace('where = ["cents>=10000", "device != \'till-9\'"]', line)
    )
    for told in (run("check"), run("try", "-", stdin=ORDER)):
        assert (told.exit_code, told.stdout, told.stderr.count("\n")) == (1, "", 1)
        assert told.stderr.startswith(f"boardwalk: {sentence}")


def test_the_letters_of_an_event_are_shown_and_whom_they_go_to(shop: Path) -> None:
    rows = tried(ORDER | {"email": "eve@home.example"})
    assert [row["matches"] for row in rows.values()] == [True, True, False]
    assert rows["tenth-order"] == {
        "rule": "tenth-order", "matches": True, "reason": None, "number": 10,
        "notes": ["assuming that it is number 10 of customer 14048 that this rule counts"],
        "mails": [
            {"recipient": "eve@home.example", "wrong": "", "subject": "Thank you for order number 10", "text": THANKS, "error": None}
        ],
    }  # fmt: skip
    big = rows["big-order"]
    assert [mail["recipient"] for mail in big["mails"]] == ["ann@shop.example", "bo@shop.example"]
    assert (
        "order.placed of customer 14048, number 1, from till-1 at 2023-11-14 22:13 UTC."
        in big["mails"][0]["text"]
    )
    assert rows["cancelled"]["reason"] == "it is on order.cancelled, not on order.placed"


def test_quiet_hours_are_named_and_whether_it_is_their_time(shop: Path) -> None:
    (note,) = tried({"kind": "order.cancelled"})["cancelled"]["notes"][1:]
    assert note in {
        f"{when} quiet hours, 20:00-08:00: it waits for their end" for when in ("in", "these are")
    }


def test_a_rule_that_does_not_match_says_which_condition_fails(shop: Path) -> None:
    assert tried(ORDER | {"cents": 9999})["big-order"]["reason"] == "cents >= 10000 does not hold"
    assert tried(ORDER, "--device", "till-9")["big-order"]["reason"] == 'device != "till-9" does not hold'


def test_people_read_it_as_text(shop: Path) -> None:
    (shop / "order.json").write_text(json.dumps(ORDER | {"cents": 5}))
    told = run("try", "order.json")
    assert told.exit_code == 0
    assert told.stdout.splitlines() == [
        "tenth-order: a mail",
        "  assuming that it is number 10 of customer 14048 that this rule counts",
        "  an address that an earlier event of the customer told would be taken instead",
        "  to nobody: no address is known",
        "    Subject: Thank you for order number 10",
        "",
        *(f"    {line}".rstrip() for line in THANKS.splitlines()),
        "big-order: no mail, cents >= 10000 does not hold",
        "cancelled: no mail, it is on order.cancelled, not on order.placed",
    ]


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ([], "stdin is no event that the edge takes: one event is tried at a time, not 0."),
        ("x", "stdin is no event that the edge takes: an event is an object with kind; send an object, as {\"kind\": \"reading.taken\", \"value\": 21.5}."),
        ({"kind": "Order"}, "stdin is no event that the edge takes: kind: Order is no kind; 1 to 48 of a-z, 0-9, . _ and -, a letter first, as order.placed."),
    ],
)  # fmt: skip
def test_what_is_no_event_is_one_sentence(shop: Path, event: object, sentence: str) -> None:
    told = run("try", "-", stdin=event)
    assert (told.exit_code, told.stdout, told.stderr) == (1, "", f"boardwalk: {sentence}\n")


def test_what_cannot_be_read_is_one_sentence(shop: Path) -> None:
    (shop / "half.json").write_text('{"kind"')
    for words, sentence in (
        (["none.json"], "none.json cannot be read (No such file or directory).\n"),
        (["."], ". cannot be read (Is a directory).\n"),
        (["half.json"], "half.json is no event that the edge takes: no JSON ("),
        (["half.json", "--device", "A b"], "'A b' cannot name a device: 1 to 32 of a-z, 0-9 and -.\n"),
    ):
        told = run("try", *words)
        assert (told.exit_code, told.stdout, told.stderr.count("\n")) == (1, "", 1)
        assert told.stderr.startswith(f"boardwalk: {sentence}")


def test_without_rules_there_is_nothing_to_show(shop: Path) -> None:
    (shop / "boardwalk.toml").write_text("")
    assert (run("check", "--json").stdout, run("try", "-", "--json", stdin=ORDER).stdout) == ("[]\n", "[]\n")
    assert (run("check").stderr, run("try", "-", stdin=ORDER).stderr) == (
        "None yet.\n",
        "There are no rules yet.\n",
    )


def test_nothing_is_stored(shop: Path) -> None:
    tried(ORDER)
    run("check")
    assert [path.name for path in shop.iterdir()] == ["boardwalk.toml"]


async def test_beside_a_running_server_nothing_is_stored_or_sent_either(tmp_path: Path) -> None:
    edge = EdgeProcess(tmp_path, toml=TOML)
    (tmp_path / "order.json").write_text(json.dumps(ORDER))
    await edge.start()
    try:
        words = (
            "--config",
            str(tmp_path / "boardwalk.toml"),
            "rules",
            "try",
            str(tmp_path / "order.json"),
            "--json",
        )
        code, out, _ = await boardwalk(edge, *words)
        assert (code, [row["matches"] for row in json.loads(out)]) == (0, [True, True, False])
        assert (await edge.ask("GET", "/api/v1/events"))["rows"] == []
        assert (await edge.ask("GET", "/api/v1/mails"))["rows"] == []
    finally:
        await edge.stop()


async def test_the_shell_completes_them() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tools.cli", stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "_BOARDWALK_COMPLETE": "bash_complete", "COMP_WORDS": "boardwalk rules ", "COMP_CWORD": "2"},
    )  # fmt: skip
    out, _ = await process.communicate()
    assert out.decode().split() == ["plain,check", "plain,try"]

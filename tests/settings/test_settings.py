"""A setting that cannot be used is refused with its place, and with what is allowed."""

import re
from pathlib import Path

import pytest

from server.errors import SettingsError
from server.settings import LISTS, SECTIONS, load

ALLOWED = (
    "a field's name, one of = != < <= > >=, and a whole number, a decimal, true, false or a text in quotes, "
    "as cents >= 10000"
)
RULE = "[[rule]]\nname = 'a'\nto = 'a@b.c'\n"
TOPS = "allowed: top-1 to top-1000 of a ranking, as 'top-10 of orders'"
SPANS = "allowed: minutes, hours or days up to 31 days, as '15m', '2h' or '1d'"
QUIET = "allowed: two different times from 00:00 to 23:59 in the site's time zone, as '22:00-07:00'"
WRONG = [
    ("[edge]\nsite = 'Pier Street'", 2, "site: 1 to 32 of a-z, 0-9 and -, not - first"),
    ("[edge]\ndata = 5", 2, "data: expected a text, got a whole number"),
    ("[edge]\ntimezone = 'Mars/Base'", 2, "timezone: a name like Europe/Berlin or UTC"),
    ("[edge]\nenvironment = true", 2, "environment: expected a text, got true or false"),
    ("[http]\nlisten = '8080'", 2, "listen: address:port, as 127.0.0.1:8080"),
    ("[http]\npublic_url = 'shop.example'", 2, "public_url: an address that begins with http://"),
    ("[http]\ncors = ['*']", 2, "cors: an address that begins with http://"),
    ("[mqtt]\nlisten = '127.0.0.1:99999'", 2, "listen: address:port, as 127.0.0.1:8080"),
    ("[mqtt]\nbroker = 'emqx'", 2, "broker: allowed: 'auto', 'mosquitto', 'iotcore'"),
    ("[mqtt]\nurl = 'http://x'", 2, "url: an address that begins with mqtt://"),
    ("[cloud]\nmode = 'on'", 2, "mode: allowed: 'off', 'aws'"),
    ("[cloud]\nregion = 1", 2, "region: expected a text, got a whole number"),
    ("[cloud]\ntable = 'a b'", 2, "table: 3 to 255 letters, digits, _ - and ."),
    ("[cloud]\nendpoint_url = 'x'", 2, "endpoint_url: an address that begins with http://"),
    ("[cloud]\nwrite_units = 0", 2, "write_units: 1 to 40000; 25 are free"),
    ("[cloud]\nseal_after_s = 0", 2, "seal_after_s: 1 to 3600"),
    ("[mail]\nmode = 'smtp'", 2, "mode: allowed: 'off', 'local', 'ses'"),
    ("[mail]\nsender = 'nobody'", 2, "sender: 'nobody' is no mail address"),
    ("[mail]\n\nstaff = ['a@b.c', 'x y@z.de']", 3, "staff: 'x y@z.de' is no mail address"),
    ("[mail]\ncustomer_address = 'a@b.c'", 2, "customer_address: an address with {customer} in it"),
    ("[mail]\nconfiguration_set = 1", 2, "configuration_set: expected a text, got a whole number"),
    ("[mail]\nper_second = 0", 2, "per_second: 1 to 10000"),
    ("[mail]\nendpoint_url = 'x'", 2, "endpoint_url: an address that begins with http://"),
    ("[[ranking]]\nname = 'a'\nkinds = []", 3, "kinds: kinds are texts like order.placed, one at least"),
    ("[[ranking]]\nname = 'a'\nkinds = ['x']\nwindows = ['1y']", 4, "windows: a list of 'all', 'today', '7d', '30d'"),
    ("[[ranking]]\nname = 'a'\nkinds = ['x']\nscore = 'avg:x'", 4, "score: count, or sum: and the name of a field"),
    ("[[ranking]]\nname = 'a'\nkinds = ['x']\nkey = ''", 4, "key: customer, device or the name of a field"),
    ("[[ranking]]\nname = 'a'\nkinds = ['x', 'y']\nminus = ['y']", 4, "minus: y is in kinds already; it either adds or takes away"),
    ("[[ranking]]\nname = 'a'\nkinds = ['x']\nscore = 'sum:customer'", 4, "score: customer is a text; sum: needs a field of whole numbers, as sum:cents"),
    ("[[ranking]]\nname = 'a'\nkinds = ['x']\n'key' = ''", 4, "key: customer, device or the name of a field"),
    ("[[ranking]]\nname = 'a'\nkinds = ['x']\nminus = ['B']", 4, "minus: kinds are texts like order.placed"),
    ("[[rule]]\nname = 'a'\non = 'x'\nto = 'me'", 4, "to: customer, staff or a mail address"),
    ("[[rule]]\nname = 'a'\non = 'x'\nto = 'staff'", 4, "to: nobody is staff: name addresses in [mail] staff"),
    ("[[rule]]\nname = 'a'\non = 'X'\nto = 'a@b.c'", 3, "on: a kind like order.placed"),
    ("[[rule]]\nname = 'a'\non = 'x'\nto = 'a@b.c'\nevery = 0", 5, "every: 1 or more"),
    ("[[rule]]\nname = 'a'\non = 'x'\nto = 'a@b.c'\nwhere = 'cents >'", 5, f"where: rule a: 'cents >'; allowed: {ALLOWED}"),
    ("[[rule]]\nname = 'a'\non = 'x'\nto = 'a@b.c'\nwhere = ['cents > 1', '']", 5, f"where: rule a: ''; allowed: {ALLOWED}"),
    ("[[rule]]\nname = 'a'\non = 'x'\nto = 'a@b.c'\nwhere = 'ok > true'", 5, "where: rule a: 'ok > true'; true and false are compared by = or != only"),
    ("[[rule]]\nname = 'a'\non = 'x'\nto = 'a@b.c'\nwhere = 'customer = 12'", 5, "where: rule a: 'customer = 12'; customer is a text, put it in quotes, as customer = '12'"),
    ("[[rule]]\nname = 'a'\non = 'x'\nto = 'a@b.c'\nwhere = 5", 5, "where: expected a text or a list, got a whole number"),
    ("[[rule]]\nname = 'a'\non = 'x'\nto = 'a@b.c'\nwhere = ['cents > 1', 5]", 5, "where: expected a text, got a whole number"),
    ("[[rule]]\nname = 'a'\non = 'x'\nto = 'a@b.c'\npolicy = 'twice'", 5, "policy: allowed: 'at_most_once', 'at_least_once'"),
    ("[[rule]]\nname = 'a'\non = 'x'\nto = 'a@b.c'\ndigest = 'year'", 5, "digest: allowed: 'hour', 'day'"),
    ("[[rule]]\nname = 'a'\non = 'x'\nto = 'a@b.c'\ntemplate = 5", 5, "template: expected a text, got a whole number"),
    ("[[rule]]\nname = 'a'\nto = 'a@b.c'", 1, "on: is missing; a rule has on, entered or silent"),
    ("[[rule]]\nname = 'a'\non = 'x'", 1, "to is missing"),
    (f"{RULE}on = 'x'\nentered = 'top-3 of orders'", 5, "entered: there is on already; leave one of them out"),
    (f"{RULE}entered = 'top-3 of orders'\nsilent = '5m'", 5, "silent: there is entered already; leave one of them out"),
    (f"{RULE}entered = 'top-0 of orders'", 4, f"entered: rule a: 'top-0 of orders'; {TOPS}"),
    (f"{RULE}entered = 'top-1001 of orders'", 4, f"entered: rule a: 'top-1001 of orders'; {TOPS}"),
    (f"{RULE}entered = 'the best of orders'", 4, f"entered: rule a: 'the best of orders'; {TOPS}"),
    (f"{RULE}entered = 10", 4, "entered: expected a text, as 'top-10 of orders', got a whole number"),
    (f"{RULE}entered = 'top-3 of sales'", 4, "entered: there is no ranking sales; there are: orders, spend"),
    (f"ranking = []\n{RULE}entered = 'top-3 of sales'", 5, "entered: there is no ranking sales; there are: none"),
    (f"{RULE}entered = 'top-3 of week'\n[[ranking]]\nname = 'week'\nkinds = ['x']\nwindows = ['7d']", 4, "entered: it looks at all time; add 'all' to the windows of ranking week"),
    (f"{RULE}entered = 'top-3 of orders'\nevery = 2", 5, "every: leave it out; it counts events, and each entry makes a mail"),
    (f"{RULE}entered = 'top-3 of orders'\nwhere = 'cents > 5'", 5, "where: leave it out; it asks for events, so it goes with on"),
    ("[[rule]]\nname = 'a'\nentered = 'top-3 of items'\nto = 'customer'\n[[ranking]]\nname = 'items'\nkinds = ['x']\nkey = 'item'", 4, "to: ranking items ranks item; customer needs one with key = 'customer'"),
    (f"{RULE}silent = '15'", 4, f"silent: rule a: '15'; {SPANS}"),
    (f"{RULE}silent = '0m'", 4, f"silent: rule a: '0m'; {SPANS}"),
    (f"{RULE}silent = '32d'", 4, f"silent: rule a: '32d'; {SPANS}"),
    (f"{RULE}silent = '30s'", 4, f"silent: rule a: '30s'; {SPANS}"),
    (f"{RULE}silent = 15", 4, "silent: expected a text, as '15m', got a whole number"),
    (f"{RULE}silent = '15m'\nevery = 2", 5, "every: leave it out; it counts events, so it goes with on"),
    (f"{RULE}silent = '15m'\ndigest = 'day'", 5, "digest: leave it out; silent gathers devices in one mail by itself"),
    (f"{RULE}silent = '15m'\nwhere = ['device != \"a\"', 'cents > 5']", 5, "where: 'cents > 5'; silent can ask for the device only, as device != 'till-9'"),
    ("[[rule]]\nname = 'a'\nsilent = '15m'\nto = 'customer'", 4, "to: staff or a mail address; silent is about devices, which have no customer"),
    (f"{RULE}on = 'x'\nquiet = '22-7'", 5, f"quiet: rule a: '22-7'; {QUIET}"),
    (f"{RULE}on = 'x'\nquiet = '22:00-24:00'", 5, f"quiet: rule a: '22:00-24:00'; {QUIET}"),
    (f"{RULE}on = 'x'\nquiet = '07:00-07:00'", 5, f"quiet: rule a: '07:00-07:00'; {QUIET}"),
    (f"{RULE}on = 'x'\nquiet = true", 5, "quiet: expected a text, as '22:00-07:00', got true or false"),
    ("[[rule]]\nname='a'\non='x'\nto='a@b.c'\n[[rule]]\nname='a'\non='x'\nto='a@b.c'", 6, "name: 1 to 32 of a-z, 0-9 and -, each name once"),
    ("[mqtt]\nbrokr = 'auto'", 2, "unknown key brokr in [mqtt]; allowed: listen, broker, url"),
    ("[mqqt]\nx = 1", 1, "unknown section [mqqt]; allowed: edge, http, mqtt, cloud, mail, ranking, rule"),
    ("[ranking]\nname = 'a'", 1, "write [[ranking]], once for each"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "sentence"), WRONG, ids=[one[2][:40] for one in WRONG])
def test_a_wrong_value_names_file_line_and_what_is_allowed(
    text: str, line: int, sentence: str, tmp_path: Path
) -> None:
    path = tmp_path / "boardwalk.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load(path, {})
    assert caught.value.sentence == f"{path}, line {line}: {sentence}"


def test_the_environment_wins_and_is_named_in_errors() -> None:
    assert load(None, {"BOARDWALK_SEED": "1", "BOARDWALK_SCREENSHOTS": "x", "BOARDWALK_VBOARD": "y"}) == load(
        None, {}
    )
    assert load(None, {"BOARDWALK_CLOUD_WRITE_UNITS": "7"}).cloud.write_units == 7
    assert load(None, {"BOARDWALK_MAIL_STAFF": "a@b.c, d@e.f"}).mail.staff == ("a@b.c", "d@e.f")
    for name, value, sentence in [
        ("BOARDWALK_CLOUD_WRITE_UNITS", "many", "write_units: expected a whole number, got a text"),
        ("BOARDWALK_MQTT_BROKR", "x", "unknown key brokr in [mqtt]; allowed: listen, broker, url"),
        ("BOARDWALK_MQQT_LISTEN", "x", "sets no section; perhaps BOARDWALK_MQTT_..."),
        ("BOARDWALK_EDGE_SITE", "A", "site: 1 to 32 of a-z, 0-9 and -, not - first"),
    ]:
        with pytest.raises(SettingsError) as caught:
            load(None, {name: value})
        assert caught.value.sentence == f"{name}: {sentence}"


def test_a_file_that_is_missing_or_no_toml_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot be read \(No such file or directory\)"):
        load(tmp_path / "none.toml", {})
    for text in ("[edge", f"a = {'9' * 5000}", f"a = {'[' * 2000}{']' * 2000}"):
        (tmp_path / "bad.toml").write_text(text)
        with pytest.raises(SettingsError, match="is not TOML: "):
            load(tmp_path / "bad.toml", {})


def test_every_key_has_a_case_above() -> None:
    tried = {re.match(r"(?:unknown key )?(\w+)", sentence)[1] for _, _, sentence in WRONG}  # type: ignore[index]
    for kind in (*SECTIONS.values(), *LISTS.values()):
        for key in kind.__struct_fields__:
            assert key in tried, (kind.__name__, key)

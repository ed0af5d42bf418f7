"""Texts that boards and strangers choose are shown as texts, everywhere."""

import json
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest

from server import words
from server.watch.findings import CLOUD_AWAY
from server.web import urls
from tests.web.shop import Client, Shop

CORPUS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "'onmouseover='alert(1)",
    "</template><script>alert(1)</script>",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "javascript:alert(1)",
    "\u202egnp.exe",
    "\u0000\u0001",
    "＜script＞",
    "&lt;b&gt;",
]


@pytest.mark.parametrize("text", CORPUS)
async def test_a_hostile_text_is_only_a_text(shop: Shop, browser: Client, text: str) -> None:
    await shop.person("admin")
    await browser.sign_in()
    await shop.post("http-till", [{"kind": "order.placed", "customer": text, "item": text, "cents": 100}])
    shop.findings.tell(CLOUD_AWAY, text)
    await shop.database.write(_letter, text)
    pages = (
        "/rankings",
        f"/rankings?{urls.query({'key': text})}",
        "/customers",
        f"/customers?{urls.query({'text': text})}",
    )
    for path in ("/", "/mailbox", "/mailbox/1", *pages, urls.customer_path(text)):
        page = Page(await (await browser.get(path)).text())
        assert page.scripts == ["/static/boardwalk.js"]
        assert page.handlers == []
        assert "49" not in page.texts
        if path == "/" or text.isprintable():
            assert text in page.texts


class Page(HTMLParser):
    """What a browser makes of a page: its texts, its scripts and every handler in an attribute."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.scripts: list[str | None] = []
        self.handlers: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            self.scripts.append(dict(attrs).get("src"))
        self.handlers += [
            f"{tag} {name}" for name, value in attrs
            if name.startswith("on") or name == "style"
            or (name != "value" and (value or "").startswith("javascript:"))  # what is in a field is a text
        ]  # fmt: skip

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip("\n"))


async def test_a_letter_is_shown_in_a_sandbox_where_nothing_runs(shop: Shop, browser: Client) -> None:
    await shop.person("viewer")
    await browser.sign_in()
    await shop.database.write(_letter, "Hello")
    answer = await browser.get("/mailbox/1/html")
    policy = answer.headers["Content-Security-Policy"]
    assert "sandbox" in policy.split("; ")
    assert "script-src" not in policy
    assert "default-src 'none'" in policy


@pytest.mark.parametrize("at", [0, -1, (1 << 53) - 1])
def test_times_that_no_calendar_has_can_still_be_written(at: int) -> None:
    assert words.clock(at, ZoneInfo("UTC"))
    assert words.moment(at, 0, ZoneInfo("Pacific/Kiritimati"))
    assert words.iso(at)


async def test_tiles_carry_hostile_texts_as_data(shop: Shop, browser: Client) -> None:
    await shop.person("viewer")
    await browser.sign_in()
    shop.findings.tell(CLOUD_AWAY, "a\n\nevent: reset\ndata: {}\n\n")
    async with browser.session.get(shop.url + "/api/v1/live") as answer:
        text = b""
        while b'"tile":"health"' not in text:
            text += await answer.content.read(65536)
    line = next(one for one in text.decode().splitlines() if '"health"' in one)
    assert json.loads(line.removeprefix("data: "))["findings"][0]["cause"].startswith("a\n\nevent")


def _letter(connection: object, text: str) -> None:
    connection.execute(  # type: ignore[attr-defined]
        "INSERT INTO mailbox (mail, recipient, subject, text, html, sent_at) VALUES (1, ?, ?, ?, ?, 0)",
        (text, text, text, text),
    )

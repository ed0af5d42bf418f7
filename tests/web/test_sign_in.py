"""Who comes in, how, and for how long."""

import time

import jwt

from server.store.staff import everyone
from server.web.access.passwords import Passwords
from tests.web.shop import EMAIL, PASSWORD, Client, Shop


async def test_a_person_signs_in_and_sees_today(shop: Shop, browser: Client) -> None:
    await shop.person()
    answer = await browser.sign_in()
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    page = await browser.get("/")
    assert page.status == 200
    assert "Orders today" in await page.text()


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(shop: Shop, browser: Client) -> None:
    await shop.person()
    cookie = (await browser.sign_in()).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


async def test_behind_https_the_cookie_is_bound_to_the_host(shop: Shop, browser: Client) -> None:
    await shop.person()
    data = {"email": EMAIL, "password": PASSWORD}
    answer = await browser.call("POST", "/sign-in", data=data, headers={"X-Forwarded-Proto": "https"})
    assert answer.headers["Set-Cookie"].startswith("__Host-boardwalk=")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert "Strict-Transport-Security" in answer.headers


async def test_signing_out_ends_the_session_wherever_its_cookie_is(shop: Shop, browser: Client) -> None:
    await shop.person()
    await browser.sign_in()
    stolen = {"Cookie": f"boardwalk={_cookie(browser)}"}
    assert (await browser.get("/api/v1/sync", headers=stolen)).status == 200
    await browser.call("POST", "/sign-out")
    browser.session.cookie_jar.clear()
    assert (await browser.get("/api/v1/sync", headers=stolen)).status == 401


async def test_a_cookie_that_somebody_else_signed_is_worth_nothing(shop: Shop, browser: Client) -> None:
    await shop.person()
    await browser.sign_in()
    claims = jwt.decode(_cookie(browser), options={"verify_signature": False})
    browser.session.cookie_jar.clear()
    for forged in (jwt.encode(claims, "x" * 64, "HS256"), jwt.encode(claims, None, "none")):
        answer = await browser.get("/api/v1/sync", headers={"Cookie": f"boardwalk={forged}"})
        assert answer.status == 401


async def test_a_wrong_password_and_an_unknown_person_get_the_same_answer(
    shop: Shop, browser: Client
) -> None:
    await shop.person()
    wrong = await browser.sign_in("not this one")
    unknown = await browser.sign_in("not this one", "eve@shop.example")
    assert (wrong.status, unknown.status) == (403, 403)
    assert (await wrong.text()).replace(EMAIL, "") == (await unknown.text()).replace("eve@shop.example", "")


async def test_an_unknown_person_takes_as_long_as_a_wrong_password() -> None:
    passwords = Passwords()
    kept = await passwords.hash(PASSWORD)
    spent: dict[str | None, list[float]] = {kept: [], None: []}
    for known in (kept, None) * 3:
        began = time.process_time()
        assert not await passwords.fits("not this one", known)
        spent[known].append(time.process_time() - began)
    assert 0.5 < min(spent[None]) / min(spent[kept]) < 2


async def test_guessing_is_stopped_after_five_attempts_even_with_the_right_password(
    shop: Shop, browser: Client
) -> None:
    await shop.person()
    statuses = [(await browser.sign_in("guess")).status for _ in range(5)]
    assert statuses == [403] * 5
    last = await browser.sign_in()
    assert last.status == 429
    assert int(last.headers["Retry-After"]) > 0


async def test_another_address_may_still_sign_in_while_one_guesses(shop: Shop, browser: Client) -> None:
    await shop.person()
    for _ in range(6):
        await browser.call(
            "POST", "/sign-in", data={"email": EMAIL, "password": "guess"},
            headers={"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"},
        )  # fmt: skip
    assert (await browser.sign_in()).status == 303


async def test_off_this_machine_nobody_signs_in_without_https(shop: Shop, browser: Client) -> None:
    await shop.person()
    away = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http"}
    data = {"email": EMAIL, "password": PASSWORD}
    answer = await browser.call("POST", "/sign-in", data=data, headers=away)
    assert answer.status == 403
    assert "not encrypted" in await answer.text()
    assert "Set-Cookie" not in answer.headers


async def test_the_first_person_becomes_administrator_by_a_link_that_works_once(
    shop: Shop, browser: Client
) -> None:
    token = await shop.first_link()
    for _ in range(2):
        assert (await browser.get(f"/welcome/{token}")).status == 200  # looking does not use it up
    data = {"email": EMAIL, "password": PASSWORD}
    assert (await browser.call("POST", f"/welcome/{token}", data=data)).status == 303
    assert (await browser.get("/api/v1/users")).status == 200
    assert (await browser.call("POST", f"/welcome/{token}", data=data)).status == 410
    assert (await browser.get(f"/welcome/{token}")).status == 410
    assert await shop.first_link() is None


async def test_common_and_short_passwords_are_refused_and_the_link_stays(shop: Shop, browser: Client) -> None:
    token = await shop.first_link()
    for password in ("short", "password123", "aaaaaaaaaa", EMAIL):
        answer = await browser.call("POST", f"/welcome/{token}", data={"email": EMAIL, "password": password})
        assert answer.status == 422
        assert EMAIL in await answer.text()  # nothing typed is lost
    assert await shop.database.read(everyone) == []


async def test_a_quick_link_signs_in_with_one_button(shop: Shop, browser: Client) -> None:
    number = await shop.person(role="viewer")
    token = await shop.link(number, 10, quick=True)
    assert "password" not in (await (await browser.get(f"/welcome/{token}")).text()).lower()
    answer = await browser.call("POST", f"/welcome/{token}", data={})
    assert answer.status == 303
    assert (await browser.get("/")).status == 200
    assert (await browser.call("POST", f"/welcome/{token}", data={})).status == 410


async def test_an_invited_person_chooses_a_password_and_signs_in_with_it(shop: Shop, browser: Client) -> None:
    number = await shop.person()
    token = await shop.link(number, 10)
    await browser.call("POST", f"/welcome/{token}", data={"password": "another one, longer"})
    await browser.call("POST", "/sign-out")
    assert (await browser.sign_in(PASSWORD)).status == 403
    assert (await browser.sign_in("another one, longer")).status == 303


async def test_a_newer_link_makes_the_older_one_worthless(shop: Shop, browser: Client) -> None:
    number = await shop.person()
    old = await shop.link(number, 10, quick=True)
    await shop.link(number, 10, quick=True)
    assert (await browser.get(f"/welcome/{old}")).status == 410


def _cookie(browser: Client) -> str:
    return next(cookie.value for cookie in browser.session.cookie_jar if cookie.key == "boardwalk")

"""What all tests share: the long versions, and no skip for want of a part where CI is set."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.site", "tools.vboard.pytest_plugin"]
TESTS = Path(__file__).parent
# What `make test FAST=1` leaves out; and a part of it that it runs all the same: a board, an edge and a browser.
SLOW = (
    "docs/test_virtual_boards.py", "faults", "flash", "hostile", "journeys", "tools/test_full_disk.py",
    "tools/test_vboards.py", "vboard", "web/test_browser.py", "web/test_devices_page.py", "web/test_pages.py",
)  # fmt: skip
KEPT = TESTS / "journeys" / "test_dashboard.py"
settings.register_profile("boardwalk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("boardwalk")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--soak` runs the long versions."""
    parser.addoption("--soak", action="store_true", help="run the long versions; make soak")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what is slow. A long version takes as long as it takes."""
    for item in items:
        if item.path != KEPT and any(item.path.is_relative_to(TESTS / name) for name in SLOW):
            item.add_marker("slow")
    if config.getoption("--soak"):
        for item in items:
            item.add_marker(pytest.mark.timeout(0), append=False)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was left out, and skips where they are failures."""
    if terminalreporter.config.getoption("-m") == "not slow":
        terminalreporter.write_line(
            f"Left out: {', '.join(SLOW)} and tests marked slow, but not {KEPT.stem}; make test runs all."
        )
    if os.environ.get("CI") and terminalreporter.stats.get("skipped"):
        terminalreporter.write_line("CI: a skipped test is a failed one.", red=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skip fails the run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def no_time_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times of tests are made up: no kernel vouches for them, whatever machine they run on."""
    monkeypatch.setattr("server.folds.log_time.is_synchronized", lambda: False)

"""Commands of the edge to a board, each carried out at most once and never late."""

from firmware.log import LEVELS, clean
from firmware.wire import command, event
from firmware.wire.errors import WireError

RAN_PATH = "restarted"  # ids of restarts, because their messages may come again after them
REMEMBERED = 16
BLINK_S = 5
BLINK_MOST_S = 60
LOG_BYTES = 1400  # of one answer
RESTART_AFTER_MS = 500  # so that the answer goes out first


class Refusal(Exception):
    """A command that is not carried out. code: one of wire.command's."""

    def __init__(self, code: str, reason: str):
        super().__init__(reason)
        self.code = code


class Commands:
    """The table of commands, and the answers to the latest ones.

    owner: has `boot` and `facts()`. restart_at: the uptime in ms at which the board is to restart, or None.
    restart_safe: whether in safe mode.
    """

    def __init__(self, board, settings, clock, log, owner):
        self._board = board
        self._settings = settings
        self._clock = clock
        self._log = log
        self._owner = owner
        self._blink_until = 0
        self._ran = []  # (id, answer) of the latest that changed something
        self.restart_at = None
        self.restart_safe = False
        self.table = {
            "identify": self._identify,
            "restart": self._restart,
            "log-level": self._log_level,
            "log": self._read_log,
            "settings": self._read_settings,
            "status": self._read_status,
        }
        for each in self._restarts():
            self._ran.append((each, command.done(each, {})))

    def blinks(self) -> bool:
        """Whether the LED is to blink, so that somebody finds the board."""
        return self._board.uptime_ms() < self._blink_until

    def take(self, payload: bytes) -> bytes | None:
        """Carry a command out, unless that is done already; the answer, None for what is no command."""
        try:
            wanted = command.decode(payload)
        except WireError as error:
            self._log.warning("command:", error)
            return None
        for known, answer in self._ran:
            if known == wanted.id:
                return answer
        return self._carry_out(wanted)

    def _carry_out(self, wanted) -> bytes:
        try:
            self._check(wanted)
            answer = command.done(wanted.id, self.table[wanted.name](wanted))
        except Refusal as error:
            return self._refuse(wanted, error.code, error)
        except Exception as error:  # any error, because a command must not end the link
            return self._refuse(wanted, command.FAILED, "%s: %s" % (type(error).__name__, error))
        if wanted.name not in command.READS:
            self._log.info("command:", wanted.name)
            self._ran = self._ran[1 - REMEMBERED :]
            self._ran.append((wanted.id, answer))
        return answer

    def _refuse(self, wanted, code: str, reason) -> bytes:
        reason = clean(str(reason))
        self._log.warning("command:", code, reason)
        return command.refused(wanted.id, code, reason)

    def _check(self, wanted) -> None:
        if wanted.wrong:
            raise Refusal(command.MALFORMED, wanted.wrong)
        if self._clock.quality < event.EDGE:
            raise Refusal(command.NO_CLOCK, "the board does not know the time yet")
        late_ms = self._clock.wall() - wanted.until
        if late_ms > 0:
            raise Refusal(command.LATE, "it came %d ms after its deadline" % late_ms)
        if wanted.name not in self.table:
            raise Refusal(command.UNKNOWN, "this board knows " + ", ".join(sorted(self.table)))

    # --- commands that change something

    def _identify(self, wanted) -> dict[str, object]:
        seconds = _whole(wanted, "seconds", BLINK_S, 1, BLINK_MOST_S)
        self._blink_until = self._board.uptime_ms() + seconds * 1000
        return {"seconds": seconds}

    def _restart(self, wanted) -> dict[str, object]:
        _only(wanted, "safe")
        safe = wanted.arguments.get("safe", False)
        if type(safe) is not bool:
            raise Refusal(command.BAD_ARGUMENTS, "safe is true or false")
        ids = self._restarts()[1 - REMEMBERED :]
        self._board.flash.replace(RAN_PATH, "\n".join(ids + [wanted.id]).encode())
        self.restart_at = self._board.uptime_ms() + RESTART_AFTER_MS
        self.restart_safe = safe
        return {}

    def _restarts(self) -> list[str]:
        try:
            text = str(self._board.flash.read(RAN_PATH) or b"", "utf-8")
        except (OSError, ValueError):
            return []  # a flash that cannot be read must not stop the board
        return [each for each in text.split("\n") if each]

    def _log_level(self, wanted) -> dict[str, object]:
        _only(wanted, "level")
        level = wanted.arguments.get("level")
        if level not in LEVELS:
            raise Refusal(command.BAD_ARGUMENTS, "level is " + ", ".join(LEVELS))
        self._log.level = LEVELS.index(level)
        return {"level": level}

    # --- commands that read

    def _read_log(self, wanted) -> dict[str, object]:
        after = _whole(wanted, "after", 0, 0, event.MAX_INT)
        first, lines = self._log.after(after, LOG_BYTES)
        return {"boot": self._owner.boot, "first": first, "last": self._log.last, "lines": lines}

    def _read_settings(self, wanted) -> dict[str, object]:
        _only(wanted)
        told = {key: value for key, value in self._settings.__dict__.items() if key != "secret"}
        told["wifi"] = {key: value for key, value in self._settings.wifi.items() if key != "password"}
        return told

    def _read_status(self, wanted) -> dict[str, object]:
        _only(wanted)
        told = self._owner.facts()
        told["log_level"] = LEVELS[self._log.level]
        return told


def _only(wanted, *names) -> None:
    for name in wanted.arguments:
        if name not in names:
            raise Refusal(command.BAD_ARGUMENTS, "%s takes no %s" % (wanted.name, name))


def _whole(wanted, name: str, default: int, least: int, most: int) -> int:
    """The one argument of a command, a whole number."""
    _only(wanted, name)
    value = wanted.arguments.get(name, default)
    if type(value) is not int or not least <= value <= most:
        raise Refusal(command.BAD_ARGUMENTS, "%s is a whole number from %d to %d" % (name, least, most))
    return value

"""A temperature once a minute, and at once when it has moved by a degree.

The sensor is an analog one: 500 mV at 0 degrees, and 10 mV more per degree (TMP36, MCP9700).
"""

SENSOR = 26  # the pin
MILLIVOLTS = 3300  # at the largest reading
LOOK_S = 5
TELL_EVERY = 60 // LOOK_S  # looks
STEP = 1.0  # degrees


def setup(board):
    read = board.adc(SENSOR)
    told = {"value": None, "looks": 0}

    def look():
        value = degrees(read())
        told["looks"] += 1
        moved = told["value"] is None or abs(value - told["value"]) >= STEP
        if moved or told["looks"] >= TELL_EVERY:
            if board.emit("reading.taken", {"item": "shop", "value": value, "unit": "C"}):
                told["value"], told["looks"] = value, 0

    board.every(LOOK_S, look)


def degrees(reading):
    return round((reading * MILLIVOLTS / 65535 - 500) / 10, 1)

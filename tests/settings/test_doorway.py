"""Where boards find the broker."""

import pytest

from server.settings import Mqtt
from server.settings.doorway import Doorway, doorway


@pytest.mark.parametrize(
    "mqtt, way",
    [
        (Mqtt(), Doorway("127.0.0.1", 1883, False)),
        (Mqtt(listen="0.0.0.0:1884"), Doorway("", 1884, False)),
        (Mqtt(listen="[::]:1884"), Doorway("", 1884, False)),
        (Mqtt(listen="192.168.1.5:1883"), Doorway("192.168.1.5", 1883, False)),
        (Mqtt(url="mqtt://edge:secret@broker.example"), Doorway("broker.example", 1883, False)),
        (Mqtt(url="mqtts://broker.example"), Doorway("broker.example", 8883, True)),
        (Mqtt(url="mqtts://broker.example:1"), Doorway("broker.example", 1, True)),
    ],
)
def test_boards_connect_where_the_broker_of_the_settings_is(mqtt: Mqtt, way: Doorway) -> None:
    assert doorway(mqtt) == way

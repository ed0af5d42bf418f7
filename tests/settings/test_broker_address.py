"""Where boards find the broker."""

import pytest

from server.settings import MqttSection
from server.settings.broker_address import BrokerAddress, broker_address


@pytest.mark.parametrize(
    "mqtt, way",
    [
        (MqttSection(), BrokerAddress("127.0.0.1", 1883, False)),
        (MqttSection(listen="0.0.0.0:1884"), BrokerAddress("", 1884, False)),
        (MqttSection(listen="[::]:1884"), BrokerAddress("", 1884, False)),
        (MqttSection(listen="192.168.1.5:1883"), BrokerAddress("192.168.1.5", 1883, False)),
        (MqttSection(url="mqtt://edge:secret@broker.example"), BrokerAddress("broker.example", 1883, False)),
        (MqttSection(url="mqtts://broker.example"), BrokerAddress("broker.example", 8883, True)),
        (MqttSection(url="mqtts://broker.example:1"), BrokerAddress("broker.example", 1, True)),
    ],
)
def test_boards_connect_where_the_broker_of_the_settings_is(mqtt: MqttSection, way: BrokerAddress) -> None:
    assert broker_address(mqtt) == way

"""MQTT: the supervised broker, who may publish what, and the stream of messages."""

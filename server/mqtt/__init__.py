"""MQTT: the supervised broker, the rights of its users, and the stream of messages."""

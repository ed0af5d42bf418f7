"""The same burst into other products that take MQTT to a local store, beside ours."""

"""The same burst into our edge and into other products that write MQTT to a local store."""

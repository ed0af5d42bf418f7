// Publishes `count` events with QoS 1 and the ids node-0, node-1, ...; says which ids got their PUBACK.
// node publish.js PORT USER SECRET TOPIC COUNT
const mqtt = require("mqtt");

const [port, username, password, topic, count] = process.argv.slice(2);
const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, { username, password, clientId: username });

client.on("error", (error) => {
  console.error(error.message);
  process.exit(1);
});

client.on("connect", async () => {
  const events = Array.from({ length: Number(count) }, (_, index) => ({ kind: "door.opened", id: `node-${index}` }));
  await Promise.all(
    events.map(async (event) => {
      await client.publishAsync(topic, JSON.stringify(event), { qos: 1 });
      console.log(event.id);
    })
  );
  client.end();
});

// A chat on Bun's WebSocket server and its own publish to a topic. It authenticates no client and stores nothing. The
// address names the room to join.
// Prints `listening PORT`.
import { randomUUID } from "node:crypto";
import { READY, frames } from "./message.mjs";

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request, server) {
    const room = new URL(request.url).searchParams.get("room");
    const sender = { id: randomUUID(), name: "m100", avatar: null };
    if (server.upgrade(request, { data: { room, sender } })) return undefined;
    return new Response("This server speaks WebSocket only.", { status: 426 });
  },
  websocket: {
    idleTimeout: 0,
    perMessageDeflate: false,
    open(socket) {
      socket.subscribe(socket.data.room);
      socket.send(READY);
    },
    message(socket, command) {
      const { room, sender } = socket.data;
      const { event, answer } = frames(room, sender, command);
      server.publish(room, event);
      socket.send(answer);
    },
  },
});
console.log(`listening ${server.port}`);

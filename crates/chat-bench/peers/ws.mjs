// A chat on `ws` that batches: messages that arrive in one turn of the event loop are framed once, and each member's
// socket is written to once. It authenticates no client and stores nothing. The address names the room to join.
// Prints `listening PORT`.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { Sender, WebSocketServer } from "ws";
import { READY, frames } from "./message.mjs";

const rooms = new Map();
/** The rooms with messages that are not written yet. */
const waiting = new Set();
/** The sockets whose answers wait, to be written together with the messages. */
const corked = new Set();

function roomOf(name) {
  if (!rooms.has(name)) rooms.set(name, { name, sockets: new Set(), batch: [] });
  return rooms.get(name);
}

function frameOf(text) {
  return Buffer.concat(Sender.frame(Buffer.from(text), { fin: true, rsv1: false, opcode: 1, mask: false }));
}

function flush() {
  for (const room of waiting) {
    const bytes = room.batch.length === 1 ? room.batch[0] : Buffer.concat(room.batch);
    room.batch = [];
    for (const socket of room.sockets) socket.write(bytes);
  }
  waiting.clear();
  for (const socket of corked) socket.uncork();
  corked.clear();
}

const server = createServer();
new WebSocketServer({ server, perMessageDeflate: false }).on("connection", (client, request) => {
  const room = roomOf(new URL(request.url, "http://localhost").searchParams.get("room"));
  const { socket } = request;
  const sender = { id: randomUUID(), name: "m100", avatar: null };
  socket.setNoDelay(true);
  room.sockets.add(socket);
  client.on("close", () => room.sockets.delete(socket));
  client.on("message", (command) => {
    const { event, answer } = frames(room.name, sender, command);
    if (waiting.size === 0) setImmediate(flush);
    room.batch.push(frameOf(event));
    waiting.add(room);
    if (!corked.has(socket)) {
      corked.add(socket);
      socket.cork();
    }
    client.send(answer);
  });
  client.send(READY);
});

server.listen({ port: 0, host: "127.0.0.1", backlog: 65535 }, () => console.log(`listening ${server.address().port}`));

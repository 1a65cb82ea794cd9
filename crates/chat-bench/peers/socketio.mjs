// The official Socket.IO server with the basics of a chat: rooms, a broadcast, an acknowledgement. It authenticates no
// client and stores nothing. The handshake names the rooms to join.
// Prints `listening PORT`.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { Server } from "socket.io";
import { nextMessage } from "./message.mjs";

const server = createServer();
const io = new Server(server, { serveClient: false });
// The manual recommends this for many connections: do not keep the first request.
io.engine.on("connection", (socket) => (socket.request = null));

io.of("/chat").on("connection", (socket) => {
  const { rooms = [], name = "nobody" } = socket.handshake.auth;
  const sender = { id: randomUUID(), name, avatar: null };
  socket.join(rooms);
  socket.on("message:send", ({ conversationId, content }, answer) => {
    const message = nextMessage(conversationId, sender, content);
    io.of("/chat").to(conversationId).emit("message:received", message);
    answer({ success: true, data: message });
  });
});

// The longest accept queue that the kernel allows, because many clients connect at once.
server.listen({ port: 0, host: "127.0.0.1", backlog: 65535 }, () => console.log(`listening ${server.address().port}`));

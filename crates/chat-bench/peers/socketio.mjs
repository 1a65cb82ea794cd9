// The official Socket.IO server with the basics of a chat: rooms, a broadcast, an acknowledgement. It authenticates no
// client and stores nothing. The handshake names the rooms to join. Its broadcasts have the same fields and the same
// length as our server's messages.
// Prints `listening PORT`.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { Server } from "socket.io";

const server = createServer();
const io = new Server(server, { serveClient: false });
// The manual recommends this for many connections: do not keep the first request.
io.engine.on("connection", (socket) => (socket.request = null));

const lengths = new Map();

io.of("/chat").on("connection", (socket) => {
  const { rooms = [], name = "nobody" } = socket.handshake.auth;
  const sender = { id: randomUUID(), name, avatar: null };
  socket.join(rooms);
  socket.on("message:send", ({ conversationId, content }, answer) => {
    const seq = (lengths.get(conversationId) ?? 0) + 1;
    lengths.set(conversationId, seq);
    const now = new Date().toISOString();
    const message = {
      id: randomUUID(), conversationId, seq, sender, content, attachment: null, replyTo: null, status: "SENT",
      createdAt: now, updatedAt: now, editedAt: null, deletedAt: null, pos: seq,
    };
    io.of("/chat").to(conversationId).emit("message:received", message);
    answer({ success: true, data: message });
  });
});

// The longest accept queue that the kernel allows, because many clients connect at once.
server.listen({ port: 0, host: "127.0.0.1", backlog: 65535 }, () => console.log(`listening ${server.address().port}`));

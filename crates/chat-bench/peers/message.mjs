// What every peer on JavaScript sends for a message: the same fields and the same length as our server's.
import { randomUUID } from "node:crypto";

/** The number of messages in each room so far. */
const lengths = new Map();

/** The next message of a room. */
export function nextMessage(room, sender, content) {
  const seq = (lengths.get(room) ?? 0) + 1;
  lengths.set(room, seq);
  const now = new Date().toISOString();
  return {
    id: randomUUID(), conversationId: room, seq, sender, content, attachment: null, replyTo: null, status: "SENT",
    createdAt: now, updatedAt: now, editedAt: null, deletedAt: null, pos: seq,
  };
}

/** The frame that tells a client that it receives everything from now on. */
export const READY = '{"event":"resumed","data":{}}';

/** The frame of a message for each member, and the frame that answers its sender. */
export function frames(room, sender, command) {
  const { data, id } = JSON.parse(command);
  const message = JSON.stringify(nextMessage(room, sender, data.content));
  return {
    event: `{"event":"message:received","data":${message}}`,
    answer: `{"event":"ack","id":"${id}","data":${message}}`,
  };
}

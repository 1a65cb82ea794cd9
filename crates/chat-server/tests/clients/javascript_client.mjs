// Tests a server with socket.io-client: node javascript_client.mjs SCENARIO TRANSPORTS BASE REALTIME PID
// TRANSPORTS is default, websocket or polling. Prints `ok` at the end. In between, `restart` and `left` ask the
// calling test to act.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { io } from "socket.io-client";

const [scenario, transports, BASE, REALTIME, PID] = process.argv.slice(2);
const PATIENCE_MS = 20_000;
const CROWD = 200;

const within = (promise, what) => {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`waited in vain for ${what}`)), PATIENCE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

// Returns when every thread of the process has stopped: the signal alone may take its time on a busy machine.
async function stop(pid) {
  process.kill(Number(pid), "SIGSTOP");
  const state = (thread) => readFileSync(`/proc/${pid}/task/${thread}/stat`, "latin1").split(") ").at(-1)[0];
  const hasStopped = () => {
    try {
      return readdirSync(`/proc/${pid}/task`).every((thread) => state(thread) === "T");
    } catch {
      return false; // a thread ended in between
    }
  };
  while (!hasStopped()) await new Promise(setImmediate);
}

async function rest(method, path, token, body) {
  const response = await fetch(`${BASE}/api/v1${path}`, {
    method,
    headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
    body: body && JSON.stringify(body),
  });
  const answer = await response.json();
  assert(answer.success, JSON.stringify(answer));
  return answer.data;
}

async function register(name) {
  const unique = `${name}-${randomUUID().slice(0, 13)}`;
  const body = { email: `${unique}@test.example`, username: unique, password: unique, name };
  const data = await rest("POST", "/auth/register", null, body);
  return { id: data.user.id, token: data.accessToken, refresh: data.refreshToken };
}

function open(url, auth, options = {}) {
  const chosen = transports === "default" ? {} : { transports: [transports] };
  const quick = { forceNew: true, reconnectionDelay: 100, reconnectionDelayMax: 500 };
  const socket = io(`${url}/chat`, { auth, ...quick, ...chosen, ...options });
  socket.log = [];
  socket.waiting = [];
  socket.onAny((name, data) => {
    socket.log.push([name, data]);
    for (const look of [...socket.waiting]) look();
  });
  return socket;
}

// Returns the next event of this name, of those that arrived since the last one returned.
function event(socket, name, wanted = () => true) {
  return within(
    new Promise((done) => {
      const look = () => {
        const found = socket.log.findIndex(([known, data]) => known === name && wanted(data));
        if (found < 0) return;
        socket.waiting = socket.waiting.filter((other) => other !== look);
        done(socket.log.splice(found, 1)[0][1]);
      };
      socket.waiting.push(look);
      look();
    }),
    name,
  );
}

const once = (emitter, name) => within(new Promise((done) => emitter.once(name, done)), name);

async function connect(url, person, more = {}, options = {}) {
  const socket = open(url, { token: person.token, ...more }, options);
  const upgrade = (done) => socket.io.on("open", () => socket.io.engine.once("upgrade", done));
  socket.upgraded = transports === "default" ? new Promise(upgrade) : Promise.resolve();
  await within(
    new Promise((done, fail) => {
      socket.once("connect", done);
      socket.once("connect_error", fail);
    }),
    "connect",
  );
  return socket;
}

async function ask(socket, name, data) {
  const answer = await socket.timeout(PATIENCE_MS).emitWithAck(name, data);
  assert.equal(answer.success, true, JSON.stringify(answer));
  return answer.data;
}

async function refused(socket, name, data) {
  const answer = await socket.timeout(PATIENCE_MS).emitWithAck(name, data);
  assert.equal(answer.success, false, JSON.stringify(answer));
  return answer.error;
}

async function two(url) {
  const [ann, ben] = [await register("ann"), await register("ben")];
  const made = await rest("POST", "/conversations", ann.token, { participantIds: [ben.id], name: "Hikers" });
  const [atAnn, atBen] = [await connect(url, ann), await connect(url, ben)];
  return { ann, ben, atAnn, atBen, group: made.id };
}

const scenarios = {
  // Every command and every event of the colon dialect.
  async colon() {
    const { ann, ben, atAnn, atBen, group } = await two(BASE);
    const here = { conversationId: group };
    assert.deepEqual(await ask(atBen, "conversation:join", here), {});
    await ask(atAnn, "conversation:join", here);
    const joined = await event(atBen, "conversation:joined", (joined) => joined.userId === ann.id);
    assert.equal(joined.conversationId, group);
    const sent = await ask(atAnn, "message:send", { ...here, content: "Hello", clientMessageId: randomUUID() });
    assert.equal((await event(atBen, "message:received")).id, sent.id);
    assert.equal((await event(atAnn, "message:received")).id, sent.id);
    atAnn.emit("message:send", { ...here, content: "Without a callback" });
    const second = await event(atBen, "message:received");
    assert.equal(second.seq, 2);
    assert.equal((await ask(atBen, "message:delivered", { ...here, seq: 2 })).deliveredSeq, 2);
    await event(atAnn, "message:status", (status) => status.userId === ben.id && status.deliveredSeq === 2);
    await ask(atBen, "message:read", { ...here, seq: 2 });
    await event(atAnn, "message:status", (status) => status.userId === ben.id && status.readSeq === 2);
    assert.equal((await ask(atBen, "messages:fetch", { ...here, limit: 10 })).messages.length, 2);
    atBen.emit("messages:fetch", here);
    assert.equal((await event(atBen, "messages:fetched")).messages.length, 2);
    await ask(atAnn, "typing:start", here);
    assert.equal((await event(atBen, "typing:update")).isTyping, true);
    await ask(atAnn, "typing:stop", here);
    assert.equal((await event(atBen, "typing:update")).isTyping, false);
    await ask(atAnn, "presence:update", { status: "away" });
    await event(atBen, "user:online", (came) => came.userId === ann.id && came.status === "away");
    assert.equal((await ask(atBen, "presence:get", { userId: ann.id })).status, "away");
    atBen.emit("presence:get", { userId: ann.id });
    assert.equal((await event(atBen, "presence:status")).userId, ann.id);
    await ask(atAnn, "call:start", here);
    assert.equal((await event(atBen, "call:incoming")).callerId, ann.id);
    const cat = await register("cat");
    await rest("POST", `/conversations/${group}/participants`, ann.token, { userId: cat.id });
    assert.equal((await event(atBen, "participant:added")).user.id, cat.id);
    await rest("DELETE", `/conversations/${group}/participants/${cat.id}`, ann.token);
    assert.equal((await event(atBen, "participant:removed")).userId, cat.id);
    await rest("PATCH", `/conversations/${group}`, ann.token, { name: "Climbers" });
    assert.equal((await event(atBen, "conversation:updated")).conversation.name, "Climbers");
    await rest("POST", "/conversations", ann.token, { participantIds: [ben.id] });
    const created = await event(atBen, "conversation:created", (made) => !made.conversation.isGroup);
    assert.equal(created.conversation.createdBy, ann.id);
    await ask(atAnn, "conversation:leave", here);
    await event(atBen, "conversation:left", (left) => left.userId === ann.id);
    atAnn.emit("message:send", { ...here });
    assert.equal((await event(atAnn, "error")).code, "VALIDATION_FAILED");
    assert.equal((await refused(atAnn, "no:such", {})).code, "UNKNOWN_EVENT");
    const { email } = await rest("GET", "/users/me", ann.token);
    const renewed = await rest("POST", "/auth/login", null, { email, password: "wrong" }).catch(() => null);
    assert.equal(renewed, null);
    await ask(atAnn, "auth", { token: ann.token });
    atAnn.disconnect();
    assert.equal((await event(atBen, "user:offline")).userId, ann.id);
  },

  // The same for the camel dialect, at its own port, with the payloads of its examples.
  async camel() {
    const { ann, ben, atAnn, atBen, group } = await two(REALTIME);
    const room = [ann.id, ben.id].sort().join("_");
    const toBen = { chatRoomId: room, chatType: "PRIVATE", sender: ann.id, receiver: ben.id };
    const message = (text) => ({ messageData: { ...toBen, message: text } });
    const toGroup = { chatRoomId: `group_${group}`, chatType: "GROUP", groupId: group };
    const inGroup = (text) => ({ messageData: { ...toGroup, message: text } });
    await ask(atBen, "joinPrivateChat", { chatRoomId: room });
    await ask(atAnn, "joinPrivateChat", { chatRoomId: room });
    assert.equal((await event(atBen, "userJoinedChat")).userId, ann.id);
    atAnn.emit("sendMessage", message("Real-time message!"));
    const received = await event(atBen, "messageReceived");
    assert.equal(received.message, "Real-time message!");
    assert.equal((await event(atAnn, "messageSent")).messageId, received.messageId);
    assert.equal((await ask(atAnn, "sendMessage", message("With a callback"))).message, "With a callback");
    const newest = (await event(atBen, "messageReceived")).messageId;
    await ask(atBen, "messageDelivered", { messageId: newest });
    await event(atAnn, "messageStatus", (status) => status.messageId === newest && status.status === "DELIVERED");
    await ask(atBen, "messageRead", { messageId: newest });
    await event(atAnn, "messageStatus", (status) => status.messageId === newest && status.status === "READ");
    await ask(atBen, "joinGroup", { groupId: group });
    await ask(atAnn, "joinGroup", { groupId: group });
    assert.equal((await event(atBen, "userJoinedGroup", (joined) => joined.userId === ann.id)).groupId, group);
    atAnn.emit("sendMessage", inGroup("Group message in real-time!"));
    assert.equal((await event(atBen, "groupMessageReceived")).senderName, "ann");
    atBen.emit("fetchMessages", { senderId: ann.id, receiverId: ben.id, page: 1, limit: 20 });
    assert.equal((await event(atBen, "messagesFetched")).messages.length, 2);
    assert.equal((await ask(atBen, "getGroupMessages", { groupId: group, page: 1, limit: 20 })).messages.length, 1);
    assert.equal((await event(atBen, "groupMessagesFetched")).groupId, group);
    atAnn.emit("userTyping", { chatRoomId: room });
    assert.equal((await event(atBen, "userTyping")).isTyping, true);
    atAnn.emit("userStoppedTyping", { chatRoomId: room });
    assert.equal((await event(atBen, "userTyping")).isTyping, false);
    atBen.emit("getUserStatus", { userId: ann.id });
    assert.equal((await event(atBen, "userStatus")).isOnline, true);
    assert.equal((await ask(atAnn, "updateLastSeen")).userId, ann.id);
    await ask(atAnn, "groupCall", { groupId: group, callerName: "Ann" });
    assert.equal((await event(atBen, "groupCallIncoming")).callerName, "Ann");
    const groupName = `Group ${randomUUID()}`;
    const made = await rest("POST", "/chat/group", ann.token, { groupName, members: [ben.id] });
    assert.equal((await event(atBen, "groupCreated")).groupId, made.groupId);
    await rest("PUT", `/chat/group/${made.groupId}`, ann.token, { groupDescription: "New" });
    assert.equal((await event(atBen, "groupUpdated")).groupDescription, "New");
    const cat = await register("cat");
    await rest("POST", `/chat/group/${made.groupId}/member`, ann.token, { userId: cat.id });
    assert.equal((await event(atBen, "participant:added")).user.id, cat.id);
    await rest("DELETE", `/chat/group/${made.groupId}/member/${cat.id}`, ann.token);
    assert.equal((await event(atBen, "participant:removed")).userId, cat.id);
    await ask(atAnn, "leaveGroup", { groupId: group });
    assert.equal((await event(atBen, "userLeftGroup")).userId, ann.id);
    await ask(atAnn, "leavePrivateChat", { chatRoomId: room });
    assert.equal((await event(atBen, "userLeftChat")).userId, ann.id);
    atAnn.emit("joinGroup", {});
    assert.equal((await event(atAnn, "error")).code, "VALIDATION_FAILED");
    const dan = await register("dan");
    await rest("POST", "/conversations", ann.token, { participantIds: [dan.id], name: "Climbers" });
    const atDan = await connect(REALTIME, dan);
    await event(atAnn, "userOnline", (came) => came.userId === dan.id);
    atDan.disconnect();
    assert.equal((await event(atAnn, "userOffline")).userId, dan.id);
  },

  // A refused client gets the reason and does not reconnect; an accepted client at the same moment is not affected.
  async refusal() {
    const ann = await register("ann");
    for (const [auth, code] of [
      [{}, "UNAUTHENTICATED"],
      [{ token: "no.such.token" }, "TOKEN_INVALID"],
      [{ token: ann.token, dialect: "klingon" }, "VALIDATION_FAILED"],
    ]) {
      const socket = open(BASE, auth);
      const error = await once(socket, "connect_error");
      assert.equal(error.data.code, code);
      assert(error.message.length > 0 && error.message === error.data.message, error.message);
      assert.equal(socket.active, false, "does not try again");
    }
    const elsewhere = io(`${BASE}/elsewhere`, { auth: { token: ann.token }, forceNew: true });
    assert.equal((await once(elsewhere, "connect_error")).message, "Invalid namespace");
    const socket = await connect(BASE, ann);
    const gone = once(socket, "disconnect");
    await rest("POST", "/auth/logout", ann.token);
    assert.equal(await gone, "io server disconnect");
    assert.equal((await event(socket, "error")).code, "SESSION_REVOKED");
  },

  // A token that expires: the client reconnects by itself, and with the same token it is refused permanently.
  async expiry() {
    const ann = await register("ann");
    const [socket, renewing] = [await connect(BASE, ann), await connect(BASE, ann)];
    let hasLeft = false;
    renewing.on("disconnect", () => (hasLeft = true));
    // Twice the lifetime of the first token, counted from before it expires.
    await new Promise((done) => setTimeout(done, 1_500));
    const refreshed = await rest("POST", "/auth/refresh", null, { refreshToken: ann.refresh });
    await ask(renewing, "auth", { token: refreshed.accessToken });
    const gone = once(socket, "disconnect");
    assert.equal((await event(socket, "error")).code, "TOKEN_EXPIRED");
    assert.equal(hasLeft, false, "a fresh token came in time");
    assert.match(await gone, /^transport close$/);
    const refusal = once(socket, "connect_error");
    assert.equal((await refusal).data.code, "TOKEN_EXPIRED");
    assert.equal(socket.active, false);
  },

  // 500 KB: over the limit of a message, under the limit of a packet.
  async large() {
    const { atAnn, atBen, group } = await two(BASE);
    let hasLeft = false;
    atAnn.on("disconnect", () => (hasLeft = true));
    const error = await refused(atAnn, "message:send", { conversationId: group, content: "x".repeat(500_000) });
    assert.equal(error.code, "VALIDATION_FAILED");
    const binary = await refused(atAnn, "message:send", { conversationId: group, content: Buffer.from([1, 2, 3]) });
    assert.equal(binary.code, "VALIDATION_FAILED");
    const wide = "\u{1F600}".repeat(2_000);
    await ask(atAnn, "message:send", { conversationId: group, content: wide });
    assert.equal((await event(atBen, "message:received")).content, wide);
    assert.equal(hasLeft, false);
  },

  // The server answers too late: the call times out, and later calls are not affected.
  async patience() {
    const { atAnn, atBen, group } = await two(BASE);
    const send = (content) => ({ conversationId: group, content });
    await stop(PID);
    await assert.rejects(atAnn.timeout(300).emitWithAck("message:send", send("late")), /timed out/);
    process.kill(Number(PID), "SIGCONT");
    assert.equal((await event(atBen, "message:received")).content, "late");
    assert.equal((await ask(atAnn, "message:send", send("in time"))).seq, 2);
  },

  async order() {
    const { atAnn, atBen, group } = await two(BASE);
    const answers = [];
    for (let number = 1; number <= 1_000; number++) {
      atAnn.emit("message:send", { conversationId: group, content: `${number}` }, (answer) => answers.push(answer));
    }
    const received = [];
    await within(
      new Promise((done) => {
        const look = () => {
          for (const [name, data] of atBen.log.splice(0)) if (name === "message:received") received.push(data);
          if (received.length === 1_000 && answers.length === 1_000) done();
        };
        setInterval(look, 20).unref();
      }),
      "a thousand",
    );
    const all = Array.from({ length: 1_000 }, (_, index) => index + 1);
    assert.deepEqual(received.map((message) => message.seq), all);
    assert.deepEqual(received.map((message) => Number(message.content)), all);
    assert.deepEqual(answers.map((answer) => answer.data?.seq), all);
  },

  // The server restarts: the client reconnects by itself, sends its positions, and misses no event.
  async restart() {
    const { ann, ben, atBen, group } = await two(BASE);
    const have = {};
    const auth = (say) => say({ token: ann.token, resume: have });
    const socket = open(BASE, auth);
    await once(socket, "connect");
    await ask(atBen, "message:send", { conversationId: group, content: "before" });
    have[group] = (await event(socket, "message:received")).pos;
    const gone = once(socket, "disconnect");
    const back = once(socket, "connect").then(() => once(socket, "connect"));
    console.log("restart");
    assert.match(await gone, /^transport (close|error)$/);
    const why = await event(socket, "error");
    assert.equal(why.code, "UNAVAILABLE");
    assert(Number.isInteger(why.retryAfterMs));
    await once(socket, "connect");
    back.catch(() => {});
    await event(socket, "resumed");
    await rest("POST", `/conversations/${group}/messages`, ben.token, { content: "after" });
    assert.equal((await event(socket, "message:received")).content, "after");
    assert.equal((await ask(socket, "message:send", { conversationId: group, content: "and on" })).seq, 3);
  },

  // Behind a proxy that passes no WebSocket frames.
  async blocked() {
    const { atAnn, atBen, group } = await two(BASE);
    for (let number = 1; number <= 5; number++) {
      await ask(atAnn, "message:send", { conversationId: group, content: `${number}` });
      assert.equal((await event(atBen, "message:received")).seq, number);
      await new Promise((done) => setTimeout(done, 200));
    }
    for (const socket of [atAnn, atBen]) {
      assert.equal(socket.connected, true);
      assert.equal(socket.io.engine.transport.name, "polling");
    }
  },

  // Many clients at once: all of them upgrade and work.
  async crowd() {
    const ann = await register("ann");
    const sockets = await Promise.all(Array.from({ length: CROWD }, () => connect(BASE, ann)));
    await within(Promise.all(sockets.map((socket) => socket.upgraded)), "upgrades");
    assert(sockets.every((socket) => socket.io.engine.transport.name === "websocket"));
    await Promise.all(sockets.map((socket) => ask(socket, "presence:get", { userId: ann.id })));
    for (const socket of sockets) socket.disconnect();
    console.log("left");
  },
};

try {
  await scenarios[scenario]();
  console.log("ok");
  process.exit(0);
} catch (error) {
  console.error(error);
  process.exit(1);
}

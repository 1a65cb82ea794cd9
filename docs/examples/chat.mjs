// Two users, one conversation, and a lost connection: no message is missing, no message is repeated.
//   npm install ws && node chat.mjs http://127.0.0.1:3000
import { randomUUID } from "node:crypto"; // In browsers: crypto.randomUUID.
import { WebSocket } from "ws"; // In browsers: built in.

const BASE = process.argv[2] ?? "http://127.0.0.1:3000";
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
const ANSWER_MS = 10_000; // After this time without an answer the connection counts as dead.
const QUIET_MS = 30_000; // How often the client tests the connection: browsers do not show pings.

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function rest(method, path, token, body) {
  const response = await fetch(`${BASE}/api/v1${path}`, {
    method,
    headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
    body: body && JSON.stringify(body),
  });
  const answer = await response.json();
  if (!answer.success) throw new Error(`${answer.code}: ${answer.message.join("; ")}`);
  return answer;
}

class Client {
  epoch; // The positions are void in any other epoch of the database.
  have = {}; // By conversation: the highest `pos` received.
  skipped = {}; // By conversation: the `pos` of the first `change:skipped` that no node has shown since.
  messages = {}; // By conversation and `seq`: the messages shown.
  pending = new Map(); // By id: the commands without an answer.
  asked = 0;
  isLive = false;
  network = Promise.resolve();
  changed = new EventTarget();

  constructor(account) {
    this.account = account;
    this.ended = this.stay();
  }

  // Stays connected until `close`.
  async stay() {
    for (this.attempts = 0; !this.isClosed; this.attempts++) {
      await this.network;
      const { code, reason } = await this.connection();
      if (this.isClosed) return;
      if (code === 4003) throw new Error("the session was ended: sign in again");
      if (code === 4001 || code === 4002) await this.renew(); // If this fails, the user must sign in again.
      // Jitter: a thousand clients that lost one server must not reconnect at the same moment.
      const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.attempts);
      await pause(code === 4012 ? JSON.parse(reason).retryAfterMs : Math.random() * longest);
    }
  }

  // Runs one connection until it ends.
  async connection() {
    const url = `${BASE.replace("http", "ws")}/api/v1/ws?resume=true`;
    const socket = (this.socket = new WebSocket(url, ["bearer", this.account.accessToken]));
    const timers = [
      setInterval(() => this.isLive && this.ask("presence:get", { userId: this.account.user.id }), QUIET_MS),
      // Sends a fresh token on the open connection, before the old one expires.
      setInterval(
        () => this.renew().then(() => this.ask("auth", { token: this.account.accessToken }), () => socket.close()),
        this.account.expiresIn * 800,
      ),
    ];
    // Frames are handled one after the other, even if one takes a while.
    let frames = Promise.resolve();
    // Another node may know the changes that the last one skipped: asks for everything from the first of them on.
    for (const [id, pos] of Object.entries(this.skipped)) this.have[id] = pos - 1;
    this.retries = Promise.resolve();
    socket.onopen = () => this.write({ event: "resume", data: { resume: this.have, epoch: this.epoch } });
    socket.onmessage = ({ data }) => {
      frames = frames.then(() => this.take(JSON.parse(data)));
      frames.catch(() => socket.close());
    };
    socket.onerror = () => {}; // `close` follows.
    const end = await new Promise((done) => (socket.onclose = done));
    this.isLive = false;
    timers.forEach(clearInterval);
    for (const { timer } of this.pending.values()) clearTimeout(timer);
    await frames.catch(() => {});
    return end;
  }

  async take({ event, id, data }) {
    if (id !== undefined) return this.answered(this.pending.get(id), event, data);
    if (event === "resumed") return this.resumed(data);
    this.apply(event, data);
  }

  apply(event, data) {
    if (data.pos !== undefined) {
      if (data.pos <= (this.have[data.conversationId] ?? 0)) return;
      this.have[data.conversationId] = data.pos;
    }
    if (event === "change:skipped") this.skipped[data.conversationId] ??= data.pos;
    if (event === "message:received") this.show(data);
    if (event === "message:updated") this.show(data.message);
    if (event === "message:deleted") this.remove(data);
  }

  // Of two states of a message, that with the higher `changedPos` is the newer one, in whatever order they come.
  show(message) {
    const messages = (this.messages[message.conversationId] ??= {});
    if (messages[message.seq]?.changedPos >= message.changedPos) return;
    messages[message.seq] = message;
    this.changed.dispatchEvent(new Event("change"));
  }

  // The event is not a whole message: it changes one that is here, and no other.
  remove({ conversationId, seq, pos, deletedBy, deletedAt }) {
    const known = this.messages[conversationId]?.[seq];
    if (known) this.show({ ...known, content: "", attachment: null, changedPos: pos, deletedBy, deletedAt });
  }

  // All conversations, each in the order of `seq`.
  get shown() {
    return Object.values(this.messages).flatMap((messages) => Object.values(messages).map(({ content }) => content));
  }

  // Catches up with the conversations that did not come whole: those that missed too much or are new to this client, or
  // all that missed anything if `resume` came too late.
  // A node of the previous release sends neither `epoch` nor `reset`: nothing is void.
  async resumed({ epoch = this.epoch, positions, limited, reset = [] }) {
    // The database has lost changes: what this client has of these conversations may be of the lost ones.
    const isNewEpoch = this.epoch !== undefined && this.epoch !== epoch;
    for (const id of isNewEpoch ? Object.keys({ ...this.have, ...this.messages }) : reset) {
      for (const known of [this.have, this.skipped, this.messages]) delete known[id];
    }
    this.epoch = epoch;
    for (const id of new Set([...Object.keys(positions), ...limited])) {
      const hasAll = this.have[id] >= positions[id];
      if (hasAll && !limited.includes(id)) delete this.skipped[id];
      if (!hasAll) await (id in this.have ? this.catchUp(id) : this.readAll(id));
    }
    this.attempts = 0;
    if (this.isLive) return; // A second `resumed` on one connection.
    this.isLive = true;
    for (const command of this.pending.values()) this.issue(command);
  }

  async catchUp(id) {
    // What this node cannot show is skipped again.
    if (this.skipped[id] > this.have[id]) delete this.skipped[id];
    for (let after = this.have[id]; after !== null; ) {
      const path = `/conversations/${id}/changes?after=${after}`;
      const { data, pagination } = await rest("GET", path, this.account.accessToken);
      if (data.reset) {
        this.messages[id] = {};
        return this.readAll(id);
      }
      for (const { event, data: shown } of data.events) this.apply(event, shown);
      after = pagination.nextCursor;
      if (after === null) this.have[id] = pagination.asOfPos;
    }
  }

  async readAll(id) {
    let position;
    for (let after = 0; after !== null; ) {
      const path = `/conversations/${id}/messages?limit=100&after=${after}`;
      const page = await rest("GET", path, this.account.accessToken);
      page.data.forEach((message) => this.show(message));
      position ??= page.pagination.asOfPos; // Later pages may show more, which the changes after it repeat.
      after = page.pagination.prevCursor; // The way to newer messages.
    }
    this.have[id] = position;
  }

  // Sends a command again on each connection until it is answered. A message's key makes that safe.
  ask(event, data) {
    const id = String(++this.asked);
    return new Promise((done, failed) => {
      const command = { frame: { event, data, id }, done, failed };
      this.pending.set(id, command);
      if (this.isLive) this.issue(command);
    });
  }

  issue(command) {
    command.timer = setTimeout(() => this.socket.close(), ANSWER_MS);
    this.write(command.frame);
  }

  answered(command, event, data) {
    if (!command) return;
    clearTimeout(command.timer);
    if (event === "error" && data.retryAfterMs) {
      // One command after the other: all at once would be refused again. The next connection sends all again.
      const { socket } = this;
      const again = () => this.isLive && this.socket === socket && this.issue(command);
      this.retries = this.retries.then(() => pause(data.retryAfterMs)).then(again);
      return;
    }
    this.pending.delete(command.frame.id);
    event === "ack" ? command.done(data) : command.failed(new Error(`${data.code}: ${data.message}`));
  }

  write(frame) {
    this.socket.send(JSON.stringify(frame));
  }

  async renew() {
    const { refreshToken } = this.account;
    Object.assign(this.account, (await rest("POST", "/auth/refresh", null, { refreshToken })).data);
  }

  send(conversationId, content, clientMessageId = randomUUID()) {
    return this.ask("message:send", { conversationId, content, clientMessageId });
  }

  async until(count) {
    const change = (done) => this.changed.addEventListener("change", done, { once: true });
    while (this.shown.length < count) await new Promise(change);
  }

  // A tunnel: the connection ends without a Close frame, and the client cannot reconnect until the tunnel ends.
  enterTunnel() {
    let leave;
    this.network = new Promise((done) => (leave = done));
    this.socket.terminate();
    return leave;
  }

  async close() {
    this.isClosed = true;
    this.socket.close();
    await this.ended;
  }
}

async function register(name) {
  const email = `${name.toLowerCase()}-${randomUUID()}@example.com`;
  return (await rest("POST", "/auth/register", null, { email, name, password: randomUUID() })).data;
}

const accounts = await Promise.all(["Ann", "Bob"].map(register));
const { data: conversation } = await rest("POST", "/conversations", accounts[0].accessToken, {
  participantIds: [accounts[1].user.id],
});
const [ann, bob] = accounts.map((account) => new Client(account));

await ann.send(conversation.id, "one");
await bob.until(1);
console.log(`Bob has ${bob.shown.join(", ")}`);

const leaveTunnel = bob.enterTunnel();
await ann.send(conversation.id, "two");
await ann.send(conversation.id, "three");
console.log(`Bob is away, and still has ${bob.shown.join(", ")}`);

leaveTunnel();
await bob.until(3);
console.log(`Bob is back, and has ${bob.shown.join(", ")}`);

// A client that is not sure whether a message was stored sends it again under the same key.
const key = randomUUID();
const [sent, again] = [await ann.send(conversation.id, "four", key), await ann.send(conversation.id, "four", key)];
console.log(`Ann sends four twice under one key: ${sent.id === again.id ? "one message" : "TWO MESSAGES"}`);

await Promise.all([ann.until(4), bob.until(4)]);
// Answers arrive in order, so all earlier events are here.
await Promise.all([ann, bob].map((client) => client.ask("presence:get", { userId: accounts[0].user.id })));
const { data: history } = await rest("GET", `/conversations/${conversation.id}/messages`, accounts[0].accessToken);
const stored = history.map((message) => message.content).reverse().join(", ");
const same = [ann, bob].every((client) => client.shown.join(", ") === stored);
console.log(`${same ? "Both have" : "NOT BOTH HAVE"} what is stored: ${stored}`);
await Promise.all([ann.close(), bob.close()]);
process.exitCode = same ? 0 : 1;

// Two people, one conversation, and a connection that is lost: nothing is missing, nothing comes twice.
//   npm install ws && node chat.mjs http://127.0.0.1:3000
import { randomUUID } from "node:crypto"; // In browsers: crypto.randomUUID.
import { WebSocket } from "ws"; // In browsers: there already.

const BASE = process.argv[2] ?? "http://127.0.0.1:3000";
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
const ANSWER_MS = 10_000; // Who does not answer for so long is not there any more.
const QUIET_MS = 30_000; // So often the connection is tried: browsers do not show pings.

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
  have = {}; // By conversation: the highest `pos` of those that came.
  seq = {}; // By conversation: the number of the newest message shown.
  shown = [];
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
      if (code === 4001 || code === 4002) await this.renew(); // What fails here means: sign in again.
      // Jitter: a thousand clients that lost one server do not come back in the same instant.
      const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.attempts);
      await pause(code === 4012 ? JSON.parse(reason).retryAfterMs : Math.random() * longest);
    }
  }

  // One connection, to its end.
  async connection() {
    const url = `${BASE.replace("http", "ws")}/api/v1/ws?resume=true`;
    const socket = (this.socket = new WebSocket(url, ["bearer", this.account.accessToken]));
    const timers = [
      setInterval(() => this.isLive && this.ask("presence:get", { userId: this.account.user.id }), QUIET_MS),
      // A fresh token before the old one ends, on the open connection.
      setInterval(
        () => this.renew().then(() => this.ask("auth", { token: this.account.accessToken }), () => socket.close()),
        this.account.expiresIn * 800,
      ),
    ];
    // Frames are taken one after the other, also where one takes a while.
    let frames = Promise.resolve();
    socket.onopen = () => this.write({ event: "resume", data: { resume: this.have } });
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
    if (this.pending.has(id)) return this.answered(this.pending.get(id), event, data);
    if (data.pos !== undefined) {
      if (data.pos <= (this.have[data.conversationId] ?? 0)) return;
      this.have[data.conversationId] = data.pos;
    }
    if (event === "message:received") this.show(data);
    if (event === "resumed") await this.resumed(data);
  }

  show(message) {
    if (message.seq <= (this.seq[message.conversationId] ?? 0)) return;
    this.seq[message.conversationId] = message.seq;
    this.shown.push(message.content);
    this.changed.dispatchEvent(new Event("change"));
  }

  // Everything that was missed has come, except where that was too much, and from conversations that are new here:
  // these are read.
  async resumed({ positions, limited }) {
    for (const [id, pos] of Object.entries(positions)) {
      if (id in this.have && !limited.includes(id)) continue;
      for (let more = true; more; ) {
        const path = `/conversations/${id}/messages?limit=100&after=${this.seq[id] ?? 0}`;
        const page = await rest("GET", path, this.account.accessToken);
        page.data.sort((one, other) => one.seq - other.seq).forEach((message) => this.show(message));
        more = page.pagination.hasMore;
      }
      this.have[id] = pos;
    }
    this.attempts = 0;
    this.isLive = true;
    for (const command of this.pending.values()) this.issue(command);
  }

  // A command that is asked again on each connection until it is answered. The key of a message makes that safe.
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
    clearTimeout(command.timer);
    if (event === "error" && data.retryAfterMs) {
      setTimeout(() => this.isLive && this.issue(command), data.retryAfterMs);
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

  // A tunnel: the connection ends without a word, and there is no other before the end of it.
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

// Whoever is not sure that a message was taken sends it again, under the same key.
const key = randomUUID();
const [sent, again] = [await ann.send(conversation.id, "four", key), await ann.send(conversation.id, "four", key)];
console.log(`Ann sends four twice under one key: ${sent.id === again.id ? "one message" : "TWO MESSAGES"}`);

await Promise.all([ann.until(4), bob.until(4)]);
// Answers come in order: what was sent before them is here.
await Promise.all([ann, bob].map((client) => client.ask("presence:get", { userId: accounts[0].user.id })));
const { data: history } = await rest("GET", `/conversations/${conversation.id}/messages`, accounts[0].accessToken);
const stored = history.map((message) => message.content).reverse().join(", ");
const same = [ann, bob].every((client) => client.shown.join(", ") === stored);
console.log(`${same ? "Both have" : "NOT BOTH HAVE"} what is stored: ${stored}`);
await Promise.all([ann.close(), bob.close()]);
process.exitCode = same ? 0 : 1;

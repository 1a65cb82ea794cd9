// Pages by cursor with a client made by openapi-typescript. The argument is the server's base URL.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

declare const process: { argv: string[]; exit(code: number): never };

type Schemas = components["schemas"];

const baseUrl = process.argv[2] ?? "http://127.0.0.1:3000";
const open = createClient<paths>({ baseUrl });
const run = Date.now().toString(36);

function only<T>(answer: { data?: T; error?: Schemas["ErrorBody"] }): T {
  if (answer.data === undefined) throw new Error(answer.error?.code ?? "no answer");
  return answer.data;
}

async function signIn(name: string): Promise<{ me: string; token: string }> {
  const account = { username: `${name}_${run}`, password: "correct horse battery" };
  const email = `${name}.${run}@example.com`;
  only(await open.POST("/api/v1/auth/register", { body: { ...account, email } }));
  const { data } = only(await open.POST("/api/v1/auth/login", { body: account }));
  return { me: data.user.id, token: data.accessToken };
}

const ann = await signIn("ann");
const bob = await signIn("bob");
const api = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${ann.token}` } });

const rooms: string[] = [];
for (const name of [undefined, "Hiking", "Cooking"]) {
  const body = { participantIds: [bob.me], ...(name === undefined ? {} : { name }) };
  rooms.push(only(await api.POST("/api/v1/conversations", { body })).data.id);
}
const id = rooms[0] ?? "";
for (let number = 1; number <= 5; number += 1) {
  const body = { content: `message ${number}`, clientMessageId: `${run}-${number}` };
  only(await api.POST("/api/v1/conversations/{id}/messages", { params: { path: { id } }, body }));
}

const messages: string[] = [];
let before: string | undefined;
do {
  const query = before === undefined ? { limit: 2 } : { limit: 2, before };
  const page = only(await api.GET("/api/v1/conversations/{id}/messages", { params: { path: { id }, query } }));
  messages.push(...page.data.map((message) => message.content));
  before = "nextCursor" in page.pagination ? (page.pagination.nextCursor ?? undefined) : undefined;
  // The first page is by number: its cursor is the last message.
  if ("page" in page.pagination && page.pagination.hasMore) before = String(page.data.at(-1)?.seq);
} while (before !== undefined);
console.log(messages.join(", "));

let seen = 0;
let cursor: string | null = "";
while (cursor !== null) {
  const query: { limit: number; cursor: string } = { limit: 2, cursor };
  const page: Schemas["ConversationOverviewListAnswer"] = only(
    await api.GET("/api/v1/conversations", { params: { query } }),
  );
  seen += page.data.length;
  cursor = "nextCursor" in page.pagination ? page.pagination.nextCursor : null;
}
console.log(`${seen} conversations`);

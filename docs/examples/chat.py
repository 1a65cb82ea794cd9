"""Two users, one conversation, and a lost connection: no message is missing, no message is repeated.

pip install websockets && python chat.py http://127.0.0.1:3000
"""

import asyncio
import itertools
import json
import random
import sys
import uuid
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

BASE = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:3000"
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
LOST = (1006, "")  # The connection ended without a Close frame, or was never established.


def rest_now(method, path, token=None, body=None):
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    try:
        with urlopen(Request(f"{BASE}/api/v1{path}", data, headers, method=method), timeout=30) as response:
            return json.load(response)
    except HTTPError as refused:
        answer = json.load(refused)
        raise RuntimeError(f"{answer['code']}: {'; '.join(answer['message'])}") from None


async def rest(*request):
    return await asyncio.to_thread(rest_now, *request)


class Client:
    def __init__(self, account):
        self.account = account
        self.epoch = None  # The positions are void in any other epoch of the database.
        self.have = {}  # By conversation: the highest `pos` received.
        self.skipped = {}  # By conversation: the `pos` of the first `change:skipped` that no node has shown since.
        self.messages = {}  # By conversation and `seq`: the messages shown.
        self.pending = {}  # By id: the commands without an answer.
        self.ids = itertools.count(1)
        self.attempts = 0
        self.socket = None
        self.is_live = False
        self.changed = asyncio.Condition()
        self.network = asyncio.Event()
        self.network.set()
        self.task = asyncio.create_task(self.stay())

    async def stay(self):
        """Stays connected until it is cancelled."""
        while True:
            await self.network.wait()
            code, reason = await self.connection()
            if code == 4003:
                raise RuntimeError("the session was ended: sign in again")
            if code in (4001, 4002):
                await self.renew()  # If this fails, the user must sign in again.
            # Jitter: a thousand clients that lost one server must not reconnect at the same moment.
            longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2**self.attempts)
            pause = json.loads(reason)["retryAfterMs"] / 1000 if code == 4012 else random.uniform(0, longest)
            self.attempts = min(self.attempts + 1, 10)
            await asyncio.sleep(pause)

    async def connection(self):
        """Runs one connection until it ends. The package sends pings, and ends a connection that does not answer."""
        url = f"{BASE.replace('http', 'ws', 1)}/api/v1/ws?resume=true"
        token = self.account["accessToken"]
        # Another node may know the changes that the last one skipped: asks for everything from the first of them on.
        self.have.update({conversation: pos - 1 for conversation, pos in self.skipped.items()})
        self.refused = asyncio.Queue()
        tasks = [asyncio.create_task(self.stay_signed_in()), asyncio.create_task(self.retry())]
        try:
            async with connect(url, additional_headers={"authorization": f"Bearer {token}"}) as self.socket:
                await self.write({"event": "resume", "data": {"resume": self.have, "epoch": self.epoch}})
                async for text in self.socket:
                    await self.take(**json.loads(text))
        except InvalidStatus as refused:
            return (4001, "") if refused.response.status_code == 401 else LOST
        except ConnectionClosed:
            pass
        except OSError:  # The connection failed, or took too long.
            return LOST
        finally:
            self.is_live = False
            for task in tasks:
                task.cancel()
        return self.socket.close_code, self.socket.close_reason

    async def stay_signed_in(self):
        """Sends a fresh token on the open connection, before the old one expires."""
        while True:
            await asyncio.sleep(self.account["expiresIn"] * 0.8)
            await self.renew()
            await self.ask("auth", {"token": self.account["accessToken"]})

    async def take(self, event, data, id=None):
        if id is not None:
            self.answered(id, event, data)
        elif event == "resumed":
            await self.resumed(**data)
        else:
            await self.apply(event, data)

    async def apply(self, event, data):
        if "pos" in data:
            if data["pos"] <= self.have.get(data["conversationId"], 0):
                return
            self.have[data["conversationId"]] = data["pos"]
        if event == "change:skipped":
            self.skipped.setdefault(data["conversationId"], data["pos"])
        elif event == "message:received":
            await self.show(data)
        elif event == "message:updated":
            await self.show(data["message"])
        elif event == "message:deleted":
            await self.remove(**data)

    async def show(self, message):
        """Of two states of a message, that with the higher `changedPos` is newer, in whatever order they come."""
        messages = self.messages.setdefault(message["conversationId"], {})
        known = messages.get(message["seq"])
        if known is not None and known["changedPos"] >= message["changedPos"]:
            return
        messages[message["seq"]] = message
        async with self.changed:
            self.changed.notify_all()

    async def remove(self, conversationId, seq, pos, deletedBy, deletedAt, **_):
        """The event is not a whole message: it changes one that is here, and no other."""
        known = self.messages.get(conversationId, {}).get(seq)
        if known is not None:
            deletion = {"changedPos": pos, "deletedBy": deletedBy, "deletedAt": deletedAt}
            await self.show({**known, **deletion, "content": "", "attachment": None})

    @property
    def shown(self):
        """All conversations, each in the order of `seq`."""
        conversations = self.messages.values()
        return [messages[seq]["content"] for messages in conversations for seq in sorted(messages)]

    async def resumed(self, positions, limited, epoch=None, reset=()):
        """Catches up with the conversations that did not come whole: those that missed too much or are new to this
        client, or all that missed anything if `resume` came too late."""
        # The database has lost changes: what this client has of these conversations may be of the lost ones.
        # A node of the previous release sends neither `epoch` nor `reset`: nothing is void.
        epoch = epoch or self.epoch
        is_new_epoch = self.epoch not in (None, epoch)
        for conversation in {**self.have, **self.messages} if is_new_epoch else reset:
            for known in self.have, self.skipped, self.messages:
                known.pop(conversation, None)
        self.epoch = epoch
        for conversation in positions.keys() | limited:
            position = positions.get(conversation)
            has_all = position is not None and self.have.get(conversation, 0) >= position
            if has_all and conversation not in limited:
                self.skipped.pop(conversation, None)
            elif not has_all and conversation in self.have:
                await self.catch_up(conversation)
            elif not has_all:
                await self.read_all(conversation)
        self.attempts = 0
        if self.is_live:  # A second `resumed` on one connection.
            return
        self.is_live = True
        for frame, _ in list(self.pending.values()):
            await self.write(frame)

    async def catch_up(self, conversation):
        # What this node cannot show is skipped again.
        if self.skipped.get(conversation, 0) > self.have[conversation]:
            del self.skipped[conversation]
        after = self.have[conversation]
        while after is not None:
            path = f"/conversations/{conversation}/changes?after={after}"
            page = await rest("GET", path, self.account["accessToken"])
            if page["data"]["reset"]:
                self.messages[conversation] = {}
                await self.read_all(conversation)
                return
            for event in page["data"]["events"]:
                await self.apply(**event)
            after = page["pagination"]["nextCursor"]
        self.have[conversation] = page["pagination"]["asOfPos"]

    async def read_all(self, conversation):
        after, position = 0, None
        while after is not None:
            path = f"/conversations/{conversation}/messages?limit=100&after={after}"
            page = await rest("GET", path, self.account["accessToken"])
            for message in page["data"]:
                await self.show(message)
            if position is None:  # Later pages may show more, which the changes after it repeat.
                position = page["pagination"]["asOfPos"]
            after = page["pagination"]["prevCursor"]  # The way to newer messages.
        self.have[conversation] = position

    async def ask(self, event, data):
        """Sends a command again on each connection until it is answered. A message's key makes that safe."""
        frame = {"event": event, "data": data, "id": str(next(self.ids))}
        answer = asyncio.get_running_loop().create_future()
        self.pending[frame["id"]] = frame, answer
        if self.is_live:
            await self.write(frame)
        return await answer

    def answered(self, id, event, data):
        if id not in self.pending:
            return
        frame, answer = self.pending[id]
        if event == "error" and "retryAfterMs" in data:
            self.refused.put_nowait((frame, data["retryAfterMs"] / 1000))
            return
        del self.pending[id]
        if answer.cancelled():
            return
        if event == "ack":
            answer.set_result(data)
        else:
            answer.set_exception(RuntimeError(f"{data['code']}: {data['message']}"))

    async def retry(self):
        """Sends refused commands again, one after the other: all at once would be refused again."""
        while True:
            frame, pause = await self.refused.get()
            await asyncio.sleep(pause)
            await self.write(frame)

    async def write(self, frame):
        try:
            await self.socket.send(json.dumps(frame))
        except ConnectionClosed:
            pass  # The next connection sends it again.

    async def renew(self):
        answer = await rest("POST", "/auth/refresh", None, {"refreshToken": self.account["refreshToken"]})
        self.account.update(answer["data"])

    async def send(self, conversation, content, key=None):
        message = {"conversationId": conversation, "content": content, "clientMessageId": key or str(uuid.uuid4())}
        return await self.ask("message:send", message)

    async def until(self, count):
        async with self.changed:
            await self.changed.wait_for(lambda: len(self.shown) >= count)

    def enter_tunnel(self):
        """Ends the connection without a Close frame, and allows no other until the tunnel ends."""
        self.network.clear()
        self.socket.transport.abort()

    def leave_tunnel(self):
        self.network.set()

    async def close(self):
        self.task.cancel()
        await asyncio.wait([self.task])


async def register(name):
    email = f"{name.lower()}-{uuid.uuid4()}@example.com"
    account = {"email": email, "name": name, "password": str(uuid.uuid4())}
    return (await rest("POST", "/auth/register", None, account))["data"]


async def main():
    accounts = await asyncio.gather(register("Ann"), register("Bob"))
    token = accounts[0]["accessToken"]
    others = {"participantIds": [accounts[1]["user"]["id"]]}
    conversation = (await rest("POST", "/conversations", token, others))["data"]["id"]
    ann, bob = map(Client, accounts)

    await ann.send(conversation, "one")
    await bob.until(1)
    print("Bob has", ", ".join(bob.shown))

    bob.enter_tunnel()
    await ann.send(conversation, "two")
    await ann.send(conversation, "three")
    print("Bob is away, and still has", ", ".join(bob.shown))

    bob.leave_tunnel()
    await bob.until(3)
    print("Bob is back, and has", ", ".join(bob.shown))

    # A client that is not sure whether a message was stored sends it again under the same key.
    key = str(uuid.uuid4())
    sent, again = await ann.send(conversation, "four", key), await ann.send(conversation, "four", key)
    print("Ann sends four twice under one key:", "one message" if sent["id"] == again["id"] else "TWO MESSAGES")

    for client in ann, bob:
        await client.until(4)
        # Answers arrive in order, so all earlier events are here.
        await client.ask("presence:get", {"userId": accounts[0]["user"]["id"]})
    history = (await rest("GET", f"/conversations/{conversation}/messages", token))["data"]
    stored = [message["content"] for message in reversed(history)]
    same = ann.shown == bob.shown == stored
    print("Both have" if same else "NOT BOTH HAVE", "what is stored:", ", ".join(stored))
    await asyncio.gather(ann.close(), bob.close())
    return 0 if same else 1


sys.exit(asyncio.run(main()))

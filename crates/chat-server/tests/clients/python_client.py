"""Tests a server with python-socketio: python_client.py TRANSPORTS BASE REALTIME

TRANSPORTS is default, websocket or polling. Prints `ok` at the end.
"""

import queue
import sys
import uuid

import requests
import socketio

PATIENCE = 20
transports, BASE, REALTIME = sys.argv[1:4]
CHOSEN = None if transports == "default" else [transports]


def rest(method, path, token=None, body=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = requests.request(method, f"{BASE}/api/v1{path}", json=body, headers=headers, timeout=PATIENCE).json()
    assert answer["success"], answer
    return answer["data"]


def register(name):
    unique = f"{name}-{uuid.uuid4().hex[:12]}"
    body = {"email": f"{unique}@test.example", "username": unique, "password": unique, "name": name}
    data = rest("POST", "/auth/register", body=body)
    return data["user"]["id"], data["accessToken"]


class Client:
    def __init__(self, url, auth, headers=None):
        self.events = {}
        self.refusals = queue.Queue()
        self.io = socketio.Client()
        self.io.on("*", self.heard, namespace="/chat")
        self.io.on("connect_error", self.refusals.put, namespace="/chat")
        self.io.connect(
            url, auth=auth, headers=headers or {}, transports=CHOSEN, namespaces=["/chat"], wait_timeout=PATIENCE
        )

    def heard(self, name, data):
        self.events.setdefault(name, queue.Queue()).put(data)

    def event(self, name):
        return self.events.setdefault(name, queue.Queue()).get(timeout=PATIENCE)

    def ask(self, name, data):
        answer = self.io.call(name, data, namespace="/chat", timeout=PATIENCE)
        assert answer["success"], answer
        return answer["data"]


ann_id, ann = register("ann")
ben_id, ben = register("ben")
group = rest("POST", "/conversations", ann, {"participantIds": [ben_id], "name": "Hikers"})["id"]
at_ann = Client(BASE, {"token": ann})
at_ben = Client(REALTIME, None, {"Authorization": f"Bearer {ben}"})

sent = at_ann.ask("message:send", {"conversationId": group, "content": "Hello"})
received = at_ben.event("groupMessageReceived")
assert (received["messageId"], received["message"], received["senderName"]) == (sent["id"], "Hello", "ann"), received
assert at_ann.event("message:received")["id"] == sent["id"]

answer = at_ben.ask("sendMessage", {"messageData": {"groupId": group, "chatType": "GROUP", "message": "Back"}})
assert at_ben.event("messageSent")["messageId"] == answer["messageId"]
assert at_ann.event("message:received")["content"] == "Back"

wrong = at_ann.io.call("message:send", {"conversationId": group, "content": "x" * 500_000}, namespace="/chat")
assert (wrong["success"], wrong["error"]["code"]) == (False, "VALIDATION_FAILED"), wrong
at_ann.io.emit("no:such", {}, namespace="/chat")
assert at_ann.event("error")["code"] == "UNKNOWN_EVENT"

for number in range(300):
    at_ann.io.emit("message:send", {"conversationId": group, "content": str(number)}, namespace="/chat")
# The library runs each event's handler on a new thread, so the handlers' order is not the order of arrival.
seqs = sorted(at_ben.event("groupMessageReceived")["seq"] for _ in range(301))
assert seqs == list(range(2, 303)), seqs

try:
    Client(BASE, {"token": "no.such.token"})
    raise AssertionError("was let in")
except socketio.exceptions.ConnectionError as error:
    assert "token" in str(error).lower() or "namespace" in str(error).lower(), error

expected = {"default": "websocket"}.get(transports, transports)
assert at_ann.io.transport() == expected, at_ann.io.transport()
at_ann.io.disconnect()
assert at_ben.event("userOffline")["userId"] == ann_id
at_ben.io.disconnect()
print("ok")

"""Pages by cursor with a client made by openapi-python-client. The argument is the server's base URL."""

import sys
import time

from chat_client import AuthenticatedClient, Client
from chat_client.api.auth import login, register
from chat_client.api.conversations import create_conversation, list_conversations
from chat_client.api.messages import list_messages, send_message
from chat_client.models import (
    ConversationOverviewCreatedAnswer,
    ConversationOverviewListAnswer,
    CreateConversationBody,
    CursorPage,
    LoginBody,
    MessageHistoryAnswer,
    MessageSentAnswer,
    RegisterBody,
    RegisteredCreatedAnswer,
    SendMessageBody,
    SignedInAnswer,
)
from chat_client.types import UNSET, Unset

BASE = sys.argv[1]
RUN = format(int(time.time() * 1000), "x")
PASSWORD = "correct horse battery"


def sign_in(name: str) -> SignedInAnswer:
    client = Client(base_url=BASE)
    username = f"{name}_{RUN}"
    body = RegisterBody(email=f"{name}.{RUN}@example.com", password=PASSWORD, username=username)
    registered = register.sync(client=client, body=body)
    assert isinstance(registered, RegisteredCreatedAnswer), registered
    signed_in = login.sync(client=client, body=LoginBody(username=username, password=PASSWORD))
    assert isinstance(signed_in, SignedInAnswer), signed_in
    return signed_in


ann = sign_in("ann").data
bob = sign_in("bob").data.user.id
api = AuthenticatedClient(base_url=BASE, token=ann.access_token)

rooms = []
for room_name in (None, "Hiking", "Cooking"):
    created = create_conversation.sync(
        client=api, body=CreateConversationBody(participant_ids=[bob], name=room_name)
    )
    assert isinstance(created, ConversationOverviewCreatedAnswer), created
    rooms.append(created.data.id)
for number in range(1, 6):
    sent = send_message.sync(
        rooms[0],
        client=api,
        body=SendMessageBody(content=f"message {number}", client_message_id=f"{RUN}-{number}"),
    )
    assert isinstance(sent, MessageSentAnswer), sent

messages: list[str] = []
before: str | Unset = UNSET
while True:
    page = list_messages.sync(rooms[0], client=api, limit=2, before=before)
    assert isinstance(page, MessageHistoryAnswer), page
    messages += [message.content for message in page.data]
    if not page.pagination.has_more:
        break
    before = str(page.data[-1].seq)
print(", ".join(messages))

seen = 0
cursor: str | None = ""
while cursor is not None:
    part = list_conversations.sync(client=api, limit=2, cursor=cursor)
    assert isinstance(part, ConversationOverviewListAnswer), part
    assert isinstance(part.pagination, CursorPage), part.pagination
    seen += len(part.data)
    cursor = part.pagination.next_cursor
print(f"{seen} conversations")

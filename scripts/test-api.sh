#!/usr/bin/env bash
# Tests the API of a running server with curl: health, accounts, conversations, messages, private chats and groups under
# `/chat`, errors, and four journeys. Prints which checks passed and failed; the exit status is 0 if none failed.
#
#   scripts/test-api.sh
#   BASE_URL=https://chat.example.com scripts/test-api.sh
set -uo pipefail

BASE_URL=${BASE_URL:-http://127.0.0.1:3000}
BASE_URL=${BASE_URL%/}
API=$BASE_URL/api/v1
PASSWORD=test-api-password
RUN=$(date +%s)-$$

answer=$(mktemp)
headers=$(mktemp)
trap 'rm -f "$answer" "$headers"' EXIT
passed=0
failed=0

# call METHOD URL [TOKEN] [BODY] [CONTENT_TYPE]: the status in $status, the body in $answer.
call() {
  local url=$2
  [[ $url == /* ]] && url=$API$url
  local arguments=(--silent --output "$answer" --dump-header "$headers" --write-out '%{http_code}' --max-time 60)
  arguments+=(--request "$1")
  [[ -n ${3:-} ]] && arguments+=(--header "Authorization: Bearer $3")
  [[ -n ${4:-} ]] && arguments+=(--header "Content-Type: ${5:-application/json}" --data-binary "$4")
  : >"$answer"
  status=$(curl "${arguments[@]}" "$url") || status=000
}

# text NAME / number NAME: the first value with this name in the answer.
text() { grep -o "\"$1\":\"[^\"]*\"" "$answer" | head -n 1 | cut -d '"' -f 4; }
number() { grep -o "\"$1\":[0-9]*" "$answer" | head -n 1 | cut -d ':' -f 2; }

section() { printf '\n%s\n' "$1"; }

pass() {
  passed=$((passed + 1))
  printf '  ok    %s\n' "$1"
}

fail() {
  failed=$((failed + 1))
  printf '  FAIL  %s\n        got %s: %s\n' "$1" "$status" "$(head -c 400 "$answer")"
}

# expect STATUS TITLE [TEXT...]: the status, and each text somewhere in the body.
expect() {
  local wanted=$1 title=$2 part
  shift 2
  [[ $status == "$wanted" ]] || { fail "$title (expected $wanted)"; return 1; }
  for part in "$@"; do
    grep -qF -- "$part" "$answer" || { fail "$title (expected $part in the body)"; return 1; }
  done
  pass "$title"
}

# expect_error STATUS CODE TITLE: a failure in the error envelope.
expect_error() {
  expect "$1" "$3" '"success":false' "\"statusCode\":$1" "\"code\":\"$2\"" '"message":[' '"requestId":'
}

# same ONE OTHER TITLE
same() { if [[ $1 == "$2" && -n $1 ]]; then pass "$3"; else fail "$3 ('$1' and '$2' differ)"; fi; }

# register NAME: registers a user; sets $token, $refresh, $id and $email.
register() {
  email="$1-$RUN@test.example"
  call POST /auth/register '' \
    "{\"email\":\"$email\",\"username\":\"$1-$RUN\",\"name\":\"$1\",\"password\":\"$PASSWORD\"}"
  token=$(text accessToken) refresh=$(text refreshToken) id=$(text id)
}

section "Health"
call GET "$BASE_URL/"
expect 200 "GET / shows the status of the server" '"status"' '"uptime"' '"timestamp"' '"version"' '"environment"'
call GET "$BASE_URL/health/live"
expect 200 "GET /health/live"
call GET "$BASE_URL/health/ready"
expect 200 "GET /health/ready"
call GET "$BASE_URL/api/openapi.json"
expect 200 "GET /api/openapi.json" '"openapi"'
if [[ $failed -gt 0 && $status == 000 ]]; then
  echo "No answer from $BASE_URL: is the server running?" >&2
  exit 1
fi

section "Accounts"
register ann
expect 201 "register" '"success":true' '"accessToken"' '"refreshToken"' '"expiresIn"' '"user"'
ann=$token ann_id=$id ann_email=$email ann_refresh=$refresh
register ben
expect 201 "register another user"
ben=$token ben_id=$id
register cat
cat=$token cat_id=$id
register eve
eve=$token
call POST /auth/login '' "{\"email\":\"$ann_email\",\"password\":\"$PASSWORD\"}"
expect 200 "login by email" '"accessToken"' '"tokenType":"Bearer"'
call POST /auth/login '' "{\"username\":\"ANN-$RUN\",\"password\":\"$PASSWORD\"}"
expect 200 "login by username, in any case"
session_token=$(text accessToken)
call GET /users/me "$ann"
expect 200 "me" "\"email\":\"$ann_email\""
call GET "/users/$ben_id" "$ann"
expect 200 "another user" '"isOnline"'
call GET "/users/search?q=ben-$RUN" "$ann"
expect 200 "search by username" "$ben_id"
call GET /users/online "$ann"
expect 200 "list online users" '"pagination"'
call PATCH /users/me "$ann" '{"firstName":"Ann","lastName":"Lee"}'
expect 200 "change the profile" '"firstName":"Ann"'
call GET /auth/sessions "$ann"
expect 200 "list of sessions"
call POST /auth/refresh '' "{\"refreshToken\":\"$ann_refresh\"}"
expect 200 "renew the tokens" '"accessToken"' '"refreshToken"'
call POST /auth/logout "$session_token"
expect 200 "logout"
call GET /users/me "$session_token"
expect 401 "a token is invalid after logout"

section "Conversations"
call POST /conversations "$ann" "{\"participantIds\":[\"$ben_id\"]}"
expect 201 "create a direct conversation" '"isGroup":false'
direct=$(text id)
call POST /conversations "$ben" "{\"participantIds\":[\"$ann_id\"]}"
expect 201 "create it again as the other user"
same "$(text id)" "$direct" "there is one direct conversation per pair"
call POST /conversations "$ann" "{\"participantIds\":[\"$ben_id\"],\"name\":\"Project $RUN\"}"
expect 201 "create a group" '"isGroup":true' "\"name\":\"Project $RUN\""
group=$(text id)
call GET '/conversations?page=1&limit=10' "$ann"
expect 200 "list conversations" "$direct" "$group" '"pagination"' '"total":2'
call GET "/conversations/$group" "$ann"
expect 200 "a conversation" '"participantCount":2'
call PATCH "/conversations/$group" "$ann" '{"description":"All about it"}'
expect 200 "describe a group" '"description":"All about it"'

section "Messages"
call POST "/conversations/$direct/messages" "$ann" '{"content":"Hello Ben"}'
expect 201 "send a message" '"seq":1' '"content":"Hello Ben"'
call POST "/conversations/$direct/messages" "$ben" '{"content":"Hello Ann","clientMessageId":"key-1"}'
expect 201 "send with a key" '"seq":2'
message=$(text id)
call POST "/conversations/$direct/messages" "$ben" '{"content":"Hello Ann","clientMessageId":"key-1"}'
expect 200 "send it again with the same key" '"duplicate":true'
same "$(text id)" "$message" "the same key is the same message"
call GET "/conversations/$direct/messages" "$ann"
expect 200 "history" 'Hello Ben' 'Hello Ann' '"pagination"'
call GET "/conversations/$direct/messages?before=2&limit=1" "$ann"
expect 200 "history by cursor" 'Hello Ben'
call PATCH "/conversations/$direct/messages/$message" "$ben" '{"content":"Hello dear Ann"}'
expect 200 "edit a message" '"content":"Hello dear Ann"' '"editedAt":"'
changed=$(number changedPos)
call PATCH "/conversations/$direct/messages/$message" "$ben" '{"content":"Hello dear Ann"}'
same "$(number changedPos)" "$changed" "the same edit again changes nothing"
call PATCH "/conversations/$direct/messages/$message" "$ben" '{"content":"Dear Ann","ifChangedPos":1}'
expect_error 409 MESSAGE_CHANGED "reject an edit of an older state"
call PATCH "/conversations/$direct/messages/$message" "$ann" '{"content":"I did not say that"}'
expect_error 403 FORBIDDEN "only the author edits a message"
call GET "/conversations/$direct/messages/$message" "$ann"
expect 200 "get a message" '"content":"Hello dear Ann"'
call GET "/conversations/$direct/messages/$message/edits" "$ann"
expect 200 "list its earlier versions" '"content":"Hello Ann"' "\"pos\":$changed"
call POST "/conversations/$direct/messages/batch-get" "$ann" "{\"ids\":[\"$message\"]}"
expect 200 "get messages by their ids" '"content":"Hello dear Ann"'
call PUT "/conversations/$direct/messages/$message/reactions/%F0%9F%91%8D" "$ann"
expect 200 "react to a message" '"emoji":"👍"' '"count":1' "\"userIds\":[\"$ann_id\"]"
changed=$(number changedPos)
call PUT "/conversations/$direct/messages/$message/reactions/%F0%9F%91%8D" "$ann"
same "$(number changedPos)" "$changed" "the same reaction again changes nothing"
call PUT "/conversations/$direct/messages/$message/reactions/party?replace=true" "$ann"
expect 200 "replace a reaction" "\"reactions\":[{\"emoji\":\"party\",\"count\":1,\"userIds\":[\"$ann_id\"]}]"
call GET "/conversations/$direct/messages/$message/reactions?emoji=party" "$ben"
expect 200 "list the users who reacted" "\"id\":\"$ann_id\""
call DELETE "/conversations/$direct/messages/$message/reactions/party" "$ann"
expect 200 "take a reaction back" '"reactions":[]'
call PUT "/conversations/$direct/messages/$message/reactions/two%20words" "$ann"
expect_error 400 VALIDATION_FAILED "a reaction is one emoji or a name"
call PUT "/conversations/$direct/pins/$message" "$ann"
expect 200 "pin a message" '"pinnedAt":"'
call GET "/conversations/$direct/pins" "$ben"
expect 200 "list the pinned messages" "\"id\":\"$message\""
call DELETE "/conversations/$direct/pins/$message" "$ben"
expect 200 "unpin it" '"pinnedAt":null'
call POST "/conversations/$direct/messages" "$ben" '{"content":"Wrong chat"}'
mistake=$(text id)
call DELETE "/conversations/$direct/messages/$mistake" "$ben"
expect 200 "delete a message" '"seq":3' '"content":""' "\"deletedBy\":\"$ben_id\""
call DELETE "/conversations/$direct/messages/$mistake" "$ben"
expect 200 "delete it again" '"seq":3'
call PATCH "/conversations/$direct/messages/$mistake" "$ben" '{"content":"Back"}'
expect_error 409 MESSAGE_DELETED "a deleted message is not edited"
call POST "/conversations/$direct/read" "$ann" '{"seq":3}'
expect 200 "move the read position"
call GET "/conversations/$direct" "$ann"
same "$(number unreadCount)" 0 "no message is unread afterwards"

section "Threads"
call POST "/conversations/$direct/messages/$message/thread" "$ann"
expect 201 "open the thread of a message" "\"messageId\":\"$message\"" '"replyCount":0'
thread=$(text id)
call POST "/conversations/$direct/messages/$message/thread" "$ben"
expect 200 "open it again as another user"
same "$(text id)" "$thread" "a message has one thread"
call POST "/conversations/$thread/messages" "$ann" '{"content":"A reply"}'
expect 201 "reply in the thread" '"seq":1' "\"conversationId\":\"$thread\""
call GET "/threads?unread=true" "$ben"
expect 200 "the author of the message follows the thread" "$thread" '"unreadCount":1'
call POST "/conversations/$thread/read" "$ben"
expect 200 "read the thread" '"unreadCount":0'
call GET "/conversations/$thread/messages" "$ben"
expect 200 "the messages of a thread" 'A reply'
call DELETE "/conversations/$thread/follow" "$ben"
expect 200 "stop following" '"isFollowing":false'
call PUT "/conversations/$thread/follow" "$ben"
expect 200 "follow again" '"isFollowing":true'
call GET "/conversations/$direct/threads" "$ben"
expect 200 "list the threads of a conversation" "$thread" '"replyCount":1'
call GET "/threads/$thread" "$cat"
expect_error 403 NOT_A_PARTICIPANT "a thread is closed to users outside the conversation"

section "Private chats and groups under /chat"
call POST /chat/message "$ann" "{\"chatRoomId\":\"user1_user2\",\"chatType\":\"PRIVATE\",
  \"receiver\":\"$cat_id\",\"message\":\"Hello, how are you?\"}"
expect 201 "send a private message" '"chatType":"PRIVATE"' "\"receiver\":\"$cat_id\"" \
  '"status":"SENT"' '"isMine":true' '"senderDetails"'
chat_message=$(text messageId)
call GET "/chat/messages/undelivered/$cat_id/$ann_id" "$cat"
expect 200 "list undelivered messages" "$chat_message"
call PUT "/chat/messages/delivered/$cat_id/$ann_id" "$cat"
expect 200 "mark it as delivered" '"modifiedCount":1'
call PUT "/chat/message/$chat_message/status" "$cat" '{"status":"read"}'
expect 200 "mark a message as read" '"status":"READ"'
call PUT "/chat/messages/read/$cat_id/$ann_id" "$cat"
expect 200 "mark the chat as read" '"modifiedCount":0'
call POST /chat/messages/fetch "$ann" "{\"currentUserId\":\"$ann_id\",\"senderId\":\"$ann_id\",
  \"receiverId\":\"$cat_id\",\"page\":1,\"limit\":20}"
expect 200 "fetch the private chat" "$chat_message" '"pagination"'
call GET "/chat/rooms/$ann_id" "$ann"
expect 200 "list private chats with unread counts" '"latestMessage":"Hello, how are you?"' '"unreadCount":0'
call POST /chat/group "$ann" "{\"groupName\":\"Project Developers $RUN\",
  \"groupDescription\":\"Discussion group for project team\",\"members\":[\"$ben_id\"]}"
expect 201 "create a group" '"groupId"' '"members":[' '"admins":[' "\"createdBy\":\"$ann_id\""
chat_group=$(text groupId) invite=$(text inviteCode)
call POST /chat/group "$ben" "{\"groupName\":\"project developers $RUN\"}"
expect_error 409 GROUP_NAME_TAKEN "reject a second group with this name"
call POST /chat/message "$ann" "{\"chatRoomId\":\"group_$chat_group\",\"chatType\":\"GROUP\",
  \"groupId\":\"$chat_group\",\"message\":\"Great work on the feature!\"}"
expect 201 "send to the group" "\"chatRoomId\":\"group_$chat_group\"" '"readBy":[]'
call POST "/chat/group/$chat_group/member" "$ann" "{\"userId\":\"$cat_id\"}"
expect 201 "add a member" '"membersCount":3'
call DELETE "/chat/group/$chat_group/member/$cat_id" "$ann"
expect 200 "remove a member" '"membersCount":2'
call POST "/chat/group/join/$invite" "$cat"
expect_error 403 REMOVED_BY_ADMIN "a removed member cannot rejoin by the invite code"
call POST "/chat/group/join/$invite" "$eve"
expect 201 "join by the invite code" '"membersCount":3'
call PUT "/chat/group/$chat_group/invite-code/revoke" "$ann"
expect 200 "revoke the invite code" '"inviteCode"'
call POST "/chat/group/join/$invite" "$ben"
expect_error 404 INVITE_NOT_FOUND "a revoked invite code is invalid"
call POST /chat/messages/fetch "$ann" \
  "{\"currentUserId\":\"$ann_id\",\"groupId\":\"$chat_group\",\"page\":1,\"limit\":20}"
expect 200 "fetch the group's messages" 'Great work on the feature!'
call GET "/chat/group/$chat_group" "$ben"
expect 200 "the group" '"groupDescription":"Discussion group for project team"'
call PUT "/chat/group/$chat_group" "$ann" '{"groupDescription":"All about the project"}'
expect 200 "change the group" '"groupDescription":"All about the project"'
call GET "/chat/groups/search?q=developers%20$RUN" "$ben"
expect 200 "search groups by a part of the name" "$chat_group"
call GET "/chat/user/$ann_id/groups" "$ann"
expect 200 "list the user's groups" "$chat_group" "$group"
call GET "/chat/group-rooms/$ann_id" "$ann"
expect 200 "list groups with unread counts" '"latestMessage":"Great work on the feature!"'
call GET "/conversations/$chat_group" "$ben"
expect 200 "the group is a conversation" '"isGroup":true' '"participantCount":3'
call PUT "/chat/user/$ann_id/last-seen" "$ann"
expect 200 "update the own last seen time" '"lastSeen":"'
call GET "/chat/user/$ann_id/last-seen" "$ben"
expect 200 "another user's last seen time" '"lastSeen":"'
call GET "/chat/user/$ann_id/online-status" "$ben"
expect 200 "another user's online status" '"isOnline":'
call GET "/chat/rooms/$ann_id" "$ben"
expect_error 403 FORBIDDEN "403 for another user's list"
call DELETE "/chat/group/$chat_group" "$ben"
expect_error 403 NOT_AN_ADMIN "members cannot deactivate a group"
call DELETE "/chat/group/$chat_group" "$ann"
expect 200 "deactivate the group" '"isActive":false'
call POST /chat/message "$ann" "{\"chatType\":\"GROUP\",\"groupId\":\"$chat_group\",\"message\":\"Still here?\"}"
expect_error 403 GROUP_INACTIVE "no member can send to it any more"

section "Errors"
call POST /auth/register '' '{"email":"not-an-email","password":"short"}'
expect_error 400 VALIDATION_FAILED "400 for a body that breaks rules"
call POST /auth/register '' '{"email":'
expect_error 400 MALFORMED_JSON "400 for a body that is not JSON"
call POST /conversations "$ann" "{\"participantIds\":[\"$ben_id\"],\"colour\":\"red\"}"
expect_error 400 VALIDATION_FAILED "400 for an unknown field"
call GET /conversations/not-a-uuid "$ann"
expect_error 400 VALIDATION_FAILED "400 for a bad id"
call GET /conversations
expect_error 401 UNAUTHENTICATED "401 without a token"
call GET /conversations not.a.token
expect_error 401 TOKEN_INVALID "401 with a bad token"
call POST /auth/login '' "{\"email\":\"$ann_email\",\"password\":\"wrong-password\"}"
expect_error 401 INVALID_CREDENTIALS "401 for a wrong password"
call GET "/conversations/$direct" "$cat"
expect_error 403 NOT_A_PARTICIPANT "403 for a stranger"
call GET /conversations/00000000-0000-4000-8000-000000000000 "$ann"
expect_error 404 CONVERSATION_NOT_FOUND "404 for an unknown conversation"
call GET /no/such/route "$ann"
expect_error 404 ROUTE_NOT_FOUND "404 for an unknown route"
call PUT /conversations "$ann" '{}'
expect_error 405 METHOD_NOT_ALLOWED "405 for an unsupported method"
call POST /auth/register '' "{\"email\":\"$ann_email\",\"name\":\"Ann\",\"password\":\"$PASSWORD\"}"
expect_error 409 EMAIL_TAKEN "409 for an email that is taken"
big=$(mktemp)
head -c 1100000 /dev/zero | tr '\0' 'x' >"$big"
call POST "/conversations/$direct/messages" "$ann" "@$big"
rm -f "$big"
expect_error 413 PAYLOAD_TOO_LARGE "413 for a body over 1 MB"
call POST /auth/login '' 'email=a' text/plain
expect_error 415 UNSUPPORTED_MEDIA_TYPE "415 for another content type than JSON"

section "Journey: a new user (register, login, create a conversation)"
register dan
expect 201 "register"
dan_email=$email
call POST /auth/login '' "{\"email\":\"$dan_email\",\"password\":\"$PASSWORD\"}"
expect 200 "login"
dan=$(text accessToken)
call POST /conversations "$dan" "{\"participantIds\":[\"$ann_id\"]}"
expect 201 "create a conversation"
call GET /conversations "$dan"
expect 200 "find it in the list" '"total":1'

section "Journey: messaging (login, conversations, send, history)"
call POST /auth/login '' "{\"email\":\"$ann_email\",\"password\":\"$PASSWORD\"}"
expect 200 "login"
ann=$(text accessToken)
call GET /conversations "$ann"
expect 200 "get the conversations" "$direct"
call POST "/conversations/$direct/messages" "$ann" '{"content":"Lunch?"}'
expect 201 "send a message" '"seq":4'
call GET "/conversations/$direct" "$ben"
expect 200 "the other user sees it as the last message" '"content":"Lunch?"'
call GET "/conversations/$direct/messages" "$ben"
expect 200 "get the history" 'Lunch?' 'Hello Ben'

section "Journey: a group (create it, add participants, send, remove)"
call POST /conversations "$ann" "{\"participantIds\":[\"$ben_id\"],\"name\":\"Team $RUN\"}"
expect 201 "create a group"
team=$(text id)
call POST "/conversations/$team/participants" "$ann" "{\"userId\":\"$cat_id\"}"
expect 201 "add a participant"
call POST "/conversations/$team/participants" "$ann" "{\"userId\":\"$cat_id\"}"
expect_error 409 ALREADY_A_PARTICIPANT "reject a participant who is already in"
call POST "/conversations/$team/messages" "$cat" '{"content":"Thanks for having me"}'
expect 201 "the new participant sends"
call GET "/conversations/$team/messages" "$ben"
expect 200 "every participant reads it" 'Thanks for having me'
call DELETE "/conversations/$team/participants/$ann_id" "$ben"
expect_error 403 NOT_AN_ADMIN "members cannot remove participants"
call PATCH "/conversations/$team/participants/$ann_id" "$ann" '{"role":"member"}'
expect_error 409 LAST_ADMIN "the last admin stays one"
call PATCH "/conversations/$team/participants/$ben_id" "$ann" '{"role":"admin"}'
expect 200 "make another participant an admin" '"role":"admin"'
call GET "/conversations/$team/participants?limit=2" "$cat"
expect 200 "list the participants in parts" '"hasMore":true'
call DELETE "/conversations/$team/participants/$cat_id" "$ann"
expect 200 "an admin removes a participant"
call POST "/conversations/$team/messages" "$cat" '{"content":"Still here?"}'
expect_error 403 NOT_A_PARTICIPANT "a removed participant cannot send"

section "Journey: catching up (miss messages, read the changes, sync)"
call GET "/conversations/$direct/messages?limit=1" "$ben"
expect 200 "a page says up to which change it is" '"asOfPos":'
position=$(number asOfPos)
call GET /users/me/unread "$ben"
unread=$(number total)
call POST "/conversations/$direct/messages" "$ann" '{"content":"Are you there?"}'
expect 201 "send a message that the other user misses"
call GET "/conversations/$direct/changes?after=$position" "$ben"
expect 200 "read the changes" '"event":"message:received"' 'Are you there?' '"reset":false'
call POST /sync "$ben" "{\"positions\":{\"$direct\":$position}}"
expect 200 "sync" '"event":"message:received"' 'Are you there?' '"limited":[]'
call GET "/conversations/$direct/changes?after=1000000" "$ben"
expect 200 "a position beyond the newest change" '"reset":true'
call GET /users/me/unread "$ben"
expect 200 "count the unread messages" '"total":' &&
  same "$(number total)" $((unread + 1)) "the missed message is one more"

printf '\n%d passed, %d failed\n' "$passed" "$failed"
[[ $failed -eq 0 ]]

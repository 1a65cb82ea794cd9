#!/usr/bin/env bash
# Fills a running server with sample users, conversations and messages, using only its API. A second run adds nothing.
#
#   scripts/seed-data.sh            seed
#   scripts/seed-data.sh --reset    remove the sample users and their memberships
#   BASE_URL=https://chat.example.com scripts/seed-data.sh
set -euo pipefail

BASE_URL=${BASE_URL:-http://127.0.0.1:3000}
API=${BASE_URL%/}/api/v1
PASSWORD=${SEED_PASSWORD:-sample-password-1}
PEOPLE=(alice:Alice bob:Bob carol:Carol dave:Dave erin:Erin)

answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# call METHOD PATH TOKEN [BODY]: the status in $status, the body in $answer.
call() {
  local arguments=(--silent --show-error --output "$answer" --write-out '%{http_code}' --max-time 60 --request "$1")
  [[ -n $3 ]] && arguments+=(--header "Authorization: Bearer $3")
  [[ $# -ge 4 ]] && arguments+=(--header 'Content-Type: application/json' --data "$4")
  if ! status=$(curl "${arguments[@]}" "$API$2"); then
    echo "No answer from $BASE_URL: is the server running?" >&2
    exit 1
  fi
}

# text NAME: the first text of this name in the answer.
text() { grep -o "\"$1\":\"[^\"]*\"" "$answer" | head -n 1 | cut -d '"' -f 4; }

fail() {
  echo "$1 failed with $status: $(cat "$answer")" >&2
  exit 1
}

# Stores the answer's token and user id under a name (in token_NAME and id_NAME).
remember() {
  printf -v "token_$1" %s "$(text accessToken)"
  printf -v "id_$1" %s "$(grep -o '"user":{[^}]*' "$answer" | grep -o '"id":"[^"]*"' | head -n 1 | cut -d '"' -f 4)"
}

token_of() { local name=token_$1; printf %s "${!name}"; }
id_of() { local name=id_$1; printf %s "${!name}"; }

sign_in() { call POST /auth/login '' "{\"email\":\"$1@sample.example\",\"password\":\"$PASSWORD\"}"; }

seed_user() {
  local username=$1 name=$2
  call POST /auth/register '' \
    "{\"email\":\"$username@sample.example\",\"username\":\"sample-$username\",\"name\":\"$name\",
      \"password\":\"$PASSWORD\"}"
  case $status in
    201) echo "user          $name" ;;
    409)
      sign_in "$username"
      [[ $status == 200 ]] || fail "signing $username in"
      echo "user          $name (exists)"
      ;;
    *) fail "registering $username" ;;
  esac
  remember "$username"
}

# find_group USER NAME: the id of the group of this name among the user's newest 100 conversations; empty if none.
find_group() {
  call GET '/conversations?limit=100' "$(token_of "$1")"
  [[ $status == 200 ]] || fail "listing conversations"
  grep -o "\"id\":\"[^\"]*\",\"name\":\"$2\"" "$answer" | head -n 1 | cut -d '"' -f 4 || true
}

# seed_conversation NAME OWNER OTHER...: sets $conversation to its id. With an empty name the conversation is direct.
seed_conversation() {
  local name=$1 owner=$2 ids='' other
  shift 2
  for other in "$@"; do ids+="${ids:+,}\"$(id_of "$other")\""; done
  conversation=
  [[ -n $name ]] && conversation=$(find_group "$owner" "$name")
  if [[ -n $conversation ]]; then
    echo "conversation  $name (exists)"
    return
  fi
  call POST /conversations "$(token_of "$owner")" "{\"participantIds\":[$ids]${name:+,\"name\":\"$name\"}}"
  [[ $status == 201 ]] || fail "creating a conversation"
  conversation=$(text id)
  echo "conversation  ${name:-$owner and $1}"
}

# say USER TEXT: sends a message to $conversation. The key makes a repetition harmless.
say() {
  local key
  key="sample-$(printf '%s' "$1 $2" | cksum | cut -d ' ' -f 1)"
  call POST "/conversations/$conversation/messages" "$(token_of "$1")" \
    "{\"content\":\"$2\",\"clientMessageId\":\"$key\"}"
  [[ $status == 201 || $status == 200 ]] || fail "sending a message"
  if [[ $status == 201 ]]; then messages_new=$((messages_new + 1)); else messages_known=$((messages_known + 1)); fi
}

# edit USER TEXT, erase USER: changes the message that was just said.
edit() {
  call PATCH "/conversations/$conversation/messages/$(text id)" "$(token_of "$1")" "{\"content\":\"$2\"}"
  [[ $status == 200 ]] || fail "editing a message"
}

erase() {
  call DELETE "/conversations/$conversation/messages/$(text id)" "$(token_of "$1")"
  [[ $status == 200 ]] || fail "deleting a message"
}

# react USER EMOJI: reacts to the message that was just said. EMOJI is percent-encoded.
react() {
  call PUT "/conversations/$conversation/messages/$(text id)/reactions/$2" "$(token_of "$1")"
  [[ $status == 200 ]] || fail "reacting to a message"
}

seed() {
  local person
  messages_new=0 messages_known=0
  for person in "${PEOPLE[@]}"; do seed_user "${person%%:*}" "${person##*:}"; done

  seed_conversation '' alice bob
  say alice 'Hi Bob, are we still on for lunch?'
  say bob 'Sure. Twelve at the usual place?'
  say alice 'Perfect, see you there.'

  seed_conversation 'Sample: release' alice bob carol dave
  say alice 'The release is on Thursday. Who has something open?'
  say carol 'Two reviews, done by tomorrow.'
  say dave 'Nothing from me, I can take one of them.'
  say bob 'The notes are writen.'
  edit bob 'The notes are written.'

  seed_conversation 'Sample: coffee' carol dave erin
  say erin 'The machine on the second floor works again.'
  react carol '%F0%9F%8E%89'
  react dave '%F0%9F%91%8D'
  say carol 'You saved the day.'
  say dave 'Is this the release group?'
  erase dave

  echo "messages      $messages_new new, $messages_known existing"
  echo "Sign in as alice@sample.example (or bob, carol, dave, erin) with the password $PASSWORD."
}

reset() {
  local person username
  for person in "${PEOPLE[@]}"; do
    username=${person%%:*}
    sign_in "$username"
    if [[ $status == 401 ]]; then
      echo "user          ${person##*:} (does not exist)"
      continue
    fi
    [[ $status == 200 ]] || fail "signing $username in"
    call DELETE /users/me "$(text accessToken)"
    [[ $status == 20? ]] || fail "removing $username"
    echo "removed       ${person##*:}"
  done
}

case ${1:-} in
  '') seed ;;
  --reset) reset ;;
  *)
    sed -n '2,7s/^# \{0,1\}//p' "$0"
    [[ $1 == --help || $1 == -h ]]
    ;;
esac

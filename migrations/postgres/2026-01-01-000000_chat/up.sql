-- Times are microseconds since 1970 as BIGINT: the domain's own numbers, as in the embedded store, without the narrower
-- range of timestamptz. Uniqueness and search compare the `..._key` columns, which the application lower-cases; they
-- are ordered by code point in every locale of the database. Tables that every send updates leave free space in their
-- pages, so that an update changes no index.

CREATE TABLE users (
    id UUID NOT NULL PRIMARY KEY,
    -- Empty after the account is deleted; the row stays for the messages that refer to it.
    email TEXT,
    email_key TEXT COLLATE "C" UNIQUE,
    username TEXT,
    username_key TEXT COLLATE "C" UNIQUE,
    name TEXT,
    name_key TEXT COLLATE "C",
    first_name TEXT,
    last_name TEXT,
    avatar TEXT,
    last_seen BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT
) WITH (fillfactor = 80);

CREATE INDEX users_by_name ON users (name_key, username_key) WHERE name_key IS NOT NULL;

CREATE TABLE credentials (
    user_id UUID NOT NULL PRIMARY KEY REFERENCES users (id),
    password_hash TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- One row per sign-in: a family of refresh tokens, of which it stores the present one and the previous one.
CREATE TABLE sessions (
    id UUID NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    token_hash BYTEA NOT NULL CHECK (octet_length(token_hash) = 32),
    previous_hash BYTEA CHECK (octet_length(previous_hash) = 32),
    rotated_at BIGINT,
    user_agent TEXT,
    ip TEXT,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    end_reason TEXT CHECK (
        end_reason IN ('signed_out', 'token_reused', 'password_changed', 'account_deleted', 'displaced')),
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);

CREATE INDEX live_sessions_by_user ON sessions (user_id, last_used_at) WHERE ended_at IS NULL;
CREATE INDEX ended_sessions ON sessions (ended_at, user_id) WHERE ended_at IS NOT NULL;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE conversations (
    id UUID NOT NULL PRIMARY KEY,
    is_group BOOLEAN NOT NULL,
    name TEXT,
    description TEXT,
    avatar TEXT,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    created_by UUID NOT NULL REFERENCES users (id),
    -- The pair of a direct conversation: at most one conversation per pair.
    direct_key TEXT COLLATE "C" UNIQUE,
    -- Set only for groups whose name is reserved; free again once the group is inactive.
    group_name_key TEXT COLLATE "C",
    invite_code TEXT COLLATE "C" UNIQUE,
    last_seq BIGINT NOT NULL DEFAULT 0,
    last_pos BIGINT NOT NULL DEFAULT 0,
    participant_count INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CHECK (is_group = (direct_key IS NULL)),
    CHECK (last_seq >= 0 AND last_pos >= last_seq)
) WITH (fillfactor = 70);

CREATE UNIQUE INDEX active_group_names ON conversations (group_name_key)
    WHERE group_name_key IS NOT NULL AND is_active;

CREATE TABLE participants (
    conversation_id UUID NOT NULL REFERENCES conversations (id),
    user_id UUID NOT NULL REFERENCES users (id),
    role TEXT NOT NULL CHECK (role IN ('admin', 'member')),
    joined_at BIGINT NOT NULL,
    -- Both are set for a user who left and has not rejoined.
    left_at BIGINT,
    left_pos BIGINT,
    joined_seq BIGINT NOT NULL,
    delivered_seq BIGINT NOT NULL,
    read_seq BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, user_id),
    CHECK ((left_at IS NULL) = (left_pos IS NULL))
) WITH (fillfactor = 70);

CREATE INDEX participations_of_user ON participants (user_id, conversation_id) WHERE left_at IS NULL;
CREATE INDEX participants_by_age ON participants (conversation_id, joined_at, user_id) WHERE left_at IS NULL;

-- No foreign keys: a send holds the conversation's row and has read the participant's, and neither conversations nor
-- users are ever removed. A key on the sender would lock, and so rewrite, the sender's row with every message.
CREATE TABLE messages (
    conversation_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    id UUID NOT NULL,
    pos BIGINT NOT NULL,
    sender_id UUID NOT NULL,
    body TEXT NOT NULL,
    attachment TEXT,
    reply_to UUID,
    client_message_id TEXT COLLATE "C",
    -- A digest of the message that was sent under the key.
    fingerprint BYTEA CHECK (octet_length(fingerprint) = 32),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    edited_at BIGINT,
    deleted_at BIGINT,
    PRIMARY KEY (conversation_id, seq),
    CHECK (seq >= 1 AND pos > seq),
    CHECK ((client_message_id IS NULL) = (fingerprint IS NULL))
);

CREATE UNIQUE INDEX messages_by_id ON messages (id);
CREATE UNIQUE INDEX messages_by_pos ON messages (conversation_id, pos);
CREATE UNIQUE INDEX messages_by_key ON messages (conversation_id, sender_id, client_message_id)
    WHERE client_message_id IS NOT NULL;

-- All durable changes except new messages. A `pos` is a row here or in `messages`, never in both.
CREATE TABLE conversation_changes (
    conversation_id UUID NOT NULL REFERENCES conversations (id),
    pos BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('created', 'updated', 'participant_added', 'participant_removed')),
    at BIGINT NOT NULL,
    -- The user concerned, and the role. No foreign key: it would lock a user after a conversation, but users are locked
    -- before conversations.
    user_id UUID,
    role TEXT CHECK (role IN ('admin', 'member')),
    -- For a creation: the ids of all participants.
    member_ids UUID[],
    PRIMARY KEY (conversation_id, pos)
);

-- Ids are 16-byte blobs, times are microseconds since 1970. Uniqueness and search compare the `..._key` columns, which
-- the application lower-cases. Tables without a rowid are read by their primary key in one descent.

CREATE TABLE users (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    -- Empty after the account is deleted; the row stays for the messages that refer to it.
    email TEXT,
    email_key TEXT UNIQUE,
    username TEXT,
    username_key TEXT UNIQUE,
    name TEXT,
    name_key TEXT,
    first_name TEXT,
    last_name TEXT,
    avatar TEXT,
    last_seen BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT
) WITHOUT ROWID;

-- Includes the username's key, so that the index alone answers a search by name in order.
CREATE INDEX users_by_name ON users (name_key, username_key) WHERE name_key IS NOT NULL;

CREATE TABLE credentials (
    user_id BLOB NOT NULL PRIMARY KEY REFERENCES users (id),
    password_hash TEXT NOT NULL,
    updated_at BIGINT NOT NULL
) WITHOUT ROWID;

-- One row per sign-in: a family of refresh tokens, of which it stores the present one and the previous one.
CREATE TABLE sessions (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id BLOB NOT NULL REFERENCES users (id),
    token_hash BLOB NOT NULL CHECK (length(token_hash) = 32),
    previous_hash BLOB CHECK (length(previous_hash) = 32),
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
) WITHOUT ROWID;

CREATE INDEX live_sessions_by_user ON sessions (user_id, last_used_at) WHERE ended_at IS NULL;
CREATE INDEX ended_sessions ON sessions (ended_at, user_id) WHERE ended_at IS NOT NULL;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE conversations (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    is_group BOOLEAN NOT NULL,
    name TEXT,
    description TEXT,
    avatar TEXT,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    created_by BLOB NOT NULL REFERENCES users (id),
    -- The pair of a direct conversation: at most one conversation per pair.
    direct_key TEXT UNIQUE,
    -- Set only for groups whose name is reserved; free again once the group is inactive.
    group_name_key TEXT,
    invite_code TEXT UNIQUE,
    last_seq BIGINT NOT NULL DEFAULT 0,
    last_pos BIGINT NOT NULL DEFAULT 0,
    participant_count INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CHECK (is_group = (direct_key IS NULL))
) WITHOUT ROWID;

CREATE UNIQUE INDEX active_group_names ON conversations (group_name_key)
    WHERE group_name_key IS NOT NULL AND is_active;

CREATE TABLE participants (
    conversation_id BLOB NOT NULL REFERENCES conversations (id),
    user_id BLOB NOT NULL REFERENCES users (id),
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
) WITHOUT ROWID;

CREATE INDEX participations_of_user ON participants (user_id, conversation_id) WHERE left_at IS NULL;
CREATE INDEX participants_by_age ON participants (conversation_id, joined_at, user_id) WHERE left_at IS NULL;

CREATE TABLE messages (
    conversation_id BLOB NOT NULL REFERENCES conversations (id),
    seq BIGINT NOT NULL,
    id BLOB NOT NULL CHECK (length(id) = 16),
    pos BIGINT NOT NULL,
    sender_id BLOB NOT NULL REFERENCES users (id),
    body TEXT NOT NULL,
    attachment TEXT,
    reply_to BLOB,
    client_message_id TEXT,
    -- A digest of the message that was sent under the key.
    fingerprint BLOB,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    edited_at BIGINT,
    deleted_at BIGINT,
    PRIMARY KEY (conversation_id, seq),
    CHECK ((client_message_id IS NULL) = (fingerprint IS NULL))
) WITHOUT ROWID;

CREATE UNIQUE INDEX messages_by_id ON messages (id);
CREATE UNIQUE INDEX messages_by_pos ON messages (conversation_id, pos);
CREATE UNIQUE INDEX messages_by_key ON messages (conversation_id, sender_id, client_message_id)
    WHERE client_message_id IS NOT NULL;

-- All durable changes except new messages. A `pos` is a row here or in `messages`, never in both.
CREATE TABLE conversation_changes (
    conversation_id BLOB NOT NULL REFERENCES conversations (id),
    pos BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('created', 'updated', 'participant_added', 'participant_removed')),
    at BIGINT NOT NULL,
    -- The user concerned, and the role.
    user_id BLOB REFERENCES users (id),
    role TEXT CHECK (role IN ('admin', 'member')),
    -- For a creation: the ids of all participants, 16 bytes each.
    member_ids BLOB,
    PRIMARY KEY (conversation_id, pos)
) WITHOUT ROWID;

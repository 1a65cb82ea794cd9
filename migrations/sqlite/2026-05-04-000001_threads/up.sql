-- A thread is a conversation that hangs on a message of its parent. Its row in `conversations` has the parent, and is
-- never active: its activity is that of the parent. It has no participants. So whatever lists or counts conversations
-- leaves threads out, also in the previous release.
ALTER TABLE conversations ADD COLUMN parent_id BLOB;

-- What only threads have. `deleted_messages` counts tombstones.
CREATE TABLE threads (
    id BLOB NOT NULL PRIMARY KEY REFERENCES conversations (id),
    parent_id BLOB NOT NULL REFERENCES conversations (id),
    root_id BLOB NOT NULL UNIQUE,
    root_seq BIGINT NOT NULL,
    deleted_messages BIGINT NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE UNIQUE INDEX threads_of_parent ON threads (parent_id, root_seq);

-- Who follows a thread. A row counts while the user takes part in the parent by the membership under which they
-- followed, the one that began at `member_since`. Nothing is written here when a membership ends.
CREATE TABLE thread_followers (
    thread_id BLOB NOT NULL REFERENCES threads (id),
    user_id BLOB NOT NULL,
    parent_id BLOB NOT NULL,
    member_since BIGINT NOT NULL,
    followed_at BIGINT NOT NULL,
    joined_seq BIGINT NOT NULL,
    delivered_seq BIGINT NOT NULL,
    read_seq BIGINT NOT NULL,
    PRIMARY KEY (thread_id, user_id)
) WITHOUT ROWID;

CREATE INDEX threads_of_follower ON thread_followers (user_id);
CREATE INDEX followers_by_age ON thread_followers (thread_id, followed_at, user_id);

-- The rows that count.
CREATE VIEW present_followers AS
SELECT thread_followers.*
FROM thread_followers
JOIN participants
    ON participants.conversation_id = thread_followers.parent_id
    AND participants.user_id = thread_followers.user_id
    AND participants.joined_at = thread_followers.member_since
    AND participants.left_at IS NULL;

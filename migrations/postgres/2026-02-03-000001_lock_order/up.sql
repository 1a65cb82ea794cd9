-- Rows are locked in one order: users, credentials, sessions, conversations, participants. A foreign key to users
-- breaks it: PostgreSQL checks the key again whenever a transaction updates a row for the second time, and the check
-- locks the user after the conversation. Users are never removed, and every statement that adds a row for a user holds
-- that user first, so the keys protected nothing.
LOCK TABLE users, credentials, sessions, conversations, participants IN ACCESS EXCLUSIVE MODE;

ALTER TABLE credentials DROP CONSTRAINT credentials_user_id_fkey;
ALTER TABLE sessions DROP CONSTRAINT sessions_user_id_fkey;
ALTER TABLE conversations DROP CONSTRAINT conversations_created_by_fkey;
ALTER TABLE participants DROP CONSTRAINT participants_user_id_fkey;

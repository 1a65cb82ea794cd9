DROP TABLE conversation_changes;
DROP TABLE messages;
DROP TABLE participants;
DROP TABLE conversations;
DROP TABLE sessions;
DROP TABLE credentials;
DROP TABLE users;

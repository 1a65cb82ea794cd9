//! Password hashing and tokens: bcrypt, JWT and refresh tokens behind the ports of chat-domain.

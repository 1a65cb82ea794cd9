-- Codes for registration by invitation: each admits one user. Only a digest of the code is stored.
CREATE TABLE registration_invites (
    code_hash BYTEA NOT NULL PRIMARY KEY CHECK (octet_length(code_hash) = 32),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    used_by UUID
);

CREATE INDEX registration_invites_by_end ON registration_invites (expires_at);

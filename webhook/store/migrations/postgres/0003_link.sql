-- Links that are good once. What is in the link itself is not kept, only its hash.
CREATE TABLE links (
    hash       BYTEA PRIMARY KEY,            -- SHA-256 of the token
    person     BIGINT NOT NULL,              -- the id of the user
    repository BIGINT NOT NULL,              -- its id
    pull       BIGINT NOT NULL,              -- the number of the pull request
    head       TEXT NOT NULL,                -- the commit that was its head
    payload    BYTEA NOT NULL,
    expires    BIGINT NOT NULL,
    spent      BIGINT NOT NULL DEFAULT 0     -- when it was used
);
CREATE INDEX links_pull ON links (repository, pull);
CREATE INDEX links_expires ON links (expires);

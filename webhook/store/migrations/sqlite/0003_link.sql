-- Links that are good once. What is in the link itself is not kept, only its hash.
CREATE TABLE links (
    hash       BLOB PRIMARY KEY,             -- SHA-256 of the token
    person     INTEGER NOT NULL,             -- the id of the user
    repository INTEGER NOT NULL,             -- its id
    pull       INTEGER NOT NULL,             -- the number of the pull request
    head       TEXT NOT NULL,                -- the commit that was its head
    payload    BLOB NOT NULL,
    expires    INTEGER NOT NULL,
    spent      INTEGER NOT NULL DEFAULT 0    -- when it was used
);
CREATE INDEX links_pull ON links (repository, pull);
CREATE INDEX links_expires ON links (expires);

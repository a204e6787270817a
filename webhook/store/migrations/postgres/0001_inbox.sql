-- Times are microseconds since 1970, 0 for none.
CREATE TABLE deliveries (
    seq        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- the order in which they came
    id         TEXT NOT NULL UNIQUE,
    event      TEXT NOT NULL,
    key        TEXT NOT NULL,                -- what only one job at a time works on
    class      TEXT NOT NULL,                -- newer ones of a class supersede older ones; '' never
    received   BIGINT NOT NULL,
    outcome    TEXT NOT NULL DEFAULT 'pending'
               CHECK (outcome IN ('pending', 'done', 'failed', 'superseded', 'dropped')),
    code       TEXT NOT NULL DEFAULT '',     -- of the last error
    attempt    BIGINT NOT NULL DEFAULT 0,   -- attempts that failed
    crashes    BIGINT NOT NULL DEFAULT 0,   -- starts since the last orderly end
    not_before BIGINT NOT NULL DEFAULT 0,
    turn       BIGINT NOT NULL DEFAULT 0,   -- the River job that works on it, 0 for none
    finished   BIGINT NOT NULL DEFAULT 0,
    payload    BYTEA                         -- NULL once it is not needed
);
CREATE INDEX deliveries_pending ON deliveries (key, class, seq) WHERE outcome = 'pending';
CREATE INDEX deliveries_finished ON deliveries (finished) WHERE outcome <> 'pending';
CREATE INDEX deliveries_failed ON deliveries (seq) WHERE outcome = 'failed';

-- The processes that work on the queue, and when each was last seen alive.
CREATE TABLE replicas (
    id   TEXT PRIMARY KEY,
    seen BIGINT NOT NULL
);

-- The log of what was done to the outside world, for whom.
CREATE TABLE actions (
    seq     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key     TEXT NOT NULL UNIQUE,
    job     TEXT NOT NULL,                   -- the delivery
    target  TEXT NOT NULL,                   -- the pull request or repository
    actor   TEXT NOT NULL,                   -- who asked
    what    TEXT NOT NULL,
    state   TEXT NOT NULL CHECK (state IN ('planned', 'done')),
    result  TEXT NOT NULL DEFAULT '',        -- such as the id of the comment
    planned BIGINT NOT NULL,
    done    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX actions_target ON actions (target, seq);
CREATE INDEX actions_planned ON actions (planned);

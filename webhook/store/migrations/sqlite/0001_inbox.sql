-- Times are microseconds since 1970, 0 for none.
CREATE TABLE deliveries (
    seq        INTEGER PRIMARY KEY,          -- the order in which they came
    id         TEXT NOT NULL UNIQUE,
    event      TEXT NOT NULL,
    key        TEXT NOT NULL,                -- what only one job at a time works on
    class      TEXT NOT NULL,                -- newer ones of a class supersede older ones; '' never
    received   INTEGER NOT NULL,
    outcome    TEXT NOT NULL DEFAULT 'pending'
               CHECK (outcome IN ('pending', 'done', 'failed', 'superseded', 'dropped')),
    code       TEXT NOT NULL DEFAULT '',     -- of the last error
    attempt    INTEGER NOT NULL DEFAULT 0,   -- attempts that failed
    crashes    INTEGER NOT NULL DEFAULT 0,   -- starts since the last orderly end
    not_before INTEGER NOT NULL DEFAULT 0,
    turn       INTEGER NOT NULL DEFAULT 0,   -- the River job that works on it, 0 for none
    finished   INTEGER NOT NULL DEFAULT 0,
    payload    BLOB                          -- NULL once it is not needed
);
CREATE INDEX deliveries_pending ON deliveries (key, class, seq) WHERE outcome = 'pending';
CREATE INDEX deliveries_finished ON deliveries (finished) WHERE outcome <> 'pending';
CREATE INDEX deliveries_failed ON deliveries (seq) WHERE outcome = 'failed';

-- The processes that work on the queue, and when each was last seen alive.
CREATE TABLE replicas (
    id   TEXT PRIMARY KEY,
    seen INTEGER NOT NULL
);

-- The log of what was done to the outside world, for whom.
CREATE TABLE actions (
    seq     INTEGER PRIMARY KEY,
    key     TEXT NOT NULL UNIQUE,
    job     TEXT NOT NULL,                   -- the delivery
    target  TEXT NOT NULL,                   -- the pull request or repository
    actor   TEXT NOT NULL,                   -- who asked
    what    TEXT NOT NULL,
    state   TEXT NOT NULL CHECK (state IN ('planned', 'done')),
    result  TEXT NOT NULL DEFAULT '',        -- such as the id of the comment
    planned INTEGER NOT NULL,
    done    INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX actions_target ON actions (target, seq);
CREATE INDEX actions_planned ON actions (planned);

-- What is remembered until it is done with or taken back, however long that is: the action
-- log is a log, and can be cleared. repo is GitHub's id of the repository, pull the number
-- of the pull request, times are microseconds since 1970.

-- Promotions that were asked for on an open pull request.
CREATE TABLE asks (
    seq     INTEGER PRIMARY KEY,             -- the order in which they came
    repo    INTEGER NOT NULL,
    pull    INTEGER NOT NULL,
    login   TEXT NOT NULL,                   -- who asked
    subject TEXT NOT NULL,                   -- a newer one of the same person and subject replaces it
    key     TEXT NOT NULL,                   -- what it answers
    comment INTEGER NOT NULL,                -- where it was asked
    ask     TEXT NOT NULL,                   -- JSON
    UNIQUE (repo, pull, login, subject)
);
-- Commits that the service made, before a branch named them.
CREATE TABLE commits (
    repo   INTEGER NOT NULL,
    id     TEXT NOT NULL,
    branch TEXT NOT NULL,
    PRIMARY KEY (repo, id)
);
-- What a promotion had that a person closed.
CREATE TABLE closed_promotions (
    repo    INTEGER NOT NULL,
    branch  TEXT NOT NULL,
    content TEXT NOT NULL,                   -- a hash of the files
    PRIMARY KEY (repo, branch)
);
-- Automatic promotions of an app to an environment, with the commit before the first push.
CREATE TABLE automations (
    repo        INTEGER NOT NULL,
    environment TEXT NOT NULL,
    app         TEXT NOT NULL,
    before      TEXT NOT NULL,
    PRIMARY KEY (repo, environment, app)
);
-- Pull requests that GitHub was asked to merge, with their heads.
CREATE TABLE auto_merges (
    repo INTEGER NOT NULL,
    pull INTEGER NOT NULL,
    head TEXT NOT NULL,
    PRIMARY KEY (repo, pull)
);
-- Files whose values were in plain in the history of a pull request.
CREATE TABLE exposures (
    seq         INTEGER PRIMARY KEY,         -- the order in which they were sealed
    repo        INTEGER NOT NULL,
    pull        INTEGER NOT NULL,
    path        TEXT NOT NULL,
    environment TEXT NOT NULL,
    changed     INTEGER NOT NULL DEFAULT 0,  -- 1 when somebody said that the values were changed
    UNIQUE (repo, pull, path, environment)
);
-- Forms that were sent and of which it is to be said what came of them.
CREATE TABLE forms (
    delivery TEXT PRIMARY KEY,
    form     TEXT NOT NULL                   -- JSON, without values
);

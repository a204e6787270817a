-- What a person said is not to be promoted. Times are microseconds since 1970.
CREATE TABLE holds (
    repo        BIGINT NOT NULL,                 -- GitHub's id of the repository
    environment TEXT NOT NULL,
    app         TEXT NOT NULL,               -- '' for all of the environment
    reason      TEXT NOT NULL,
    login       TEXT NOT NULL,               -- who said so
    since       BIGINT NOT NULL,
    automatic   BIGINT NOT NULL,                 -- 1 when only automatic promotions are held
    PRIMARY KEY (repo, environment, app)
);

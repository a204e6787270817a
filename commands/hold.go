package commands

import (
	"context"
	"time"
)

// Holds keeps what a person said is not to be promoted.
type Holds interface {
	// Hold records a hold; one of the same environment and app is replaced.
	Hold(ctx context.Context, h Hold) error
	// Unhold removes a hold and reports whether there was one.
	Unhold(ctx context.Context, repo int64, environment, app string) (bool, error)
	// Holds returns those of a repository, by environment and app.
	Holds(ctx context.Context, repo int64) ([]Hold, error)
}

// Hold says that nothing is to be promoted to an environment.
type Hold struct {
	// Repo is GitHub's id of the repository.
	Repo        int64
	Environment string
	// App is "" for all of the environment.
	App string
	// Reason is what a person wrote, which may be nothing; Login who that was.
	Reason, Login string
	Since         time.Time
	// Automatic says that only automatic promotions are held, as after a rollback.
	Automatic bool
}

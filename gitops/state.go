package gitops

import (
	"slices"
	"time"
)

// Ask is a promotion that somebody asked for on a pull request that is still open.
type Ask struct {
	// Key is what it answers: a line of a comment.
	Key string
	// Comment is where it was asked, Login by whom.
	Comment int64
	Login   string
	// Subject is what is promoted where to: of one person and subject the newest ask counts.
	Subject string
	// Promotion is what is asked for, as who reads it wrote it.
	Promotion []byte
}

// Exposure is a file whose values were in plain in the history of a pull request.
type Exposure struct {
	Path, Environment string
	// Changed says that somebody who may says that the values were changed.
	Changed bool
}

// Hold says that nothing is to be promoted to an environment of a repository.
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

// What names the environment and the app that are held, as a person types them.
func (h Hold) What() string {
	if h.App == "" {
		return h.Environment
	}
	return h.Environment + " " + h.App
}

// Covers reports whether the hold is about a promotion of apps to an environment.
func (h Hold) Covers(environment string, apps []string, automatic bool) bool {
	return h.Environment == environment && (h.App == "" || slices.Contains(apps, h.App)) && (!h.Automatic || automatic)
}

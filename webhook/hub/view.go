package hub

import (
	"slices"
	"time"
)

// Comment is a comment as it is now, for tests and pages.
type Comment struct {
	ID     int64
	Author string
	// Bot is set when an App wrote it.
	Bot  bool
	Body string
	// History are the bodies before, oldest first: what readers of the edit
	// history see.
	History   []string
	Reactions []Reaction
	Created   time.Time
	Updated   time.Time
}

// Reaction is one person's reaction.
type Reaction struct{ Content, By string }

// Pull is a pull request as it is now.
type Pull struct {
	Number                  int
	Title, Body, State      string
	Author                  string
	Draft, Merged           bool
	Head, HeadSHA, HeadRepo string // HeadRepo is empty when the fork is gone
	Base, MergeSHA          string
	Labels                  []string
	Reactions               []Reaction
	Created                 time.Time
	// AutoMerge is the method by which GitHub merges it once it may; "" when it does not.
	AutoMerge string
	// Plain is set for an issue that is no pull request.
	Plain bool
}

// Check is a check run as it is now.
type Check struct {
	ID                          int64
	Name, App, SHA              string
	Status, Conclusion, Details string
	ExternalID                  string
	Title, Summary, Text        string
	Annotations                 []Annotation
	Started, Completed          time.Time
}

// Annotation is a remark on lines of a file.
type Annotation struct {
	Path                  string
	StartLine, EndLine    int
	Level, Title, Message string
}

// Delivery is one attempt to deliver an event.
type Delivery struct {
	ID            int64
	GUID          string
	Event, Action string
	// Code is the status it was answered with, 0 while it is under way.
	Code       int
	Redelivery bool
	// App is the id of the App that it is for. Lost is set when a rule of [Hub.Lose]
	// dropped it.
	App     int64
	Lost    bool
	Payload []byte
}

// Comments returns the comments of an issue or pull request, oldest first.
func (h *Hub) Comments(fullName string, n int) []Comment {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, err := h.repo(fullName)
	if err != nil || r.issue(n) == nil {
		return nil
	}
	var list []Comment
	for _, c := range r.issue(n).comments {
		list = append(list, Comment{ID: c.id, Author: c.user.login, Bot: c.user.app != nil, Body: c.body, History: slices.Clone(c.history),
			Reactions: reactionsOf(c.reactions), Created: c.created, Updated: c.updated})
	}
	return list
}

func reactionsOf(list []*reaction) []Reaction {
	var out []Reaction
	for _, r := range list {
		out = append(out, Reaction{r.content, r.user.login})
	}
	return out
}

// Pulls returns the issues and pull requests of a repository by number.
func (h *Hub) Pulls(fullName string) []Pull {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, err := h.repo(fullName)
	if err != nil {
		return nil
	}
	var list []Pull
	for _, is := range r.issues {
		list = append(list, is.view())
	}
	return list
}

// view is a copy: what a test holds does not change under it.
func (is *issue) view() Pull {
	v := Pull{Number: is.number, Title: is.title, Body: is.body, State: is.state, Author: is.user.login, Reactions: reactionsOf(is.reactions), Created: is.created, Plain: is.pull == nil}
	for _, l := range is.labels {
		v.Labels = append(v.Labels, l.name)
	}
	if p := is.pull; p != nil {
		v.Draft, v.Merged, v.Head, v.HeadSHA, v.Base, v.MergeSHA = p.draft, !p.merged.IsZero(), p.head, p.headSHA, p.base, p.mergeSHA
		v.AutoMerge = p.auto
		if p.headRepo != nil {
			v.HeadRepo = p.headRepo.fullName()
		}
	}
	return v
}

// Checks returns the check runs on a commit in the order of their creation, those that
// newer ones replaced included.
func (h *Hub) Checks(fullName, sha string) []Check {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, err := h.repo(fullName)
	if err != nil {
		return nil
	}
	var list []Check
	for _, run := range r.runs {
		if run.sha == sha {
			list = append(list, run.view())
		}
	}
	return list
}

// view is a copy, as that of an issue.
func (run *checkRun) view() Check {
	get := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	v := Check{ID: run.id, Name: run.name, App: run.app.slug, SHA: run.sha, Status: run.status, Conclusion: run.conclusion, Details: run.details,
		ExternalID: run.external, Title: get(run.title), Summary: get(run.summary), Text: get(run.text), Started: run.started, Completed: run.completed}
	for _, a := range run.annotations {
		v.Annotations = append(v.Annotations, Annotation{Path: a.Path, StartLine: a.StartLine, EndLine: a.EndLine, Level: a.Level, Title: a.Title, Message: a.Message})
	}
	return v
}

// Deliveries returns every attempt to deliver, in the order of their events.
func (h *Hub) Deliveries() []Delivery {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []Delivery
	for _, d := range h.deliveries {
		list = append(list, Delivery{ID: d.id, GUID: d.guid, Event: d.event, Action: d.action, Code: d.code, Redelivery: d.again, App: d.app.id, Lost: d.lost, Payload: d.payload})
	}
	return list
}

// Redeliver sends a delivery again, as the App's owner can by hand.
func (h *Hub) Redeliver(id int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range h.deliveries {
		if d.id == id {
			h.repost(d)
			return
		}
	}
}

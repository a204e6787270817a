package pages

import (
	"cmp"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealift/sealift/webhook/hub"
)

// maxHistory is how many former versions of a comment are shown.
const maxHistory = 5

// emoji are GitHub's reactions.
var emoji = map[string]string{"+1": "👍", "-1": "👎", "laugh": "😄", "hooray": "🎉", "confused": "😕", "heart": "❤️", "rocket": "🚀", "eyes": "👀"}

// conversationView is the first tab.
type conversationView struct {
	pullView
	Text      commentView
	Items     []item
	Conflicts []string
	Notice    notice
	Me        string
	People    []Person
	Quick     []string
	Actions   []Action
}

// notice is what the last deed came to.
type notice struct {
	Status      int
	Text, Draft string
	Login       string
}

// item is one entry of the timeline: a comment, a commit, or that it was merged.
type item struct {
	Key     string
	Time    time.Time
	Comment *commentView
	Commit  *commit
}

// commentView is a comment as it is shown.
type commentView struct {
	ID        int64
	Author    string
	Bot       bool
	Role      string
	HTML      template.HTML
	Created   time.Time
	Updated   time.Time
	Edits     int
	History   []template.HTML // newest first
	Reactions []reactionView
}

// reactionView is how many gave one reaction, and who.
type reactionView struct {
	Emoji, Content, By string
	Count              int
}

// conversation is the page of a pull request.
func (p *pages) conversation(w http.ResponseWriter, r *http.Request) {
	repo, v, err := p.pull(r)
	if err != nil {
		p.failWith(w, r, err)
		return
	}
	p.showConversation(w, r, repo, v, notice{Status: http.StatusOK})
}

func (p *pages) showConversation(w http.ResponseWriter, r *http.Request, repo string, v hub.Pull, n notice) {
	view, err := p.viewOf(r, repo, v, "conversation")
	if err != nil {
		p.failWith(w, r, err)
		return
	}
	body := conversationView{pullView: view, Notice: n, Me: n.Login, People: p.o.People, Quick: p.o.Quick, Actions: p.o.Actions,
		Text: commentView{Author: v.Author, Role: p.role(v.Author), HTML: p.rendered(repo, v.Body), Created: v.Created, Reactions: reactions(v.Reactions)}}
	if body.Me == "" {
		body.Me = p.me(r)
	}
	body.Items = p.timeline(repo, v, view.Commits)
	if view.State == "open" {
		body.Conflicts = p.conflicts(r, repo, v)
	}
	p.show(w, r, n.Status, "conversation", layout{Title: view.title(), Repo: repo, Nav: "pulls", Live: n.Status == http.StatusOK, Body: body})
}

// me is who was chosen last.
func (p *pages) me(r *http.Request) string {
	if c, err := r.Cookie(cookie); err == nil {
		if login, err := url.QueryUnescape(c.Value); err == nil && p.known(login) {
			return login
		}
	}
	if len(p.o.People) == 0 {
		return ""
	}
	return p.o.People[0].Login
}

func (p *pages) role(login string) string {
	i := slices.IndexFunc(p.o.People, func(one Person) bool { return one.Login == login })
	if i < 0 {
		return ""
	}
	return p.o.People[i].Role
}

// timeline is comments and commits in the order they came.
func (p *pages) timeline(repo string, v hub.Pull, commits []commit) []item {
	var list []item
	for _, c := range commits {
		list = append(list, item{Key: "commit-" + c.SHA, Time: c.Time, Commit: &c})
	}
	for _, c := range p.hub.Comments(repo, v.Number) {
		list = append(list, item{Key: "issuecomment-" + strconv.FormatInt(c.ID, 10), Time: c.Created, Comment: p.commentView(repo, c)})
	}
	slices.SortStableFunc(list, func(a, b item) int { return a.Time.Compare(b.Time) })
	return list
}

func (p *pages) commentView(repo string, c hub.Comment) *commentView {
	v := &commentView{ID: c.ID, Author: strings.TrimSuffix(c.Author, "[bot]"), Bot: c.Bot, Role: p.role(c.Author), HTML: p.rendered(repo, c.Body),
		Created: c.Created, Updated: c.Updated, Edits: len(c.History), Reactions: reactions(c.Reactions)}
	for _, old := range c.History[max(0, len(c.History)-maxHistory):] {
		v.History = append(v.History, p.rendered(repo, old))
	}
	slices.Reverse(v.History)
	return v
}

// reactions counts reactions of a kind.
func reactions(list []hub.Reaction) []reactionView {
	var out []reactionView
	for _, r := range list {
		i := slices.IndexFunc(out, func(v reactionView) bool { return v.Content == r.Content })
		if i < 0 {
			out = append(out, reactionView{Emoji: cmp.Or(emoji[r.Content], r.Content), Content: r.Content, By: r.By, Count: 1})
			continue
		}
		out[i].Count++
		out[i].By += ", " + r.By
	}
	return out
}

// conflicts returns the files that cannot be merged.
func (p *pages) conflicts(r *http.Request, repo string, v hub.Pull) []string {
	tip := p.hub.Tip(repo, v.Base)
	if v.Plain || tip == "" {
		return nil
	}
	a, err := p.git(r.Context(), repo, "merge-tree", "--write-tree", "--name-only", "--no-messages", tip, v.HeadSHA)
	if err != nil || a.status == 0 {
		return nil // merging will say what is wrong
	}
	lines := strings.Split(strings.TrimSpace(a.out), "\n")
	return lines[min(1, len(lines)):] // after the tree
}

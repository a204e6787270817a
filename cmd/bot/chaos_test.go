package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sealift/sealift/commands"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/hub"
	"github.com/sealift/sealift/webhook/queue"
	"github.com/sealift/sealift/webhook/store"
	"github.com/sealift/sealift/webhook/store/pgtest"
)

// TestChaosService kills the whole service at random moments while people work
// and GitHub fails in all ways it can. Then everything that was accepted is worked
// off, and each pull request has exactly one comment and a newest check, for
// the newest commits of head and base, and one answer to each question.
// SEALIFT_CHAOS_KILLS is how often, SEALIFT_CHAOS_SEED repeats a run as far as
// the machine lets it.
func TestChaosService(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		newServiceChaos(t, "", 1, nil).run()
	})
	t.Run("postgres, two replicas", func(t *testing.T) {
		t.Parallel()
		server := newPostgres(t)
		newServiceChaos(t, server.Database(t), 2, nil).run()
	})
	t.Run("postgres killed", func(t *testing.T) {
		t.Parallel()
		server := newPostgres(t)
		newServiceChaos(t, server.Database(t), 2, server).run()
	})
}

func newPostgres(t *testing.T) *pgtest.Server {
	server := &pgtest.Server{}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// How much there is to do: organisations, each with a repository, and pull
// requests in each.
const (
	chaosOrgs  = 2
	chaosPulls = 3
)

type serviceChaos struct {
	*box
	server   *pgtest.Server // killed too, unless nil
	database string
	rng      *rand.Rand
	kills    int
	repos    []string
	broken   map[string]bool // by repository and branch: the newest head does not render
	retried  map[string]int  // by delivery
	counts   struct{ pushes, bases, questions, killed, servers int }
}

func newServiceChaos(t *testing.T, database string, replicas int, server *pgtest.Server) *serviceChaos {
	kills, seed := envNumber(t, "SEALIFT_CHAOS_KILLS", 3), envNumber(t, "SEALIFT_CHAOS_SEED", uint64(time.Now().UnixNano()))
	t.Logf("SEALIFT_CHAOS_SEED=%d SEALIFT_CHAOS_KILLS=%d", seed, kills)
	c := &serviceChaos{
		box: newBox(t, database, replicas), server: server, rng: rand.New(rand.NewPCG(seed, 4)), kills: int(kills),
		broken: map[string]bool{}, retried: map[string]int{},
	}
	if c.database = database; database == "" {
		c.database = c.replicas[0].dir + "/sealift.db"
	}
	for i := range chaosOrgs {
		c.repos = append(c.repos, c.addOrg(fmt.Sprint("org", i), "shop", shop()))
	}
	return c
}

func envNumber(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	v := os.Getenv(name)
	if v == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(v, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// shop is a small repository: a base and two overlays.
func shop() map[string]string {
	return map[string]string{
		"app/base/kustomization.yaml":          "resources: [cm.yaml]\n",
		"app/base/cm.yaml":                     configMap("shop", "0"),
		"app/overlays/dev/kustomization.yaml":  "resources: [../../base]\nnamePrefix: dev-\n",
		"app/overlays/prod/kustomization.yaml": "resources: [../../base]\nnamePrefix: prod-\n",
	}
}

func configMap(name, value string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\ndata: {value: \"" + value + "\"}\n"
}

// run does it all.
func (c *serviceChaos) run() {
	for _, r := range c.replicas {
		r.start()
	}
	for _, repo := range c.repos {
		for n := range chaosPulls {
			c.openPull(repo, fmt.Sprint("change", n))
		}
	}
	c.trouble()
	for range c.kills {
		for range 1 + c.rng.IntN(6) {
			c.someoneActs()
		}
		// The moment is random, so that all that is under way is met.
		<-time.After(time.Duration(c.rng.IntN(1500)) * time.Millisecond)
		c.strike()
	}
	c.hub.ClearFaults()
	c.hub.Release()
	c.settle()
	c.verify()
}

// trouble makes the hub fail.
func (c *serviceChaos) trouble() {
	wait := http.Header{"Retry-After": {"1"}}
	for _, f := range []hub.Fault{
		{Path: "/*/*/git-upload-pack", Delay: 300 * time.Millisecond, Probability: 0.3},
		{Status: http.StatusBadGateway, Probability: 0.02},
		{Reset: true, Probability: 0.02},
		{Reset: true, After: true, Probability: 0.02}, // it was done, and nobody knows
		{Status: http.StatusForbidden, Header: wait, Probability: 0.01},
		{Status: http.StatusTooManyRequests, Header: wait, Probability: 0.01},
	} {
		c.hub.Fault(f)
	}
	for _, l := range []hub.Loss{{Double: true, Probability: 0.15}, {Late: true, Probability: 0.15}, {Drop: true, Probability: 0.05}} {
		c.hub.Lose(l)
	}
}

func (c *serviceChaos) openPull(repo, branch string) {
	c.push(repo, branch)
	if _, err := c.hub.User(developer).OpenPull(c.t.Context(), repo, hub.NewPull{Title: branch, Head: branch}); err != nil {
		c.t.Fatal(err)
	}
}

// push commits to a branch something that renders, or does not.
func (c *serviceChaos) push(repo, branch string) {
	c.counts.pushes++
	broken := c.rng.IntN(3) == 0
	resources := "resources: [../../base]\n"
	if broken {
		resources = "resources: [../../base, absent.yaml]\n"
	}
	overlay := fmt.Sprintf("%snamePrefix: p%d-\n", resources, c.counts.pushes)
	_, err := c.hub.User(developer).Push(c.t.Context(), repo, branch, "change", map[string]string{"app/overlays/prod/kustomization.yaml": overlay})
	if err != nil {
		c.t.Fatal(err)
	}
	c.broken[repo+":"+branch] = broken
}

// someoneActs pushes to a pull request, moves the base of all, or asks for
// something.
func (c *serviceChaos) someoneActs() {
	repo, n := c.repos[c.rng.IntN(chaosOrgs)], c.rng.IntN(chaosPulls)
	var err error
	switch c.rng.IntN(8) {
	case 0:
		c.counts.bases++
		_, err = c.hub.User(admin).Push(c.t.Context(), repo, "main", "base", map[string]string{"app/base/cm.yaml": configMap("shop", fmt.Sprint(c.counts.bases))})
	case 1, 2:
		c.counts.questions++
		_, err = c.hub.User(developer).Comment(repo, n+1, "/help")
	default:
		c.push(repo, fmt.Sprint("change", n))
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// strike kills a process, and the database where it is one, and starts them again.
func (c *serviceChaos) strike() {
	r := c.replicas[c.rng.IntN(len(c.replicas))]
	if c.server != nil && c.rng.IntN(2) == 0 {
		c.counts.servers++
		c.server.Kill(c.t)
		c.someoneActs() // and is refused
		c.server.Restart(c.t)
	}
	c.counts.killed++
	r.kill()
	if c.rng.IntN(2) == 0 {
		c.someoneActs() // while it is down
	}
	r.start()
}

// settle starts all anew, which asks for what never came, and waits until nothing
// is left to do. Work that waits for its next attempt is retried at once, as
// `bot jobs retry` does, unless GitHub told it to wait; work that was given up is not.
// It fails when something is missing that can come no more.
func (c *serviceChaos) settle() {
	for _, r := range c.replicas {
		r.stop()
	}
	for _, r := range c.replicas {
		r.start()
	}
	s, q := c.queue()
	defer s.Close()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for !c.settled(s, q) {
		select {
		case <-again.C:
		case <-c.t.Context().Done():
			c.t.Fatal("the test ended first")
		}
	}
}

func (c *serviceChaos) queue() (*store.Store, *queue.Queue) {
	s, err := store.Open(c.t.Context(), c.database, store.Options{})
	if err != nil {
		c.t.Fatal(err)
	}
	q, err := queue.New(s, nil, queue.Options{})
	if err != nil {
		c.t.Fatal(err)
	}
	return s, q
}

// settled reports whether every delivery arrived and is worked off.
func (c *serviceChaos) settled(s *store.Store, q *queue.Queue) bool {
	if err := c.hub.Idle(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	searched := c.searches(s) // asked before the rest: a search may end meanwhile, and have found what is there then
	pending := c.list(q, store.Pending)
	for _, d := range pending {
		if waits := d.Turn == 0 && d.NotBefore.After(time.Now()); waits && d.Code != string(gitops.Limited) {
			c.retry(q, d)
		}
	}
	missed := c.missed(s)
	if len(pending) == 0 && len(missed) > 0 && !searched && c.hub.Idle(c.t.Context()) == nil {
		if missed = c.missed(s); len(missed) > 0 {
			c.t.Fatalf("never came, and nobody looks for it: %v", missed)
		}
	}
	return len(pending) == 0 && len(missed) == 0
}

// retry gives a job its next attempt at once. One that never ends well fails the test.
func (c *serviceChaos) retry(q *queue.Queue, d store.Delivery) {
	if err := q.Retry(c.t.Context(), d.ID); err != nil && gitops.CodeOf(err) != gitops.NotFound { // it runs by now
		c.t.Fatal(err)
	}
	if c.retried[d.ID]++; c.retried[d.ID] > tries {
		c.t.Fatalf("is never done: %+v", d)
	}
}

// searches reports whether a search for deliveries that were lost runs, is due, or will be
// asked for. A process that is gone never comes back by itself.
func (c *serviceChaos) searches(s *store.Store) bool {
	owed := false
	for _, r := range c.replicas {
		owed = r.metric("sealift_search_owed") > 0 || owed
	}
	return owed || searches(c.t, s, "available", "running", "scheduled")
}

func (c *serviceChaos) list(q *queue.Queue, o store.Outcome) []store.Delivery {
	list, err := q.List(c.t.Context(), store.Filter{Outcome: o, Limit: 1_000_000})
	if err != nil {
		c.t.Fatal(err)
	}
	return list
}

// missed returns the deliveries that never came: all their attempts failed, and none was
// stored by a process that died before it could say so.
func (c *serviceChaos) missed(s *store.Store) []string {
	return missed(c.t, c.hub.Deliveries(), c.app.ID(), s, true)
}

func (c *serviceChaos) verify() {
	s, q := c.queue()
	defer s.Close()
	found := map[string]store.Outcome{}
	for _, d := range c.list(q, "") {
		found[d.ID] = d.Outcome
		if d.Outcome != store.Done && d.Outcome != store.Superseded {
			c.t.Errorf("not worked off: %+v", d)
		}
		if d.Outcome == store.Done && d.Code != "" {
			c.t.Errorf("ended with an error: %+v", d)
		}
	}
	for id := range c.front.accepted {
		if _, ok := found[id]; !ok {
			c.t.Errorf("delivery %s was accepted and is lost", id)
		}
	}
	pulls, edits := 0, 0
	for _, repo := range c.repos {
		for _, p := range c.hub.Pulls(repo) {
			pulls++
			edits += c.verifyPull(repo, p)
		}
	}
	c.t.Logf("%d times killed, PostgreSQL %d times; %d deliveries accepted of %d sent; %d jobs; %d pull requests with %d pushes, %d pushes to their bases, %d questions; %d edits of comments; all for the newest head and base, nothing twice",
		c.counts.killed, c.counts.servers, len(c.front.accepted), len(c.hub.Deliveries()), len(found), pulls, c.counts.pushes, c.counts.bases, c.counts.questions, edits)
}

// verifyPull looks at what people see, and returns how often its comment was edited.
func (c *serviceChaos) verifyPull(repo string, p hub.Pull) (edits int) {
	base, where := c.hub.Tip(repo, "main"), fmt.Sprintf("%s#%d", repo, p.Number)
	shown, answers, questions := 0, map[string]int{}, 0
	for _, m := range c.hub.Comments(repo, p.Number) {
		first, _, _ := strings.Cut(m.Body, "\n")
		switch {
		case !m.Bot:
			questions++
			c.verifyReactions(where, m)
		case strings.HasPrefix(first, "<!-- sealift:diff "):
			shown++
			edits += len(m.History)
			for _, commit := range []string{base, p.HeadSHA} {
				if !strings.Contains(m.Body, "/commit/"+commit) {
					c.t.Errorf("%s: the comment does not name %s:\n%.600s", where, commit, m.Body)
				}
			}
		default:
			answers[first]++
		}
	}
	if shown != 1 || len(answers) != questions {
		c.t.Errorf("%s: %d comments, %d answers to %d questions", where, shown, len(answers), questions)
	}
	for mark, n := range answers {
		if n != 1 {
			c.t.Errorf("%s: %d answers %s", where, n, mark)
		}
	}
	c.verifyCheck(where, repo, base, p)
	return edits
}

func (c *serviceChaos) verifyReactions(where string, m hub.Comment) {
	if len(m.Reactions) != 2 || m.Reactions[0].Content != string(commands.Eyes) || m.Reactions[1].Content != string(commands.Rocket) {
		c.t.Errorf("%s: reactions to a question are %v", where, m.Reactions)
	}
}

func (c *serviceChaos) verifyCheck(where, repo, base string, p hub.Pull) {
	checks := c.hub.Checks(repo, p.HeadSHA)
	if len(checks) == 0 {
		c.t.Errorf("%s: no check", where)
		return
	}
	want, last := "success", checks[len(checks)-1]
	if c.broken[repo+":"+p.Head] {
		want = "failure"
	}
	if last.Conclusion != want || !strings.HasPrefix(last.ExternalID, base+".."+p.HeadSHA+"#") {
		c.t.Errorf("%s: check of %s is %s, want %s of base %s", where, last.ExternalID, last.Conclusion, want, base)
	}
	twice := map[string]bool{}
	for _, check := range checks {
		if twice[check.ExternalID] {
			c.t.Errorf("%s: two checks of %s", where, check.ExternalID)
		}
		twice[check.ExternalID] = true
	}
}

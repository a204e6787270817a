package queue_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sealift/sealift/webhook/queue"
	"github.com/sealift/sealift/webhook/store"
	"github.com/sealift/sealift/webhook/store/pgtest"
	"github.com/sealift/sealift/webhook/store/storetest"
)

// TestChaos kills processes at random moments while deliveries come in. Then
// every delivery that was stored is worked off, its effect is there exactly
// once, commands of a key had their effects in order, and the newest render of
// each key is done. SEALIFT_CHAOS_KILLS is how often, SEALIFT_CHAOS_SEED
// repeats a run as far as the machine lets it.
func TestChaos(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { newChaos(t, filepath.Join(t.TempDir(), "db"), 1, nil).run() })
	t.Run("postgres, two replicas", func(t *testing.T) { newChaos(t, postgres.Database(t), 2, nil).run() })
	t.Run("postgres killed", func(t *testing.T) {
		var server pgtest.Server
		t.Cleanup(func() {
			if err := server.Close(); err != nil {
				t.Error(err)
			}
		})
		newChaos(t, server.Database(t), 2, &server).run()
	})
}

type chaos struct {
	t        *testing.T
	url      string
	effects  string
	server   *pgtest.Server // killed too, unless nil
	rng      *rand.Rand
	kills    int
	lines    chan string
	children []*process
	next     int                       // of the deliveries' names
	open     map[string]queue.Delivery // sent, and not known to be stored
	stored   map[string]queue.Delivery
	died     int
	draining bool
}

func newChaos(t *testing.T, url string, replicas int, server *pgtest.Server) *chaos {
	kills, seed := 5, uint64(time.Now().UnixNano())
	for name, set := range map[string]func(uint64){
		"SEALIFT_CHAOS_KILLS": func(n uint64) { kills = int(n) },
		"SEALIFT_CHAOS_SEED":  func(n uint64) { seed = n },
	} {
		if v := os.Getenv(name); v != "" {
			n, err := strconv.ParseUint(v, 10, 64)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			set(n)
		}
	}
	t.Logf("SEALIFT_CHAOS_SEED=%d SEALIFT_CHAOS_KILLS=%d", seed, kills)
	c := &chaos{
		t: t, url: url, effects: filepath.Join(t.TempDir(), "effects"), server: server, kills: kills,
		rng: rand.New(rand.NewPCG(seed, 3)), lines: make(chan string, 1000),
		open: map[string]queue.Delivery{}, stored: map[string]queue.Delivery{},
		children: make([]*process, replicas),
	}
	if err := os.WriteFile(c.effects, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	storetest.Open(t, url) // migrated before anybody is killed
	for i := range c.children {
		c.spawn(i)
	}
	t.Cleanup(func() {
		for _, p := range c.children {
			p.kill()
		}
	})
	return c
}

func (c *chaos) spawn(slot int) {
	c.children[slot] = spawn(c.t, slot, c.url, c.effects, c.rng.Uint64(), c.lines)
}

func (c *chaos) run() {
	for n := 0; c.died < c.kills; n++ {
		c.feed(30)
		for range 1 + c.rng.IntN(25) {
			c.read()
		}
		for len(c.open) > 100 { // what is fed faster than it is read never ends
			c.read()
		}
		if c.server != nil && n%2 == 1 {
			c.server.Kill(c.t)
			for range c.rng.IntN(3) {
				c.read() // the deliveries of the next line are refused meanwhile
			}
			c.server.Restart(c.t)
		}
		c.children[c.rng.IntN(len(c.children))].kill()
	}
	for len(c.open) > 0 {
		c.read()
	}
	c.draining = true
	c.children[0].tell("drain")
	for c.draining {
		c.read()
	}
	c.stop()
	c.verify()
}

// feed sends n new deliveries.
func (c *chaos) feed(n int) {
	for range n {
		c.next++
		d := queue.Delivery{ID: fmt.Sprint("d", c.next), Key: fmt.Sprint("k", c.rng.IntN(8)), Class: []string{"", "render"}[c.rng.IntN(2)]}
		c.open[d.ID] = d
		c.send(d)
	}
}

func (c *chaos) send(d queue.Delivery) {
	c.children[c.rng.IntN(len(c.children))].tell("accept %s %s %s", d.ID, d.Key, d.Class)
}

// read takes one line from the children.
func (c *chaos) read() {
	var line string
	select {
	case line = <-c.lines:
	case <-c.t.Context().Done():
		c.t.Fatal("the test ended first")
	}
	what, id, _ := strings.Cut(line, " ")
	switch what {
	case "stored":
		if d, ok := c.open[id]; ok {
			c.stored[id] = d
			delete(c.open, id)
		}
	case "refused":
		c.send(c.open[id])
	case "drained":
		c.draining = false
	case "dead":
		c.died++
		slot, _ := strconv.Atoi(id)
		c.spawn(slot)
		for _, d := range c.open {
			c.send(d)
		}
		if c.draining {
			c.children[0].tell("drain")
		}
	}
}

// stop ends the children in order.
func (c *chaos) stop() {
	for i, p := range c.children {
		p.stdin.Close()
		for line := ""; line != fmt.Sprint("dead ", i); {
			select {
			case line = <-c.lines:
			case <-c.t.Context().Done():
				c.t.Fatal("the test ended first")
			}
		}
	}
}

func (c *chaos) verify() {
	q, err := queue.New(storetest.Open(c.t, c.url), nil, queue.Options{})
	if err != nil {
		c.t.Fatal(err)
	}
	all, err := q.List(context.Background(), store.Filter{Limit: c.next + 1})
	if err != nil {
		c.t.Fatal(err)
	}
	found := map[string]store.Delivery{}
	newest := map[string]bool{} // keys whose newest render was seen
	for _, d := range all {
		found[d.ID] = d
		must := d.Class == "" || !newest[d.Key]
		newest[d.Key] = newest[d.Key] || d.Class != ""
		if d.Outcome != store.Done && (must || d.Outcome != store.Superseded) {
			c.t.Errorf("not worked off: %+v", d)
		}
	}
	for id := range c.stored {
		if _, ok := found[id]; !ok {
			c.t.Errorf("%s was stored and is lost", id)
		}
	}
	c.verifyEffects(found)
	c.t.Logf("%d deliveries, %d processes died", len(all), c.died)
}

func (c *chaos) verifyEffects(found map[string]store.Delivery) {
	text, err := os.ReadFile(c.effects)
	if err != nil {
		c.t.Fatal(err)
	}
	count, last := map[string]int{}, map[string]int64{}
	for _, id := range strings.Fields(string(text)) {
		count[id]++
		d := found[id]
		if d.Class == "" && d.Seq < last[d.Key] {
			c.t.Errorf("%s: command %s after a later one", d.Key, id)
		}
		if d.Class == "" {
			last[d.Key] = d.Seq
		}
	}
	for id, d := range found {
		if n := count[id]; n > 1 || n == 0 && d.Outcome == store.Done {
			c.t.Errorf("%s has %d effects", id, n)
		}
	}
}

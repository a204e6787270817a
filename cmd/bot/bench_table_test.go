package main_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// row is one line of the table.
type row struct {
	what, ours, theirs, figure, goal string
	met                              bool
}

// table prints what was measured, with the goal of each figure.
func (b *bench) table() string {
	var out strings.Builder
	overlays := *benchApps * 4
	fmt.Fprintf(&out, "%d apps in 4 environments, %d overlays; %d cores; %d rounds; least / median seconds.\n",
		*benchApps, overlays, runtime.NumCPU(), *benchRuns)
	fmt.Fprintf(&out, "The command is kustomize %s. Ratios are of medians.\n\n", kustomizeVersion)
	out.WriteString("| what | sealift | kustomize | figure | goal | met |\n|---|---|---|---|---|---|\n")
	for _, r := range b.rows(overlays) {
		met := "yes"
		if !r.met {
			met = "**no**"
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s | %s | %s |\n", r.what, r.ours, r.theirs, r.figure, r.goal, met)
	}
	return out.String()
}

func (b *bench) rows(overlays int) []row {
	all := fmt.Sprintf("all %d overlays, nothing cached, ", overlays)
	rows := []row{
		b.faster(all+"one build after another", coldBot, coldOne, 9),
		b.faster(all+"two builds at a time", coldBot, coldTwo, 5.5),
		b.below("one app's base changed, warm", appBot, 350*time.Millisecond),
		b.faster("the same, 4 overlays on both sides, one build after another", appBot, appOne, 2.5),
		b.below("documents changed, warm", docsBot, 150*time.Millisecond),
		b.faster("shared component changed, warm, two builds at a time", sharedBot, sharedTwo, 8),
		b.growing("the same beside the cold render of one side", sharedBot, sharedCold, 1.15),
		b.growing(fmt.Sprintf("%d overlays, nothing cached, beside %d", 4*overlays, overlays), largeCold, coldBot, 4.4),
		b.growing(fmt.Sprintf("%d overlays, one app's base changed, warm, beside %d", 4*overlays, overlays), largeAppBot, appBot, 2),
		memory("largest resident size of the parent", b.parent, 250),
		memory("largest resident size of a worker", b.worker, 150),
	}
	for _, h := range b.hostiles {
		rows = append(rows, row{
			what: "hostile: " + h.name, ours: seconds(h.took), figure: h.outcome(), goal: "15 s, 250 MB, good overlay exact",
			met: h.good && h.took < hostileLimit && megabytes(h.peak) < 250,
		})
	}
	return rows
}

// faster is a row whose figure is how many times faster ours is.
func (b *bench) faster(what, ours, theirs string, goal float64) row {
	ratio := b.ratio(theirs, ours)
	return row{what, b.times(ours), b.times(theirs), fmt.Sprintf("%.1fx", ratio), fmt.Sprintf("at least %gx", goal), ratio >= goal}
}

// growing is a row whose figure is how many times longer one takes than another.
func (b *bench) growing(what, long, short string, goal float64) row {
	ratio := b.ratio(long, short)
	return row{what, b.times(long), "", fmt.Sprintf("%.2fx", ratio), fmt.Sprintf("at most %gx", goal), ratio <= goal}
}

func (b *bench) below(what, ours string, goal time.Duration) row {
	got := median(b.took[ours])
	return row{what, b.times(ours), "", seconds(got), "under " + seconds(goal), got < goal}
}

// memory is a row for a size in KiB; one that was not told is not met.
func memory(what string, kib int64, goalMB int64) row {
	mb := megabytes(kib)
	return row{what, fmt.Sprintf("%d MB", mb), "", "", fmt.Sprintf("under %d MB", goalMB), kib > 0 && mb < goalMB}
}

func megabytes(kib int64) int64 { return kib * 1024 / 1_000_000 }

func (b *bench) ratio(long, short string) float64 {
	return median(b.took[long]).Seconds() / median(b.took[short]).Seconds()
}

func (b *bench) times(name string) string {
	return fmt.Sprintf("%.2f / %.2f", slices.Min(b.took[name]).Seconds(), median(b.took[name]).Seconds())
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func median(d []time.Duration) time.Duration {
	d = slices.Sorted(slices.Values(d))
	return (d[(len(d)-1)/2] + d[len(d)/2]) / 2
}

// TestBenchTable makes the table of the README from figures.
func TestBenchTable(t *testing.T) {
	b := &bench{t: t, took: map[string][]time.Duration{}, parent: 300_000}
	for i, name := range []string{coldBot, coldOne, coldTwo, appBot, appOne, docsBot, sharedBot, sharedTwo, sharedCold, largeCold, largeAppBot} {
		b.took[name] = []time.Duration{time.Duration(i+3) * time.Second, time.Duration(i+1) * time.Second}
	}
	b.hostiles = []hostileResult{{name: "bomb", took: 2 * time.Second, good: true, exit: 2, peak: 100_000}}
	table := b.table()
	for _, want := range []string{
		"one build after another | 1.00 / 2.00 | 2.00 / 3.00 | 1.5x | at least 9x | **no** |",
		"resident size of the parent | 307 MB |  |  | under 250 MB | **no** |",
		"| hostile: bomb | 2.00 s |  | exit 2, 102 MB | 15 s, 250 MB, good overlay exact | yes |",
	} {
		if !strings.Contains(table, want) {
			t.Errorf("table lacks %q:\n%s", want, table)
		}
	}
}

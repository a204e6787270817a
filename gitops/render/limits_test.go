package render

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
)

// TestInputBound names many large files in one kustomization. Each is within the
// limit of a file, all together are not; the parent must not hold them all.
func TestInputBound(t *testing.T) {
	if testing.Short() {
		t.Skip("short: moves 100 MB")
	}
	if raceMemory > 0 {
		t.Skip("with the race detector: it keeps several times the memory; the run without it counts")
	}
	files := map[string]string{}
	var list strings.Builder
	big := "# " + strings.Repeat("x", 15<<20) + "\n"
	for i := range 40 {
		name := fmt.Sprintf("r%d.yaml", i)
		files["app/"+name] = named(fmt.Sprint("c", i)) + big
		list.WriteString("- " + name + "\n")
	}
	files["app/kustomization.yaml"] = "resources:\n" + list.String()
	src := memory(files)
	r := newRenderer(t, Options{Workers: 1})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := render(t, r, src, "app")
	runtime.ReadMemStats(&after)
	if got.Err == nil || got.Err.Cause != gitops.CauseLimit || !strings.Contains(got.Err.Message, "MiB of files") {
		t.Errorf("%+v", got.Err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 400<<20 {
		t.Errorf("%d MB were allocated", used>>20)
	}
}

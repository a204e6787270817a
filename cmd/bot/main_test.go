package main

import (
	"flag"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/sealift/sealift/gitops/render"
)

// update writes what tests compare with: golden files, stories and generated pages.
var update = flag.Bool("update", false, "write golden files and generated pages")

func TestMain(m *testing.M) {
	if render.IsWorker() {
		os.Exit(render.WorkerMain())
	}
	testscript.Main(m, map[string]func(){"bot": main})
}

package main

import (
	"flag"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/sealift/sealift/gitops/render"
)

func TestMain(m *testing.M) {
	if render.IsWorker() {
		os.Exit(render.WorkerMain())
	}
	if flag.Lookup(updateFlag) == nil {
		flag.Bool(updateFlag, false, "write golden files and generated pages")
	}
	testscript.Main(m, map[string]func(){"bot": main})
}

// updateFlag asks to write what tests compare with.
const updateFlag = "update"

func updating() bool { return flag.Lookup(updateFlag).Value.String() == "true" }

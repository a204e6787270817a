package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/sealift/sealift/gitops/render"
)

func TestMain(m *testing.M) {
	if render.IsWorker() {
		os.Exit(render.WorkerMain())
	}
	testscript.Main(m, map[string]func(){"bot": main})
}

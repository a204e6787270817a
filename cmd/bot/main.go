package main

import (
	"os"
	_ "time/tzdata" // freezes name time zones, and the machine may know none

	"github.com/sealift/sealift/gitops/render"
)

func main() {
	if render.IsWorker() {
		os.Exit(render.WorkerMain())
	}
	os.Exit(newBot().run(os.Args[1:]))
}

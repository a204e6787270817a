package main

import (
	"os"

	"github.com/sealift/sealift/gitops/render"
)

func main() {
	if render.IsWorker() {
		os.Exit(render.WorkerMain())
	}
	os.Exit(newBot().run(os.Args[1:]))
}

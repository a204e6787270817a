package main

import (
	"runtime/debug"

	"github.com/sealift/sealift/gitops/render"
)

// version names this build and the kustomize whose output it reproduces.
func version() string {
	v := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		v = info.Main.Version
	}
	return "sealift " + v + ", kustomize " + render.Version
}

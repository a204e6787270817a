//go:build !linux

package render

const probeName = "sealift-wall-probe"

// probe has nothing to try where there are no walls.
func probe([]string) int { return 1 }

//go:build !race

package render

// raceMemory is what the race detector takes besides, when it is built in.
const raceMemory = 0

//go:build race

package render

// raceMemory is what the race detector takes besides: it keeps several times
// the heap, which counts as the worker's own.
const raceMemory = 1 << 30

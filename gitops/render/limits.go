package render

import "time"

// What one render may cost. The figures come from the hostile inputs that were
// tried against kustomize itself: each of them stays within memory, and ends
// within the time.
const (
	// maxFile is the largest file a render may read. Real manifests, bundles of
	// CRDs included, stay below 6 MiB.
	maxFile = 16 << 20
	// maxInput bounds all files of one render together. They may all be in one
	// frame.
	maxInput = maxOutput
	// maxLookups bounds the paths one render may look at.
	maxLookups = 50_000
	// maxOutput bounds the YAML of one render.
	maxOutput = 64 << 20
	// maxMounts bounds the remote bases of one render, so that a repository
	// that names itself ends.
	maxMounts = 512
	// maxStack makes a runaway recursion die early: kustomize follows an alias
	// that contains itself until the stack ends.
	maxStack = 64 << 20
	// heapAim is the size to which the heap of a worker grows between two
	// collections, while renders are of ordinary size.
	heapAim = 72 << 20
	// maxPace bounds how much larger the heap may get than what was live, in
	// percent: a render holds more in its middle than between two.
	maxPace = 600
	// heapTarget is the size at which a worker starts to collect harder.
	heapTarget = 400 << 20
	// maxData is the hard limit of a worker's private memory. The address
	// space cannot be limited: Go reserves far more than it uses.
	maxData = 600 << 20
	// maxJobs is how many renders a worker does before it is replaced.
	maxJobs = 5000
	// maxCPU is the processor time of a worker's whole life.
	maxCPU = 15 * time.Minute
)

// DefaultTimeout is the wall-clock limit of one render.
const DefaultTimeout = 12 * time.Second

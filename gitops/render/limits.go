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
	// ordinaryMemory is what the Go runtime of a worker may hold while renders
	// are of ordinary size. The resident size is 66 MB more: the program itself, of which
	// all processes share one copy.
	ordinaryMemory = 78 << 20
	// mostMemory is what it may hold for a large render before it collects as
	// hard as it can.
	mostMemory = 400 << 20
	// maxData is the hard limit of a worker's private memory. The address
	// space cannot be limited: Go reserves far more than it uses.
	maxData = 600 << 20
	// maxJobs is how many renders a worker does before it is replaced.
	maxJobs = 5000
	// maxCPU is the processor time of a worker's whole life, by the kernel's count:
	// it holds when the parent does not look. One that has used half of it renders
	// no more.
	maxCPU = 15 * time.Minute
)

// DefaultTimeout is the processor time that one render may take.
const DefaultTimeout = 12 * time.Second

//go:build !linux

package render

import "time"

// processTime is not known on this system without calling C.
func processTime(int) (time.Duration, bool) { return 0, false }

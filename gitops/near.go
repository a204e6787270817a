package gitops

// maxDistance is the longest name, in bytes, that [Distance] compares in full.
const maxDistance = 250

// Distance is the number of bytes to add, remove or replace to get from a to b
// (Levenshtein), for messages that name what was probably meant. Of longer names
// the first 250 bytes are compared.
func Distance(a, b string) int {
	a, b = a[:min(len(a), maxDistance)], b[:min(len(b), maxDistance)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

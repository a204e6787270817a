package promote

// stretch is the elements from one index to before another.
type stretch struct{ from, to int }

func (s stretch) len() int { return s.to - s.from }

// region is where three versions of a list are not all the same.
type region struct{ base, source, target stretch }

// one is the i-th element of a region in which all versions have as many.
func (r region) one(i int) region {
	at := func(s stretch) stretch { return stretch{s.from + i, s.from + i + 1} }
	return region{at(r.base), at(r.source), at(r.target)}
}

// diff3 returns the regions between the elements that base has in common with
// both others, as Khanna, Kunal and Pierce describe it ("A Formal
// Investigation of Diff3", 2007).
func diff3(base, source, target []string) []region {
	inSource, inTarget := common(base, source), common(base, target)
	var out []region
	var at region // ends are where the last common element is behind us
	add := func(b, s, t int) {
		at.base.to, at.source.to, at.target.to = b, s, t
		if at.base.len()+at.source.len()+at.target.len() > 0 {
			out = append(out, at)
		}
		at = region{stretch{from: b + 1}, stretch{from: s + 1}, stretch{from: t + 1}}
	}
	for i := range base {
		if s, t := inSource[i], inTarget[i]; s >= 0 && t >= 0 {
			add(i, s, t)
		}
	}
	add(len(base), len(source), len(target))
	return out
}

// maxTable is how many pairs of elements are compared to find a longest common
// subsequence. Where there are more, nothing between is taken as common.
const maxTable = 4_000_000

// common returns, for each element of a, where b has it in a longest common
// subsequence, or -1.
func common(a, b []string) []int {
	out := make([]int, len(a))
	for i := range out {
		out[i] = -1
	}
	head := 0
	for head < min(len(a), len(b)) && a[head] == b[head] {
		out[head] = head
		head++
	}
	tail := 0
	for tail < min(len(a), len(b))-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
		out[len(a)-tail] = len(b) - tail
	}
	a, b = a[head:len(a)-tail], b[head:len(b)-tail]
	if len(a)*len(b) > maxTable {
		return out
	}
	table := lengths(a, b)
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			out[head+i] = head + j
			i, j = i+1, j+1
		case table[i+1][j] >= table[i][j+1]:
			i++
		default:
			j++
		}
	}
	return out
}

// lengths is the table of the lengths of longest common subsequences of the ends
// of a and b.
func lengths(a, b []string) [][]int32 {
	table := make([][]int32, len(a)+1)
	for i := range table {
		table[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				table[i][j] = table[i+1][j+1] + 1
			} else {
				table[i][j] = max(table[i+1][j], table[i][j+1])
			}
		}
	}
	return table
}

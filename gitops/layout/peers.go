package layout

// Peers reports whether two names of environments mean the same place of the
// chain by a word in them, as "prod-eu", "prod-us" and "production" do.
func (l *Layout) Peers(a, b string) bool {
	return a != b && wordRank(a) > 0 && wordRank(a) == wordRank(b)
}

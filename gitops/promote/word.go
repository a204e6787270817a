package promote

// Words returns the name of an environment with that of another, and the parts of
// them in which they differ: rt-dev and rt-stage, dev and stage.
func Words(from, to string) [][2]string { return envWords(from, to) }

// Rename replaces in a value the first name of each pair by the second, where it is
// a word of its own: dev in "web-dev.example.com" and not in "device".
func Rename(value string, words [][2]string) string { return swap{words: words}.rename(value) }

package reply

import (
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// Words that mean nothing to GitHub wherever they stand: no mention, reference, address,
// entity or mark can be made of letters with a comma behind them. A number is at most
// four digits long, and a word that could be the id of a commit is none of them.
var (
	proseWord = regexp.MustCompile(`^\(?[A-Za-z]+(['-][A-Za-z]+)*\)?[,.;:]?$`)
	proseSize = regexp.MustCompile(`^[0-9]{1,4}[,.;:]?$`)
	marks     = regexp.MustCompile(`^(\(|[),.;:]{1,2})$`)
	hexWord   = regexp.MustCompile(`^\(?[0-9a-fA-F]{7,40}\)?[,.;:]?$`)
)

// maxSentence is how many bytes a sentence takes at most.
const maxSentence = 1500

// sentence writes a message in Markdown as people read it: words are words, and what is
// quoted or is anything else stands in a code element.
func sentence(s string) string {
	var b strings.Builder
	s = strings.TrimSpace(oneLine(s))
	if len(s) > 2*maxSentence { // what is read of it takes no longer than it is shown
		s = strings.TrimSpace(strings.ToValidUTF8(s[:2*maxSentence], "")) + " …"
	}
	for s != "" && b.Len() < maxSentence {
		word, rest := nextWord(s)
		text := word
		switch {
		case quoted(word) == word:
			text = code(unquoted(word))
		case !isPlain(word):
			for rest != "" { // one element for a run of words that are none
				next, after := nextWord(rest)
				if isPlain(next) || quoted(next) == next {
					break
				}
				text, rest = text+" "+next, after
			}
			text = "<code>" + escape(strings.TrimSpace(text), 2*maxName) + "</code>"
		}
		b.WriteString(text)
		trimmed := strings.TrimLeft(rest, " ")
		if len(trimmed) < len(rest) && trimmed != "" {
			b.WriteByte(' ')
		}
		s = trimmed
	}
	if s != "" {
		b.WriteString("…")
	}
	return b.String()
}

// isPlain reports whether a word may stand outside of a code element.
func isPlain(word string) bool {
	return (proseWord.MatchString(word) || proseSize.MatchString(word)) && !hexWord.MatchString(word) || marks.MatchString(word)
}

// nextWord cuts the first word or quoted value from s; a value may stand right behind a
// word, as behind a bracket.
func nextWord(s string) (word, rest string) {
	s = strings.TrimLeft(s, " ")
	if q := quoted(s); q != "" {
		return q, s[len(q):]
	}
	for i := range len(s) {
		if s[i] == ' ' || i > 0 && quoted(s[i:]) != "" {
			return s[:i], s[i:]
		}
	}
	return s, ""
}

// quoted returns the value in double quotes with which s starts, "" for none.
func quoted(s string) string {
	if !strings.HasPrefix(s, `"`) {
		return ""
	}
	q, _ := strconv.QuotedPrefix(s)
	return q
}

// unquoted drops the quotes of a value that needs no escape to be read.
func unquoted(quoted string) string {
	inner := quoted[1 : len(quoted)-1]
	if inner == "" || strings.Contains(inner, `\`) {
		return quoted
	}
	return inner
}

// place writes where something is, linked to the line at the head where that is known.
func (w writer) place(file string, line int) string {
	text := code(place(file, line, 0))
	base, ok := strings.CutSuffix(w.opts.CommitURL, "commit/")
	if !ok || line <= 0 || w.r.Head == "" || path.Clean(file) != file || path.IsAbs(file) || strings.HasPrefix(file, "..") || len(file) > maxName {
		return text
	}
	var parts []string
	for p := range strings.SplitSeq(file, "/") {
		parts = append(parts, url.PathEscape(strings.ToValidUTF8(p, "")))
	}
	return link(text, base+"blob/"+w.r.Head+"/"+strings.Join(parts, "/")+"#L"+strconv.Itoa(line))
}

// unitName names an overlay, with who deploys it where others have the same path.
func (w writer) unitName(i int) string {
	name := code(w.r.Overlays[i].Path)
	if d := w.who[i]; d != nil {
		name += " (" + sentence(d.Kind) + " " + cell(d.Name)
		if d.Cluster != "" {
			name += " to " + cell(d.Cluster)
		}
		name += ")"
	}
	return name
}

// ambiguous returns who deploys those overlays that share their path with others, by
// index. The cluster is told only where kind and name do not tell two apart.
func ambiguous(overlays []gitops.OverlayChange) map[int]*gitops.Deployer {
	type key struct{ path, kind, name string }
	paths, names := map[string]int{}, map[key]int{}
	for _, o := range overlays {
		paths[o.Path]++
		if d := o.DeployedBy; d != nil {
			names[key{o.Path, d.Kind, d.Name}]++
		}
	}
	who := map[int]*gitops.Deployer{}
	for i, o := range overlays {
		if d := o.DeployedBy; d != nil && paths[o.Path] > 1 {
			short := gitops.Deployer{Kind: d.Kind, Name: d.Name}
			if names[key{o.Path, d.Kind, d.Name}] > 1 {
				short.Cluster = d.Cluster
			}
			who[i] = &short
		}
	}
	return who
}

package pages

import (
	"strconv"
	"strings"
)

// fileDiff is one file of a patch.
type fileDiff struct {
	Path, Old string // Old is set when it was renamed
	Status    string // added, removed, renamed or changed
	Binary    bool
	Add, Del  int
	Lines     []diffLine
}

// Long reports whether the file is better shown folded.
func (f fileDiff) Long() bool { return len(f.Lines) > 400 }

// diffLine is one line of a patch with its numbers before and after.
type diffLine struct{ Class, Old, New, Text string }

// patch is a parser of what git prints with -p.
type patch struct {
	files    []fileDiff
	old, new int // next line numbers
	oldLeft  int // what the present hunk still has of each side
	newLeft  int
}

// parsePatch reads a patch by git. What a file's lines look like cannot confuse it: a
// hunk says how many lines it has.
func parsePatch(text string) []fileDiff {
	var p patch
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if p.oldLeft > 0 || p.newLeft > 0 {
			p.line(line)
			continue
		}
		p.header(line)
	}
	return p.files
}

// header reads a line outside of hunks.
func (p *patch) header(line string) {
	if rest, ok := strings.CutPrefix(line, "diff --git "); ok {
		p.files = append(p.files, fileDiff{Status: "changed", Path: bothSides(rest)})
		return
	}
	if len(p.files) == 0 {
		return
	}
	f := &p.files[len(p.files)-1]
	key, value, _ := strings.Cut(line, " ")
	switch {
	case key == "@@":
		p.hunk(f, line)
	case strings.HasPrefix(line, "new file mode"):
		f.Status = "added"
	case strings.HasPrefix(line, "deleted file mode"):
		f.Status = "removed"
	case strings.HasPrefix(line, "rename from "):
		f.Status, f.Old = "renamed", unquote(strings.TrimPrefix(line, "rename from "))
	case strings.HasPrefix(line, "rename to "):
		f.Path = unquote(strings.TrimPrefix(line, "rename to "))
	case strings.HasPrefix(line, "Binary files "):
		f.Binary = true
	case (key == "---" || key == "+++") && value != "/dev/null":
		f.Path = side(value)
	case strings.HasPrefix(line, `\`):
		f.Lines = append(f.Lines, diffLine{Class: "note", Text: line})
	}
}

// hunk begins a hunk: "@@ -1,2 +3,4 @@ where".
func (p *patch) hunk(f *fileDiff, line string) {
	fields := strings.SplitN(line, " ", 5)
	if len(fields) < 4 {
		return
	}
	p.old, p.oldLeft = span(fields[1])
	p.new, p.newLeft = span(fields[2])
	f.Lines = append(f.Lines, diffLine{Class: "hunk", Text: line})
}

// span reads "-1,2"; without a count it is 1.
func span(s string) (from, count int) {
	a, b, ok := strings.Cut(s[min(1, len(s)):], ",")
	from, _ = strconv.Atoi(a)
	count, _ = strconv.Atoi(b)
	if !ok {
		count = 1
	}
	return from, count
}

// line reads a line of a hunk.
func (p *patch) line(line string) {
	f := &p.files[len(p.files)-1]
	kind, text := byte(' '), ""
	if line != "" {
		kind, text = line[0], line[1:]
	}
	l := diffLine{Text: text}
	if kind == '\\' {
		f.Lines = append(f.Lines, diffLine{Class: "note", Text: line})
		return
	}
	if kind != '+' {
		l.Old = strconv.Itoa(p.old)
		p.old++
		p.oldLeft--
	}
	if kind != '-' {
		l.New = strconv.Itoa(p.new)
		p.new++
		p.newLeft--
	}
	switch kind {
	case '+':
		l.Class = "add"
		f.Add++
	case '-':
		l.Class = "del"
		f.Del++
	}
	f.Lines = append(f.Lines, l)
}

// bothSides returns the path of "a/path b/path", for files without other lines that name it.
func bothSides(s string) string {
	return side(s[:len(s)/2])
}

// side returns the path of "a/path" as git writes it.
func side(s string) string {
	s = unquote(strings.TrimSuffix(s, "\t"))
	if _, path, ok := strings.Cut(s, "/"); ok {
		return path
	}
	return s
}

// unquote undoes git's quoting of unusual paths.
func unquote(s string) string {
	if !strings.HasPrefix(s, `"`) {
		return s
	}
	if plain, err := strconv.Unquote(s); err == nil {
		return plain
	}
	return s
}

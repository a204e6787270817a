package argocd

import (
	"context"
	"path"
	"strconv"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// git is the generator over directories or files of a repository (GitGenerator).
func (x *expansion) git(ctx context.Context, spec object, outer *set) ([]set, error) {
	directories, files := list(spec, "directories"), list(spec, "files")
	if len(directories)+len(files) == 0 {
		return nil, refuse("has a git generator with neither directories nor files")
	}
	patterns := directories
	if len(directories) == 0 {
		patterns = files
	}
	repo, revision := text(spec, "repoURL"), text(spec, "revision")
	if reach := x.reach(repo, revision); reach != gitops.Here {
		return x.farAway(spec, reach, repo, revision)
	}
	if inherited(outer, patterns) != "" {
		return x.open(spec, patterns, len(directories) == 0, "git")
	}
	if len(directories) > 0 {
		return x.directories(spec, directories)
	}
	return x.files(ctx, spec, files)
}

// farAway takes a generator of another repository or revision: what is there is not known.
func (x *expansion) farAway(spec object, reach gitops.Reach, repo, revision string) ([]set, error) {
	line := x.page.line("spec", "generators", x.at)
	message := "has a git generator of another repository, which is not known here: %s"
	value := repo
	switch reach {
	case gitops.OtherRevision:
		message, value = "has a git generator that follows another revision, which is not known here: %s", revision
	case gitops.Doubtful:
		message = "has a git generator of what may be this repository, which is not read: %s"
	}
	x.say(gitops.SeverityNote, line, message, gitops.Quote(value))
	x.opaqueOnce(gitops.ReasonPointer, line, nil, encode(x.raw), message, gitops.Quote(value))
	s := set{values: object{}, unknown: "git"}
	return []set{s}, x.addValues(s, mapping(spec, "values"))
}

// open gives what a generator may, whose patterns have yet to be filled in: one set for
// each, with a path that is a pattern itself.
func (x *expansion) open(spec object, patterns []any, files bool, kind string) ([]set, error) {
	var out []set
	for _, p := range patterns {
		if truth(p, "exclude") {
			continue
		}
		dir, file := opened(text(p, "path")), ""
		if files {
			dir, file = path.Split(dir)
			if dir = path.Clean(dir); unfilled(file) {
				dir = path.Join(dir, "{{any}}") // stars may have slashes
			}
		}
		s := set{values: object{}, unknown: kind}
		x.place(s.values, dir, file, text(spec, "pathParamPrefix"))
		if err := x.addValues(s, mapping(spec, "values")); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// opened makes places to be filled in of what a pattern leaves open.
func opened(pattern string) string {
	if strings.ContainsAny(pattern, `[\`) {
		return "{{any}}"
	}
	return stars.Replace(strings.TrimSuffix(pattern, "/"))
}

var stars = strings.NewReplacer("**", "{{any}}", "*", "{{any}}", "?", "{{any}}")

// directories gives a set for each directory of the tree that a pattern matches and none
// leaves out (filterApps). The patterns are those of Go's path.Match, of the whole path:
// "*" stays within a name, and one with a slash at its end matches nothing.
func (x *expansion) directories(spec object, patterns []any) ([]set, error) {
	x.room.entries()
	matched := make([]bool, len(patterns))
	var out []set
	for _, dir := range x.room.dirs {
		if !x.room.Options.HiddenDirectories && (strings.HasPrefix(dir, ".") || strings.Contains(dir, "/.")) {
			continue
		}
		if !x.spend(len(patterns)) || len(out) > maxSets {
			return nil, refuse("has a git generator of more directories than are looked at")
		}
		include, exclude := false, false
		for i, p := range patterns {
			ok, err := path.Match(text(p, "path"), dir)
			if err != nil || !ok {
				continue // a malformed one is left out
			}
			matched[i] = true
			include = include || !truth(p, "exclude")
			exclude = exclude || truth(p, "exclude")
		}
		if !include || exclude {
			continue
		}
		s := set{values: object{}}
		x.place(s.values, dir, "", text(spec, "pathParamPrefix"))
		if err := x.addValues(s, mapping(spec, "values")); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	x.unmatched(patterns, matched, "directory")
	return out, nil
}

// unmatched notes which patterns match nothing: it is seldom what was meant.
func (x *expansion) unmatched(patterns []any, matched []bool, what string) {
	line := x.page.line("spec", "generators", x.at)
	for i, p := range patterns {
		if matched[i] {
			continue
		}
		does := "gives"
		if truth(p, "exclude") {
			does = "leaves out"
		}
		hint := ""
		if pattern := text(p, "path"); what == "directory" && strings.HasSuffix(pattern, "/") {
			hint = ": write it without the slash at its end"
		} else if what == "directory" && strings.Contains(pattern, "**") {
			hint = `: "**" is no more than "*" there`
		}
		x.say(gitops.SeverityNote, line, "has a git generator with a pattern that %s no %s, %s%s", does, what, gitops.Quote(text(p, "path")), hint)
	}
}

// files gives the sets in the files of the tree that a pattern matches and none leaves out.
// The patterns are those of `git ls-files`, unless the installation says otherwise.
func (x *expansion) files(ctx context.Context, spec object, patterns []any) ([]set, error) {
	found, err := x.pickFiles(patterns)
	if err != nil {
		return nil, err
	}
	var out []set
	for _, file := range found {
		p, err := x.parameters(ctx, file)
		if err != nil {
			return nil, err
		}
		if p.why != "" {
			return nil, refuse("has a git generator with a file that %s, which Argo CD refuses: %s", p.why, gitops.Quote(file))
		}
		for _, m := range p.sets {
			if len(out) > maxSets || !x.spend(1+len(m)) {
				return nil, refuse("has a git generator of more sets of parameters than are looked at")
			}
			s := set{values: object{}}
			if x.machine.goTemplate {
				s.values = cloneValue(m)
			} else {
				for k, v := range flatText(m) {
					s.values[k] = v
				}
			}
			x.place(s.values, path.Dir(file), path.Base(file), text(spec, "pathParamPrefix"))
			if err := x.addValues(s, mapping(spec, "values")); err != nil {
				return nil, err
			}
			out = append(out, s)
		}
	}
	return out, nil
}

// maxParameterFiles is how many files the git generators of one set read.
const maxParameterFiles = 2_000

// pickFiles returns the files that patterns match, sorted.
func (x *expansion) pickFiles(patterns []any) ([]string, error) {
	matched := make([]bool, len(patterns))
	matchers := make([]func(string) bool, len(patterns))
	for i, p := range patterns {
		var err error
		if matchers[i], err = x.room.filePattern(text(p, "path")); err != nil {
			return nil, err
		}
	}
	var out []string
	for _, e := range x.room.entries() {
		if !x.spend(len(patterns)) {
			return nil, refuse("has a git generator of more files than are looked at")
		}
		include, exclude := false, false
		for i, matches := range matchers {
			if !matches(e.Path) {
				continue
			}
			matched[i] = true
			if truth(patterns[i], "exclude") {
				exclude = true
			} else {
				include = true
			}
		}
		if include && !exclude {
			out = append(out, e.Path)
		}
	}
	x.unmatched(patterns, matched, "file")
	if len(out) > maxParameterFiles {
		return nil, refuse("has a git generator of more than %d files: they are not read", maxParameterFiles)
	}
	return out, nil
}

// parameters are the sets in a file, or why there are none.
type parameters struct {
	sets []object
	why  string
}

// parameters reads a file: one mapping, or a list of them (generateParamsFromGitFile).
func (x *expansion) parameters(ctx context.Context, file string) (parameters, error) {
	if p, ok := x.parsed[file]; ok {
		return p, nil
	}
	data, ok, err := x.read(ctx, file)
	if err != nil {
		return parameters{}, err
	}
	p := parameters{why: "cannot be read"}
	if v, err := decode(data); ok && err == nil {
		p = parametersOf(v)
		x.spend(len(data) / 64)
	}
	x.parsed[file] = p
	return p, nil
}

// parametersOf takes a decoded file apart. An empty one is one set without parameters of
// its own: that the file exists is enough for an Application.
func parametersOf(v any) parameters {
	switch v := v.(type) {
	case nil:
		return parameters{sets: []object{nil}}
	case object:
		return parameters{sets: []object{v}}
	case []any:
		var p parameters
		for _, e := range v {
			m, ok := e.(object)
			if !ok && e != nil {
				return parameters{why: "is a list of something else than mappings"}
			}
			p.sets = append(p.sets, m)
		}
		return p
	}
	return parameters{why: "is neither a mapping nor a list"}
}

// place adds the parameters of a path, as the generators of directories and files do. file
// is "" for a directory.
func (x *expansion) place(values object, dir, file, prefix string) {
	segments := strings.Split(dir, "/")
	if x.machine.goTemplate {
		at := object{"path": dir, "basename": path.Base(dir), "basenameNormalized": normalize(path.Base(dir)), "segments": segments}
		if file != "" {
			at["filename"], at["filenameNormalized"] = file, normalize(file)
		}
		if prefix != "" {
			values[prefix] = object{"path": at}
		} else {
			values["path"] = at
		}
		return
	}
	name := "path"
	if prefix != "" {
		name = prefix + ".path"
	}
	values[name], values[name+".basename"], values[name+".basenameNormalized"] = dir, path.Base(dir), normalize(path.Base(dir))
	if file != "" {
		values[name+".filename"], values[name+".filenameNormalized"] = file, normalize(file)
	}
	for i, s := range segments {
		if s != "" {
			values[name+"["+strconv.Itoa(i)+"]"] = s
		}
	}
}

// normalize makes a name of letters, digits, "-" and "." (SanitizeName).
func normalize(s string) string {
	b := []byte(nil)
	for _, c := range strings.ToLower(s) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' {
			b = append(b, byte(c))
		} else {
			b = append(b, '-')
		}
	}
	return strings.Trim(string(b[:min(len(b), maxName)]), "-.")
}

// maxName is how long a name in Kubernetes may be.
const maxName = 253

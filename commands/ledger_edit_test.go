package commands

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/tree"
)

// edit changes the world at random: mostly once, sometimes twice.
func (w *world) edit() {
	edits := []func() bool{
		w.changeValue, w.changeValue, w.changeValue, w.changeValue, w.changePatch, w.changePatch, w.changeDeployer, w.changeDeployer, w.changeDeployer,
		w.comment, w.comment, w.remove, w.remove, w.rename, w.rename, w.move, w.move, w.moveDirectory, w.link, w.link, w.linkDirectory, w.add, w.add, w.addKustomization,
	}
	for n := 1 + w.IntN(5)/4; n > 0; {
		if oneOf(w, edits...)() {
			n--
		}
	}
}

func (w *world) say(format string, args ...any) bool {
	w.said = append(w.said, fmt.Sprintf(format, args...))
	return true
}

// notes changes a file that nothing reads, and that is no manifest.
func (w *world) notes() {
	p := oneOf(w, w.names(func(p string) bool { return path.Base(p) == "README.md" })...)
	w.put(p, w.files[p].Content+"more\n")
	w.say("change %s", p)
}

// regular returns the files whose text may be edited.
func (w *world) regular(ok func(string) bool) []string {
	return w.names(func(p string) bool {
		return w.files[p].Kind != gitops.Symlink && path.Base(p) != "README.md" && ok(p)
	})
}

func anyFile(string) bool { return true }

var (
	valueLine = regexp.MustCompile(`^(\s*(?:- )?(?:["']?[\w./-]+["']?[:=]\s*|- ))(\S.*)$`)
	digits    = regexp.MustCompile(`[0-9]+`)
	letters   = regexp.MustCompile(`[a-z]+`)
)

// mutated is another value: a number one up, the other boolean, or a word of one letter
// more.
func (w *world) mutated(v string) string {
	switch {
	case strings.Contains(v, "true"):
		return strings.Replace(v, "true", "false", 1)
	case strings.Contains(v, "false"):
		return strings.Replace(v, "false", "true", 1)
	}
	places := digits.FindAllStringIndex(v, -1)
	if len(places) == 0 {
		places = letters.FindAllStringIndex(v, -1)
	}
	if len(places) == 0 {
		return v + "x"
	}
	at := oneOf(w, places...)
	if n, err := strconv.Atoi(v[at[0]:at[1]]); err == nil {
		return v[:at[0]] + strconv.Itoa(n+1) + v[at[1]:]
	}
	return v[:at[1]] + "x" + v[at[1]:]
}

// lineOf changes one line of a file for which change has something else.
func (w *world) lineOf(p string, change func(string) string) bool {
	lines := strings.Split(w.files[p].Content, "\n")
	var at []int
	for i, l := range lines {
		if change(l) != l {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return false
	}
	i := oneOf(w, at...)
	was := lines[i]
	lines[i] = change(was)
	w.put(p, strings.Join(lines, "\n"))
	return w.say("%s:%d: %q becomes %q", p, i+1, was, lines[i])
}

func (w *world) valueIn(files []string) bool {
	if len(files) == 0 {
		return false
	}
	return w.lineOf(oneOf(w, files...), func(l string) string {
		if m := valueLine.FindStringSubmatch(l); m != nil && m[2] != "|-" {
			return m[1] + w.mutated(m[2])
		}
		return l
	})
}

// changeValue changes a value in any file.
func (w *world) changeValue() bool { return w.valueIn(w.regular(anyFile)) }

// changePatch changes a value in a file that patches others.
func (w *world) changePatch() bool {
	return w.valueIn(w.regular(func(p string) bool { return strings.HasPrefix(path.Base(p), "patch") || path.Base(p) == "rep.yaml" }))
}

// comment takes out a line, mostly an element of a list.
func (w *world) comment() bool {
	files := w.regular(isYAML)
	elements := w.chance(80)
	if elements {
		files = w.regular(func(p string) bool { return strings.HasPrefix(path.Base(p), "kustomization") })
	}
	return w.lineOf(oneOf(w, files...), func(l string) string {
		if strings.TrimSpace(l) == "" || strings.HasPrefix(l, "#") || elements && !strings.HasPrefix(l, "- ") {
			return l
		}
		return "#" + l
	})
}

// relocate moves a file, and what is known of it.
func (w *world) relocate(from, to string) {
	w.files[to] = w.files[from]
	delete(w.files, from)
	if cluster, ok := w.entries[from]; ok {
		if delete(w.entries, from); isYAML(to) { // else nobody applies it any more
			w.entries[to] = cluster
		}
	}
}

func (w *world) remove() bool {
	p := oneOf(w, w.names(anyFile)...)
	delete(w.files, p)
	delete(w.entries, p)
	return w.say("remove %s", p)
}

func (w *world) rename() bool {
	p := oneOf(w, w.names(anyFile)...)
	dir, base := path.Split(p)
	return w.to(p, dir+oneOf(w, "new-"+base, "skip-"+base, base+".bak", strings.TrimSuffix(base, path.Ext(base))+".yml"))
}

// to moves a file where nothing is.
func (w *world) to(from, to string) bool {
	if _, ok := w.files[to]; ok || from == to {
		return false
	}
	w.relocate(from, to)
	return w.say("move %s to %s", from, to)
}

// someDir is the directory of some file.
func (w *world) someDir() string { return path.Dir(oneOf(w, w.names(anyFile)...)) }

func (w *world) move() bool {
	p := oneOf(w, w.names(anyFile)...)
	if _, entry := w.entries[p]; entry { // whether somebody applies it from there nobody knows
		return false
	}
	return w.to(p, path.Join(w.someDir(), path.Base(p)))
}

// moveDirectory moves all that is in a directory.
func (w *world) moveDirectory() bool {
	dir := w.someDir()
	if dir == "." {
		return false
	}
	w.directoryTo(dir, dir+"-moved")
	return w.say("move %s to %s-moved", dir, dir)
}

func (w *world) directoryTo(from, to string) {
	for _, p := range w.names(func(p string) bool { return strings.HasPrefix(p, from+"/") }) {
		w.relocate(p, to+strings.TrimPrefix(p, from))
	}
}

// link puts a symlink where a file is: to the file, which has moved, or to another one.
func (w *world) link() bool {
	p := oneOf(w, w.regular(anyFile)...)
	dir, base := path.Split(p)
	if base == ".sourceignore" { // Flux opens it through a link, the witness does not
		return false
	}
	target := oneOf(w, "files/"+base, "linked-"+base)
	if w.chance(50) {
		others := w.names(func(q string) bool { return path.Dir(q)+"/" == dir && q != p })
		if len(others) == 0 {
			return false
		}
		target = path.Base(oneOf(w, others...))
	} else if !w.to(p, dir+target) {
		return false
	}
	delete(w.entries, p)
	w.files[p] = tree.File{Kind: gitops.Symlink, Content: target}
	return w.say("%s becomes a symlink to %s", p, target)
}

// linkDirectory puts a symlink where a directory is, which has moved.
func (w *world) linkDirectory() bool {
	dir := w.someDir()
	if dir == "." {
		return false
	}
	w.directoryTo(dir, dir+"-real")
	w.files[dir] = tree.File{Kind: gitops.Symlink, Content: path.Base(dir) + "-real"}
	return w.say("%s becomes a symlink to %s-real", dir, dir)
}

// add adds a manifest, which its kustomization lists sometimes.
func (w *world) add() bool {
	dir := w.someDir()
	p := path.Join(dir, oneOf(w, "added.yaml", "added.json", "added.txt"))
	if _, ok := w.files[p]; ok {
		return false
	}
	text := object("ConfigMap", "added", "k", "v")
	if path.Ext(p) == ".json" {
		text = `{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "added"}}`
	}
	w.put(p, text)
	w.say("add %s", p)
	if k := path.Join(dir, "kustomization.yaml"); w.files[k].Kind == gitops.Missing && strings.HasPrefix(w.files[k].Content, "resources:\n") && w.chance(60) {
		w.put(k, strings.Replace(w.files[k].Content, "resources:\n", "resources:\n- "+path.Base(p)+"\n", 1))
		w.say("list it in %s", k)
	}
	return true
}

// addKustomization makes a kustomization of a directory of manifests.
func (w *world) addKustomization() bool {
	dir := w.someDir()
	list := w.regular(func(p string) bool { return path.Dir(p) == dir && isYAML(p) })
	k := path.Join(dir, oneOf(w, "kustomization.yaml", "kustomization.yml", "Kustomization"))
	if _, ok := w.files[k]; ok || len(list) == 0 {
		return false
	}
	w.put(k, "resources:\n- "+path.Base(oneOf(w, list...))+"\nnamePrefix: k-\n")
	return w.say("add %s", k)
}

// changeDeployer changes an option of an Application or a Kustomization.
func (w *world) changeDeployer() bool {
	files := w.regular(func(p string) bool {
		text := w.files[p].Content
		return strings.Contains(text, "kind: Application") || strings.Contains(text, "\nkind: Kustomization")
	})
	if len(files) == 0 {
		return false
	}
	p := oneOf(w, files...)
	text := w.files[p].Content
	argo := strings.Contains(text, "kind: Application")
	option := oneOf(w, "  namePrefix: y-\n", "  nameSuffix: -y\n", "  images:\n  - name: registry.example.com/cart\n    newTag: \"9\"\n", "  suspend: true\n", "  targetNamespace: other\n",
		"  wait: true\n", "  components:\n  - ../../components/labels\n")
	after := regexp.MustCompile(`(?m)^  prune: .*\n`)
	if argo {
		option = oneOf(w, "    kustomize:\n      namePrefix: y-\n", "    kustomize:\n      images:\n      - registry.example.com/cart:9\n", "    kustomize:\n      namespace: other\n",
			"    directory:\n      recurse: true\n", "    directory:\n      exclude: '*.yml'\n", "    kustomize:\n      nameSuffix: -y\n", "    kustomize:\n      components:\n      - ../../../../components/labels\n")
		after = regexp.MustCompile(`(?m)^    path: .*\n`)
	}
	if w.chance(40) {
		paths := regexp.MustCompile(`(?m)^( +path: )(?:\./)?[\w/.-]+$`)
		if at := paths.FindAllStringIndex(text, -1); len(at) > 0 {
			i := oneOf(w, at...)
			line := paths.ReplaceAllString(text[i[0]:i[1]], "${1}"+oneOf(w, slices.Concat(w.dirs, []string{"nowhere"})...))
			w.put(p, text[:i[0]]+line+text[i[1]:])
			return w.say("%s: %q becomes %q", p, text[i[0]:i[1]], line)
		}
	}
	at := after.FindAllStringIndex(text, -1)
	if len(at) == 0 || strings.HasPrefix(p, "self") || argo && strings.Contains(text, strings.SplitN(option, "\n", 2)[0]) {
		return false
	}
	i := oneOf(w, at...)
	w.put(p, text[:i[1]]+option+text[i[1]:])
	return w.say("%s: gets %q", p, option)
}

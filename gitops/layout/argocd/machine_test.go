package argocd

import (
	"maps"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"text/template"

	"github.com/Masterminds/sprig/v3"
)

func newTestMachine(t *testing.T, goTemplate bool, options ...string) *machine {
	t.Helper()
	m, err := newMachine(goTemplate, options, func(int) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestTemplates fills in templates of Go.
func TestTemplates(t *testing.T) {
	values := object{"a": "x", "n": 8080.0, "big": 1e6, "list": []any{"p", "q"}, "map": object{"k": "v"}, "segments": []string{"s", "t"}}
	tests := []struct{ text, want string }{
		{`plain`, `plain`},
		{`{{.a}}-{{ .n }}-{{.big}}`, `x-8080-1e+06`},
		{`{{ .none }}`, `<no value>`},
		{`{{ join "/" .segments }}{{ .list | toJson }}`, `s/t["p","q"]`},
		{`{{ toYaml .map }}{{ (fromYaml "b: c").b }}{{ index (fromYamlArray "[1, z]") 1 }}`, `k: vcz`},
		{`{{ normalize "A_b.C-" }} {{ slugify "Hello.World" }} {{ slugify 8 "hello-world" }} {{ slugify 8 false "hello-world" }}`, `a-b.c hello-world hello hello-wo`},
		{`{{ range $i, $e := .list }}{{ $i }}{{ $e }}{{ end }}`, `0p1q`},
		{`{{ define "d" }}[{{ . }}]{{ end }}{{ template "d" .a }}`, `[x]`},
		{`{{ $d := dict "a" 1 }}{{ $_ := set $d "b" (dict "c" 2) }}{{ $d.b.c }}{{ get $d "a" }}`, `21`},
		{`{{ uuidv4 }}{{ now | date "2006" }}{{ (genCA "x" 1).Cert }}`, `{{uuidv4}}{{date}}{{genCA}}`},
		{`{{ date "2006-01-02" 0 }} {{ dateInZone "15" 0 "Asia/Tokyo" }}`, `1970-01-01 09`},
		{`{{ regexReplaceAll "a(b)" "abab" "${1}c" }} {{ regexFind "[a-z]+" "12ab" }}`, `bcbc ab`},
		{`{{ repeat 3 "ab" }} {{ indent 2 "x" }} {{ until 3 }} {{ seq 1 2 7 }}`, `ababab   x [0 1 2] 1 3 5 7`},
		{`{{ range 3 }}a{{ end }} {{ printf "%03d %q" 7 "x" }}`, `aaa 007 "x"`},
	}
	m := newTestMachine(t, true)
	for _, tt := range tests {
		if got, err := m.render(tt.text, set{values: values}); got != tt.want || err != nil {
			t.Errorf("%s: %q, %v, want %q", tt.text, got, err, tt.want)
		}
	}
}

// TestTemplatesRefused has what Argo CD refuses, and what does more than it may: none of it
// takes long, or more memory than there is.
func TestTemplatesRefused(t *testing.T) {
	loop := strings.Repeat(`{{ range until 1000 }}`, 4) + strings.Repeat(`{{ end }}`, 4)
	tests := []string{
		`{{ .a`, `{{ env "HOME" }}`, `{{ expandenv "$HOME" }}`, `{{ getHostByName "x" }}`, `{{ fail "no" }}`, `{{ .a.b.c }}`, `{{ index .list 9 }}`,
		`{{ slugify "a" 1 }}`, `{{ div 1 0 }}`, `{{ template "none" }}`, `{{ derivePassword 1 "long" "a" "b" "c" }}`,
		`{{ repeat 1000000000 "abc" }}`, `{{ repeat -1 "a" }}`, `{{ until 1000000000 }}`, `{{ untilStep 0 1000000000 1 }}`, `{{ seq 1000000000 }}`, `{{ seq 0 1 1000000000 }}`,
		`{{ indent 1000000000 "a" }}`, `{{ printf "%1000000000d" 1 }}`, `{{ printf "%*d" 1000000000 1 }}`, `{{ printf "%.1000000000f" 1.0 }}`,
		`{{ range 1000000000 }}{{ end }}`, loop,
		`{{ define "a" }}{{ template "a" }}{{ template "a" }}{{ end }}{{ template "a" }}`,
		`{{ $x := list "a" }}{{ range until 100 }}{{ $x = list $x $x }}{{ end }}{{ $x }}`,
		`{{ $x := dict "a" "b" }}{{ range until 100 }}{{ $_ := set $x "a" (dict "l" $x "r" $x) }}{{ end }}{{ $x }}`,
		`{{ $x := "aa" }}{{ range until 100 }}{{ $x = print $x $x }}{{ end }}{{ $x }}`,
		`{{ $x := "aa" }}{{ range until 100 }}{{ $x = replace "a" $x $x }}{{ end }}{{ $x }}`,
		`{{ $x := repeat 30000 "a" }}{{ range until 1000 }}{{ $y := regexFind "(a{100}){9}b" $x }}{{ end }}`,
		`{{ $x := repeat 30000 "a" }}{{ join $x (until 30000) }}`, `{{ wrapWith 1 (repeat 30000 "b") (repeat 30000 "a") }}`,
		`{{ range until 1000 }}{{ repeat 10000 "abc" }}{{ end }}`,
	}
	m := newTestMachine(t, true)
	for _, text := range tests {
		if got, err := m.render(text, set{values: object{"a": "x", "list": []any{"p"}}}); err == nil {
			t.Errorf("%s: %.100q", text, got)
		}
	}
	if got, err := m.render(`{{ $d := dict "a" "b" }}{{ $_ := set $d "self" $d }}{{ $_ := merge $d (dict "m" $d) }}{{ $d.self.a }}`, set{values: object{}}); got != "b" || err != nil {
		t.Errorf("a mapping within itself: %q, %v", got, err)
	}
}

// TestTemplatesNames fills in names between braces.
func TestTemplatesNames(t *testing.T) {
	values := object{"a": "x", "path[0]": "p", "n": 1.0, "": "empty"}
	tests := []struct{ text, want string }{
		{`{{a}} {{ a }}{{path[0]}}`, `x xp`},
		{`{{b}} {{ n }}{{}}`, `{{b}} {{ n }}{{}}`},
		{"{{a\n}}", "{{a\n}}"},
		{"{{a\n}} {{a}}", "x x"},
		{`}}{{`, `}}{{`},
	}
	m := newTestMachine(t, false)
	for _, tt := range tests {
		if got, err := m.render(tt.text, set{values: values}); got != tt.want || err != nil {
			t.Errorf("%q: %q, %v", tt.text, got, err)
		}
	}
	if _, err := m.render("{{a}}{{a", set{values: values}); err == nil {
		t.Error("a name without an end")
	}
}

// TestFunctionsAreSprigs compares the functions with the library's: each is there but for
// the three that Argo CD takes out, and what is the same each time gives the same.
func TestFunctionsAreSprigs(t *testing.T) {
	ours := newTestMachine(t, true).functions()
	for name := range sprig.GenericFuncMap() {
		_, ok := ours[name]
		if gone := name == "env" || name == "expandenv" || name == "getHostByName"; ok == gone {
			t.Errorf("%s: there %v", name, ok)
		}
	}
	for _, text := range []string{
		`{{ abbrev 5 .a }}{{ trunc -3 .a }}{{ title .a }}{{ b64enc .a | b64dec }}{{ sha256sum .a }}`, `{{ splitList "-" .a | last }}{{ (split "-" .a)._1 }}`,
		`{{ .l | uniq | sortAlpha | join "," }}{{ has "p" .l }}{{ first .l }}{{ without .l "p" }}{{ concat .l .l | len }}`,
		`{{ ternary "y" "n" (eq .a "x") }}{{ default "d" .none }}{{ coalesce .none .a }}{{ empty .m }}{{ hasKey .m "k" }}{{ keys .m }}{{ dig "k" "z" .m }}`,
		`{{ add 1 2 }}{{ mul 2 3 4 }}{{ round 1.26 1 }}{{ max 1 5 2 }}{{ atoi "7" }}{{ semverCompare ">=1.2" "1.3.0" }}{{ toPrettyJson .m }}`,
		`{{ merge (dict "a" 1) .m | toJson }}{{ omit .m "k" | len }}{{ regexSplit "-" .a -1 }}{{ urlParse "http://h/p" | toJson }}{{ camelcase "ab_cd" }}{{ wrap 3 "ab cd" }}`,
	} {
		values := object{"a": "some-text", "l": []any{"p", "q", "p"}, "m": object{"k": "v"}}
		var want strings.Builder
		if err := template.Must(template.New("").Funcs(sprig.GenericFuncMap()).Parse(text)).Execute(&want, cloneValue(values)); err != nil {
			t.Fatal(err)
		}
		if got, err := newTestMachine(t, true).render(text, set{values: values}); got != want.String() || err != nil {
			t.Errorf("%s: %q, %v, want %q", text, got, err, want.String())
		}
	}
}

// TestOpen fills templates in with a part of the parameters, and what comes out with all of
// them: that is what all of them give at once.
func TestOpen(t *testing.T) {
	all := object{"a": "x", "b": "y", "c": "", "m": object{"k": "v", "l": []any{"p", "q"}}}
	pieces := []string{
		"t", "{{.a}}", "{{ .b }}", "{{ .c }}", `{{ .m.k }}`, `{{ if .a }}A{{ .b }}{{ else }}E{{ .c }}{{ end }}`, `{{ if eq .b "y" }}B{{ end }}`,
		`{{ range .m.l }}{{ . }}{{ $.b }}{{ end }}`, `{{ with .m }}{{ .k }}{{ end }}`, `{{ $v := .b }}{{ $v }}{{ $v | upper }}`, `{{ $w := "0" }}{{ if .b }}{{ $w = "1" }}{{ end }}{{ $w }}`,
		`{{ index . "b" }}`, `{{ .a | printf "%s%s" .b }}`, `{{ (dict "z" .b).z }}`, `{{- .a -}}`, `{{ default "d" .c }}`, `{{ range $i, $e := .m.l }}{{ $i }}{{ $e }}{{ end }}`,
	}
	r := rand.New(rand.NewPCG(7, 8))
	m := newTestMachine(t, true)
	for range 1_000 {
		text := random(r, pieces, 5)
		want, err := m.render(text, set{values: all})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		part := maps.Clone(all)
		for k := range all {
			if r.IntN(2) == 0 {
				delete(part, k)
			}
		}
		half, err := m.render(text, set{values: part, unknown: "clusters"})
		if err != nil {
			t.Fatalf("%s with %v: %v", text, part, err)
		}
		if got, err := m.render(half, set{values: all}); got != want || err != nil {
			t.Fatalf("%s with %v: %s: %q, %v, want %q", text, part, half, got, err, want)
		}
	}
}

// TestSingleLine reads back what is written on one line.
func TestSingleLine(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 5_000 {
		v := object{}
		for range r.IntN(4) {
			key := random(r, []string{"a", "\"", "\n", "\u2028", "\x7f", "\u0085", "\ufeff", "é", "😀", "\x00", "<", "'", ": ", "#"}, 6)
			v[key] = []any{key, float64(r.IntN(100)), r.IntN(2) == 0, nil, object{}}
		}
		data := singleLine(encode(v))
		got, err := decode([]byte(data))
		if err != nil || !reflect.DeepEqual(got, any(v)) || strings.Contains(data, "\n") {
			t.Fatalf("%q: %v, %v", data, got, err)
		}
	}
}

// TestStrategic has patches that only part of an Application's fields take in full.
func TestStrategic(t *testing.T) {
	tests := []struct{ target, patch, want string }{
		{`{a: {b: 1, c: 2}}`, `{a: {b: null, d: 3}}`, `{"a":{"c":2,"d":3}}`},
		{`{a: [1, 2]}`, `{a: [3]}`, `{"a":[3]}`},
		{`{a: {b: 1}}`, `{a: {$patch: replace, c: 2}}`, `{"a":{"c":2}}`},
		{`{}`, `{a: {$patch: replace, b: 1}, c: {d: {$patch: delete}, e: null, f: 1}}`, `{"c":{"f":1}}`},
		{`{a: {b: 1}}`, `{a: {$patch: delete}}`, `{"a":{}}`},
		{`{metadata: {finalizers: [x]}}`, `{metadata: {finalizers: [z, x]}}`, `{"metadata":{"finalizers":["z","x"]}}`},
		{`{metadata: {finalizers: [x, z]}}`, `{metadata: {$deleteFromPrimitiveList/finalizers: [x]}}`, `{"metadata":{"finalizers":["z"]}}`},
		{`{a: {b: 1, c: 2}}`, `{a: {$retainKeys: [c]}}`, `{"a":{"c":2}}`},
	}
	for _, tt := range tests {
		target, _ := decode([]byte(tt.target))
		patch, _ := decode([]byte(tt.patch))
		got, err := strategic(mapping(target), mapping(patch), "")
		if err != nil || encode(got) != tt.want {
			t.Errorf("%s with %s: %s, %v", tt.target, tt.patch, encode(got), err)
		}
	}
	if _, err := strategic(nil, object{"$patch": "odd"}, ""); err == nil {
		t.Error("an unknown directive is taken")
	}
}

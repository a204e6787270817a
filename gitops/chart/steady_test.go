package chart

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// dice makes up what a chart may render to.
type dice struct{ *rand.Rand }

// of returns a text of n characters of an alphabet.
func (d dice) of(alphabet string, n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(alphabet[d.IntN(len(alphabet))])
	}
	return b.String()
}

const (
	small = "abcdefghijklmnopqrstuvwxyz"
	alnum = small + "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	ascii = alnum + "!#$%&()*+,-./:;<=>?@[]^_{|}~"
)

// part is a piece of a value: fixed, or made up anew in each render.
type part struct {
	fixed  string
	random func(dice) string
}

// parts are those of a text, and with another fixed one in the place of one of them: what a
// change of the chart or its values does.
func (d dice) parts() (before, after []part) {
	for i := range 2 + d.IntN(6) {
		if i%2 == 0 {
			n := 5 + d.IntN(60)
			alphabet := []string{alnum, alnum, ascii}[d.IntN(3)]
			before = append(before, part{random: func(d dice) string { return d.of(alphabet, n) }})
			continue
		}
		before = append(before, part{fixed: d.of(" ;/=\n", 1) + d.of(small, 3+d.IntN(12)) + d.of(" ;/=\n", 1)})
	}
	after = append(after, before...)
	after[1] = part{fixed: before[1].fixed[:1] + d.of(small, len(before[1].fixed)-2) + before[1].fixed[len(before[1].fixed)-1:]}
	return before, after
}

// render is one render of a text.
func (d dice) render(parts []part) string {
	var b strings.Builder
	for _, p := range parts {
		if p.random != nil {
			b.WriteString(p.random(d))
		} else {
			b.WriteString(p.fixed)
		}
	}
	return b.String()
}

// output is what a chart with such a value renders to, compared with itself.
func (d dice) output(t *testing.T, parts []part, shape int) Output {
	t.Helper()
	document := func() []Document {
		text := d.render(parts)
		value := fmt.Sprintf("%q", text)
		switch shape {
		case 1:
			value = "[" + strings.Join([]string{value, value}, ", ") + "]"
		case 2:
			value = fmt.Sprintf("{%q: %s, fixed: x}", d.of(small, 8), value)
		case 3:
			value = fmt.Sprintf("%q", base64.StdEncoding.EncodeToString([]byte(text)))
		}
		return []Document{{Template: "t", Text: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  v: " + value}}
	}
	out := Output{Documents: document()}
	if err := out.steady([][]Document{document(), document()}); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestSteadyHidesNothing changes a word of three letters or more that stands between random
// ones: it is seen, or it is said that not all is seen. The other way round what is random
// alone is no change.
func TestSteadyHidesNothing(t *testing.T) {
	d := dice{rand.New(rand.NewPCG(1, 2))}
	seen, said := 0, 0
	for i := range 4_000 {
		before, after := d.parts()
		a, b := d.output(t, before, i%4), d.output(t, after, i%4)
		switch {
		case before[1].fixed == after[1].fixed:
		case string(a.Text()) != string(b.Text()):
			seen++
		case b.Hidden:
			said++
		default:
			t.Fatalf("shape %d: %q becomes %q, and both are\n%s", i%4, before[1].fixed, after[1].fixed, a.Text())
		}
	}
	if seen < 500 || said < 500 {
		t.Errorf("%d are seen, %d said", seen, said)
	}
}

// TestSteadyAlone renders what is random as a whole: nothing is hidden by it.
func TestSteadyAlone(t *testing.T) {
	d := dice{rand.New(rand.NewPCG(3, 4))}
	hidden := 0
	for range 2_000 {
		n := 5 + d.IntN(60)
		parts := []part{{fixed: "token="}, {random: func(d dice) string { return d.of(alnum, n) }}, {fixed: ";"}}
		a, b := d.output(t, parts, 0), d.output(t, parts, 0)
		if string(a.Text()) != string(b.Text()) {
			t.Fatalf("%s\n%s", a.Text(), b.Text())
		}
		if a.Hidden {
			hidden++
		}
	}
	if hidden > 2 {
		t.Errorf("of 2,000 random texts %d are taken for something else", hidden)
	}
}

// TestSteadyOrder renders a list and lines in another order each time, as the keys of a map
// come: what stands in them is seen.
func TestSteadyOrder(t *testing.T) {
	d := dice{rand.New(rand.NewPCG(5, 6))}
	documents := func(words ...string) []Document {
		d.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
		return []Document{{Text: fmt.Sprintf("kind: C\nlist: [%s]\nlines: %q\nline: %q\n", strings.Join(words, ", "), strings.Join(words, "\n"), strings.Join(words, ","))}}
	}
	output := func(words ...string) Output {
		out := Output{Documents: documents(words...)}
		var others [][]Document
		for range maxAgain {
			others = append(others, documents(words...))
		}
		if err := out.steady(others); err != nil {
			t.Fatal(err)
		}
		return out
	}
	a, b := output("alpha", "beta", "gamma"), output("alpha", "beta", "delta")
	if string(a.Text()) == string(b.Text()) || !a.Hidden { // the words of one line are not put in order
		t.Errorf("hidden %t\n%s%s", a.Hidden, a.Text(), b.Text())
	}
}

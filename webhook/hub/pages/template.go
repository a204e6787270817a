package pages

import (
	"hash/fnv"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// hues is how many colours of avatars the style has.
const hues = 6

// parse reads the templates: every page with the parts that they share.
func (p *pages) parse() map[string]*template.Template {
	funcs := template.FuncMap{
		"avatar": p.avatar, "clock": clock, "short": short, "count": count, "inc": func(i int) int { return i + 1 }, "address": address,
	}
	out := map[string]*template.Template{}
	for _, name := range []string{"conversation", "commits", "files", "pulls", "commit", "blob", "run", "deliveries", "delivery", "error"} {
		t := template.New("base.html").Funcs(funcs)
		out[name] = template.Must(t.ParseFS(files, "template/base.html", "template/part.html", "template/"+name+".html"))
	}
	return out
}

// avatar is a picture for a name: its first letter on a colour of its own.
func (p *pages) avatar(login string) template.HTML {
	first, _ := utf8.DecodeRuneInString(login)
	hue := slices.IndexFunc(p.o.People, func(one Person) bool { return one.Login == login })
	if hue < 0 {
		sum := fnv.New32a()
		_, _ = sum.Write([]byte(login)) // never fails
		hue = int(sum.Sum32() % hues)
	}
	return template.HTML(`<span class="avatar hue-` + strconv.Itoa(hue%hues) + `" aria-hidden="true">` +
		template.HTMLEscapeString(string(unicode.ToUpper(first))) + `</span>`)
}

// clock is a time that the page's script makes relative.
func clock(t time.Time) template.HTML {
	t = t.UTC()
	return template.HTML(`<time datetime="` + t.Format(time.RFC3339) + `">` + t.Format("Jan 2, 15:04") + ` UTC</time>`)
}

// address is a path of a file as part of a URL.
func address(path string) string { return (&url.URL{Path: path}).EscapedPath() }

func short(sha string) string { return sha[:min(7, len(sha))] }

// count is a number with its noun: "1 commit", "2 commits".
func count(n int, noun string) string {
	if n != 1 {
		noun = strings.TrimSuffix(noun, "s") + "s"
	}
	return strconv.Itoa(n) + " " + noun
}

package pages

import (
	"bytes"
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// decorate parses sanitised HTML, adds what GitHub adds, and writes it again: diffs in
// colour, alerts, tables that scroll, mentions. Classes come from here only. Because it
// is written from a tree, it opens and closes nothing of the page around it.
func decorate(in []byte, repo string) (string, error) {
	body := &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div}
	nodes, err := html.ParseFragment(bytes.NewReader(in), body)
	if err != nil {
		return "", err
	}
	for _, n := range nodes {
		body.AppendChild(n)
	}
	walk(body, repo)
	var out strings.Builder
	for n := range body.ChildNodes() {
		if err := html.Render(&out, n); err != nil {
			return "", err
		}
	}
	return out.String(), nil
}

// walk decorates what is below a node. Text in links and code stays as it is.
func walk(n *html.Node, repo string) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		switch {
		case c.Type == html.TextNode:
			mention(c, repo)
		case c.DataAtom == atom.Pre:
			decoratePre(c)
		case c.DataAtom == atom.Code:
		case c.DataAtom == atom.A:
			decorateLink(c)
		case c.DataAtom == atom.Img:
			decorateImage(c)
		default:
			decorateElement(c)
			walk(c, repo)
		}
		c = next
	}
}

func decorateElement(n *html.Node) {
	switch n.DataAtom {
	case atom.Blockquote:
		decorateAlert(n)
	case atom.Input:
		n.Attr = append(n.Attr, html.Attribute{Key: "aria-label", Val: "Task"})
		setAttr(n, "disabled", "")
	case atom.Li:
		if f := n.FirstChild; f != nil && (f.DataAtom == atom.Input || f.FirstChild != nil && f.FirstChild.DataAtom == atom.Input) {
			setAttr(n, "class", "task")
		}
	case atom.Table:
		wrap(n, element(atom.Div, "class", "scroll", "tabindex", "0", "role", "region", "aria-label", "Table"))
	}
}

// decorateLink leaves a link's text as it is.
func decorateLink(a *html.Node) {
	var pictures []*html.Node
	for n := range a.Descendants() {
		if n.DataAtom == atom.Img {
			pictures = append(pictures, n)
		}
	}
	for _, n := range pictures {
		decorateImage(n)
		n.DataAtom, n.Data, n.Attr = atom.Span, "span", nil
	}
}

// decorateImage puts a link in place of a picture: the pages load nothing from elsewhere.
func decorateImage(n *html.Node) {
	src, alt := attr(n, "src"), attr(n, "alt")
	if alt == "" {
		alt = "picture"
	}
	text := &html.Node{Type: html.TextNode, Data: "🖼 " + alt}
	n.DataAtom, n.Data = atom.A, "a"
	n.Attr = []html.Attribute{{Key: "href", Val: src}, {Key: "rel", Val: "nofollow noreferrer"}}
	n.AppendChild(text)
}

// decoratePre makes a block of code scroll, colours a diff and draws a chart.
func decoratePre(pre *html.Node) {
	setAttr(pre, "tabindex", "0")
	code := pre.FirstChild
	if code == nil || code.DataAtom != atom.Code {
		return
	}
	language := strings.TrimPrefix(attr(code, "class"), "language-")
	if language == "mermaid" && drawFlow(pre, textOf(code)) || language != "diff" {
		return
	}
	setAttr(pre, "class", "diff")
	text := textOf(code)
	for code.FirstChild != nil {
		code.RemoveChild(code.FirstChild)
	}
	for line := range strings.Lines(text) {
		span := element(atom.Span)
		if class := lineClass(line); class != "" {
			setAttr(span, "class", class)
		}
		span.AppendChild(&html.Node{Type: html.TextNode, Data: line})
		code.AppendChild(span)
	}
}

// lineClass is the class of a line of a diff.
func lineClass(line string) string {
	switch {
	case strings.HasPrefix(line, "@@"):
		return "hunk"
	case strings.HasPrefix(line, "+"):
		return "add"
	case strings.HasPrefix(line, "-"), strings.HasPrefix(line, "!"):
		return "del"
	case strings.HasPrefix(line, "#"):
		return "note"
	}
	return ""
}

// alertMark begins a quote that is an alert
// (https://docs.github.com/en/get-started/writing-on-github, "Alerts").
var alertMark = regexp.MustCompile(`^\s*\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*`)

// decorateAlert turns a quote that begins with a mark alone on its line into an alert.
func decorateAlert(quote *html.Node) {
	p := quote.FirstChild
	for p != nil && p.DataAtom != atom.P {
		p = p.NextSibling
	}
	if p == nil || p.FirstChild == nil || p.FirstChild.Type != html.TextNode {
		return
	}
	text := p.FirstChild
	m := alertMark.FindStringSubmatch(text.Data)
	if m == nil || strings.TrimSpace(text.Data) != strings.TrimSpace(m[0]) {
		return
	}
	p.RemoveChild(text)
	if br := p.FirstChild; br != nil && br.DataAtom == atom.Br {
		p.RemoveChild(br)
	}
	kind := strings.ToLower(m[1])
	quote.DataAtom, quote.Data = atom.Div, "div"
	quote.Attr = []html.Attribute{{Key: "class", Val: "alert " + kind}}
	title := element(atom.P, "class", "alert-title")
	title.AppendChild(&html.Node{Type: html.TextNode, Data: m[1][:1] + kind[1:]})
	quote.InsertBefore(title, quote.FirstChild)
	if p.FirstChild == nil {
		quote.RemoveChild(p)
	}
}

// reference is a mention of a person or of a pull request, after what must precede it.
var reference = regexp.MustCompile(`(^|[\s(])(?:@([A-Za-z0-9][A-Za-z0-9-]{0,38})|#([1-9][0-9]{0,8}))\b`)

// mention makes mentions in a text stand out, and links pull requests of the repository.
func mention(text *html.Node, repo string) {
	at := 0
	for _, m := range reference.FindAllStringSubmatchIndex(text.Data, -1) {
		before := m[3]
		node := element(atom.Strong, "class", "mention")
		if m[6] >= 0 {
			if repo == "" {
				continue
			}
			node = element(atom.A, "href", "/"+repo+"/pull/"+text.Data[m[6]:m[7]])
		}
		node.AppendChild(&html.Node{Type: html.TextNode, Data: text.Data[before:m[1]]})
		text.Parent.InsertBefore(&html.Node{Type: html.TextNode, Data: text.Data[at:before]}, text)
		text.Parent.InsertBefore(node, text)
		at = m[1]
	}
	text.Data = text.Data[at:]
}

// element makes an element with attributes given as names and values in turn.
func element(a atom.Atom, attrs ...string) *html.Node {
	n := &html.Node{Type: html.ElementNode, Data: a.String(), DataAtom: a}
	for i := 0; i+1 < len(attrs); i += 2 {
		n.Attr = append(n.Attr, html.Attribute{Key: attrs[i], Val: attrs[i+1]})
	}
	return n
}

// wrap puts n into an element that takes its place.
func wrap(n, in *html.Node) {
	n.Parent.InsertBefore(in, n)
	n.Parent.RemoveChild(n)
	in.AppendChild(n)
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// setAttr sets an attribute.
func setAttr(n *html.Node, key, value string) {
	for i := range n.Attr {
		if n.Attr[i].Key == key {
			n.Attr[i].Val = value
			return
		}
	}
	n.Attr = append(n.Attr, html.Attribute{Key: key, Val: value})
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

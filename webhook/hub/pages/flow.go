package pages

import (
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// The lines of a mermaid chart that are drawn: boxes in a row, and an arrow from each to
// the next. A thick one is where a change goes.
var (
	flowBox   = regexp.MustCompile(`^e(\d{1,3})\["([^"]{1,500})"\]$`)
	flowArrow = regexp.MustCompile(`^e(\d{1,3}) (-\.->|==>) e(\d{1,3})$`)
	flowCode  = regexp.MustCompile(`#(\d{1,5});`)
)

// drawFlow puts a list in place of a chart, which GitHub draws. It reports whether it
// could: a chart with anything but a row of boxes stays as text.
func drawFlow(pre *html.Node, text string) bool {
	head, rest, _ := strings.Cut(text, "\n")
	if head != "flowchart LR" {
		return false
	}
	list := element(atom.Ol, "class", "flow")
	var boxes []*html.Node
	arrows := 0
	for line := range strings.Lines(rest) {
		line = strings.TrimSpace(line)
		if m := flowBox.FindStringSubmatch(line); m != nil && m[1] == strconv.Itoa(len(boxes)) && arrows == 0 {
			boxes = append(boxes, drawBox(m[2]))
			list.AppendChild(boxes[len(boxes)-1])
			continue
		}
		m := flowArrow.FindStringSubmatch(line)
		if m == nil || m[1] != strconv.Itoa(arrows) || m[3] != strconv.Itoa(arrows+1) || arrows+1 >= len(boxes) {
			return false
		}
		arrows++
		if m[2] == "==>" {
			setAttr(boxes[arrows], "class", "target")
		}
	}
	if len(boxes) == 0 || arrows != len(boxes)-1 {
		return false
	}
	pre.Parent.InsertBefore(list, pre)
	pre.Parent.RemoveChild(pre)
	return true
}

// drawBox is an item with a label: a name, and lines below it.
func drawBox(label string) *html.Node {
	li := element(atom.Li)
	for i, line := range strings.Split(label, "<br/>") {
		line = flowCode.ReplaceAllStringFunc(line, func(code string) string {
			n, _ := strconv.Atoi(code[1 : len(code)-1])
			return string(rune(n))
		})
		a := atom.Strong
		if i > 0 {
			a = atom.Span
		}
		part := element(a)
		part.AppendChild(&html.Node{Type: html.TextNode, Data: line})
		li.AppendChild(part)
	}
	return li
}

package chart

import (
	"slices"
	"strings"
	"text/template/parse"
)

// moments are two that no render happens in, as templates can say them. Whatever part of
// a date is shown, one of them has another than today.
var moments = [...]string{
	`(toDate "2006-01-02T15:04:05Z07:00" "1977-10-08T23:59:58Z")`,
	`(toDate "2006-01-02T15:04:05Z07:00" "1988-03-17T11:02:03Z")`,
}

// elsewhen returns the files of a chart with `now` at the i-th other moment. Text of values that
// is a template itself keeps the time of day.
func elsewhen(files []File, i int) []File {
	out := slices.Clone(files)
	moment := moments[i%len(moments)]
	for i, f := range out {
		if strings.Contains("/"+f.Name, "/templates/") && strings.Contains(string(f.Data), "now") {
			out[i].Data = []byte(nowReplaced(string(f.Data), moment))
		}
	}
	return out
}

// nowReplaced puts a moment where a template calls now. One that does not parse stays.
func nowReplaced(text, moment string) string {
	tree := parse.New("t")
	tree.Mode = parse.SkipFuncCheck
	set := map[string]*parse.Tree{}
	if _, err := tree.Parse(text, "", "", set); err != nil {
		return text
	}
	var at []int
	for _, t := range set {
		nows(t.Root, &at)
	}
	slices.Sort(at)
	for _, p := range slices.Backward(slices.Compact(at)) {
		if strings.HasPrefix(text[p:], "now") {
			text = text[:p] + moment + text[p+len("now"):]
		}
	}
	return text
}

// nows collects where a node calls now.
func nows(n parse.Node, at *[]int) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, c := range n.Nodes {
			nows(c, at)
		}
	case *parse.ActionNode:
		nows(n.Pipe, at)
	case *parse.TemplateNode:
		nows(n.Pipe, at)
	case *parse.IfNode:
		branch(&n.BranchNode, at)
	case *parse.RangeNode:
		branch(&n.BranchNode, at)
	case *parse.WithNode:
		branch(&n.BranchNode, at)
	case *parse.PipeNode:
		if n == nil {
			return
		}
		for _, c := range n.Cmds {
			nows(c, at)
		}
	case *parse.CommandNode:
		for _, a := range n.Args {
			nows(a, at)
		}
	case *parse.ChainNode:
		nows(n.Node, at)
	case *parse.IdentifierNode:
		if n.Ident == "now" {
			*at = append(*at, int(n.Pos))
		}
	}
}

// branch is nows for what may or may not run.
func branch(b *parse.BranchNode, at *[]int) {
	nows(b.Pipe, at)
	nows(b.List, at)
	nows(b.ElseList, at)
}

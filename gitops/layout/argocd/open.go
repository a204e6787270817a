package argocd

import (
	"slices"
	"strconv"
	"text/template"
	"text/template/parse"
)

// tick is the function that counts the turns of loops. Its name is none that a template
// can be meant to have.
const tick = "sealiftTick"

// count makes every turn of a loop and every call of a template cost something: text/template
// bounds neither.
func (m *machine) count(t *template.Template) {
	for _, each := range t.Templates() {
		if each.Tree != nil && each.Root != nil {
			countIn(each.Root)
			each.Root.Nodes = slices.Insert(each.Root.Nodes, 0, tickNode(each.Root.Pos, nestedCost))
		}
	}
}

// tickNode is a call of the function that counts, which prints nothing.
func tickNode(pos parse.Pos, cost int64) parse.Node {
	number := &parse.NumberNode{NodeType: parse.NodeNumber, Pos: pos, IsInt: true, Int64: cost, Text: strconv.FormatInt(cost, 10)}
	call := &parse.CommandNode{NodeType: parse.NodeCommand, Pos: pos, Args: []parse.Node{parse.NewIdentifier(tick).SetPos(pos), number}}
	return &parse.ActionNode{NodeType: parse.NodeAction, Pos: pos, Pipe: &parse.PipeNode{NodeType: parse.NodePipe, Pos: pos, Cmds: []*parse.CommandNode{call}}}
}

// countIn does so in the branches of a list.
func countIn(l *parse.ListNode) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		switch n := n.(type) {
		case *parse.IfNode:
			countIn(n.List)
			countIn(n.ElseList)
		case *parse.WithNode:
			countIn(n.List)
			countIn(n.ElseList)
		case *parse.RangeNode:
			countIn(n.List)
			countIn(n.ElseList)
			n.List.Nodes = slices.Insert(n.List.Nodes, 0, tickNode(n.Pos, callCost))
		}
	}
}

// keepOpen makes text of what hangs on parameters that are not known, as it is written:
// whole actions, and blocks with all that is in them. It errs on the side of text. half are
// the parameters whose values have places to be filled in: they can be printed, and
// nothing else.
func keepOpen(t *template.Template, known, half []string) {
	o := &openness{known: known, variables: map[string]bool{}}
	if t.Tree == nil || t.Root == nil {
		return
	}
	for range maxTaint { // a variable may hang on others that stand below it in a loop
		before := len(o.variables)
		o.open(t.Root)
		if len(o.variables) == before {
			break
		}
	}
	for i, n := range t.Root.Nodes {
		if o.open(n) && !prints(n, half) {
			text := n.String()
			t.Root.Nodes[i] = &parse.TextNode{NodeType: parse.NodeText, Pos: n.Position(), Text: []byte(text)}
		}
	}
}

// prints reports whether a node prints one of some parameters as it is.
func prints(n parse.Node, names []string) bool {
	a, ok := n.(*parse.ActionNode)
	if !ok || len(a.Pipe.Decl) > 0 || len(a.Pipe.Cmds) != 1 || len(a.Pipe.Cmds[0].Args) != 1 {
		return false
	}
	field, ok := a.Pipe.Cmds[0].Args[0].(*parse.FieldNode)
	return ok && slices.Contains(names, field.Ident[0])
}

// maxTaint is how often variables are gone through.
const maxTaint = 8

// openness tells what hangs on parameters that are not known.
type openness struct {
	known     []string
	variables map[string]bool // those that hang on them
}

// open reports whether a node does. Within a block the dot may be something else than the
// parameters: only the names that are known stay known there.
func (o *openness) open(n parse.Node) bool {
	switch n := n.(type) {
	case *parse.ListNode:
		return n != nil && anyOf(n.Nodes, o.open)
	case *parse.ActionNode:
		return o.pipe(n.Pipe)
	case *parse.IfNode:
		return o.branch(&n.BranchNode)
	case *parse.WithNode:
		return o.branch(&n.BranchNode)
	case *parse.RangeNode:
		return o.branch(&n.BranchNode)
	case *parse.PipeNode:
		return o.pipe(n)
	case *parse.CommandNode:
		return anyOf(n.Args, o.open)
	case *parse.FieldNode:
		return !slices.Contains(o.known, n.Ident[0])
	case *parse.ChainNode:
		return o.open(n.Node)
	case *parse.VariableNode:
		if n.Ident[0] == "$" {
			return len(n.Ident) == 1 || !slices.Contains(o.known, n.Ident[1])
		}
		return o.variables[n.Ident[0]]
	case *parse.DotNode, *parse.TemplateNode:
		return true
	}
	return false
}

// pipe also notes which variables hang on what is not known.
func (o *openness) pipe(p *parse.PipeNode) bool {
	if p == nil {
		return false
	}
	out := false
	for _, c := range p.Cmds {
		out = o.open(c) || out
	}
	for _, v := range p.Decl {
		if out {
			o.variables[v.Ident[0]] = true
		}
		out = out || o.variables[v.Ident[0]]
	}
	return out
}

// branch also notes the variables that are set in a block whose condition is open.
func (o *openness) branch(b *parse.BranchNode) bool {
	pipe := o.pipe(b.Pipe)
	if pipe {
		o.taint(b.List)
		o.taint(b.ElseList)
	}
	list, other := o.open(b.List), o.open(b.ElseList)
	return pipe || list || other
}

// taint notes all variables that are set in a list.
func (o *openness) taint(l *parse.ListNode) {
	if l == nil {
		return
	}
	set := func(p *parse.PipeNode) {
		for _, v := range p.Decl {
			o.variables[v.Ident[0]] = true
		}
	}
	for _, n := range l.Nodes {
		switch n := n.(type) {
		case *parse.ActionNode:
			set(n.Pipe)
		case *parse.IfNode:
			o.taintBranch(&n.BranchNode, set)
		case *parse.WithNode:
			o.taintBranch(&n.BranchNode, set)
		case *parse.RangeNode:
			o.taintBranch(&n.BranchNode, set)
		}
	}
}

// taintBranch is taint for a block within another.
func (o *openness) taintBranch(b *parse.BranchNode, set func(*parse.PipeNode)) {
	set(b.Pipe)
	o.taint(b.List)
	o.taint(b.ElseList)
}

// anyOf is slices.ContainsFunc that asks for all of them.
func anyOf(nodes []parse.Node, f func(parse.Node) bool) bool {
	out := false
	for _, n := range nodes {
		out = f(n) || out
	}
	return out
}

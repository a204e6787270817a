package hub

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// graphqlPath is where the GraphQL API is, as on GitHub Enterprise Server.
const graphqlPath = "/api/graphql"

// graphqlRoute is the GraphQL API. It is no operation of the REST API, whose description
// does not have it.
func graphqlRoute() []route {
	return []route{{"POST /graphql", asToken, "", (*call).graphql}}
}

// mutation is one of those that are served.
type mutation struct {
	name string
	// id is the input field with the node id of the pull request; fields are the others.
	id     string
	fields []string
	do     func(*call, *issue, mutationInput) error
}

// mutations are those of GitHub that the bot's side may need: a name, the field of its
// input that names the pull request, and the optional others. Any other mutation, and
// any other field, is refused as an unknown one is.
func mutations() []mutation {
	return []mutation{
		{"enablePullRequestAutoMerge", "pullRequestId", []string{"mergeMethod", "expectedHeadOid"}, (*call).enableAuto},
		{"disablePullRequestAutoMerge", "pullRequestId", nil, (*call).disableAuto},
		{"enqueuePullRequest", "pullRequestId", []string{"expectedHeadOid"}, (*call).enqueuePull},
		{"dequeuePullRequest", "id", nil, (*call).dequeuePull},
	}
}

// mutationInput is the input of a mutation, all of whose fields are strings.
type mutationInput map[string]string

// document is the only form of query that is read: one mutation whose input is a variable.
var document = regexp.MustCompile(`^\s*mutation\s*\(\s*\$input\s*:\s*(\w+)!\s*\)\s*\{\s*(\w+)\s*\(\s*input\s*:\s*\$input\s*\)\s*\{\s*clientMutationId\s*\}\s*\}\s*$`)

// graphql does one mutation. What GitHub refuses has status 200 and a list of errors.
func (c *call) graphql() *answer {
	var req struct {
		Query     string
		Variables struct{ Input mutationInput }
	}
	if err := json.Unmarshal(c.body, &req); err != nil {
		return refuse(http.StatusBadRequest, "Problems parsing JSON")
	}
	m := document.FindStringSubmatch(req.Query)
	if m == nil {
		return graphqlError("", "", "the hub reads one mutation with the variable $input only")
	}
	all := mutations()
	i := slices.IndexFunc(all, func(x mutation) bool { return x.name == m[2] })
	if i < 0 {
		return graphqlError("", "", "Field '"+m[2]+"' doesn't exist on type 'Mutation'")
	}
	if want := strings.ToUpper(m[2][:1]) + m[2][1:] + "Input"; m[1] != want {
		return graphqlError("", "", "Type mismatch on variable $input and argument input ("+m[1]+"! / "+want+"!)")
	}
	return c.mutate(all[i], m[1], req.Variables.Input)
}

// mutate finds the pull request and does a mutation on it.
func (c *call) mutate(m mutation, kind string, in mutationInput) *answer {
	for field := range in {
		if field != m.id && !slices.Contains(m.fields, field) {
			return graphqlError("", "", "Variable $input of type "+kind+"! was provided invalid value for "+field+" (Field is not defined on "+kind+")")
		}
	}
	is := c.h.pullByNode(in[m.id])
	if is == nil || !c.h.visible(c.who, is.repo) {
		return graphqlError(m.name, "NOT_FOUND", "Could not resolve to a node with the global id of '"+in[m.id]+"'")
	}
	if !c.h.may(c.who, is.repo, "contents:write") || !c.h.may(c.who, is.repo, "pull_requests:write") {
		return graphqlError(m.name, "FORBIDDEN", "Resource not accessible by integration")
	}
	err := error(nil)
	if head, ok := in["expectedHeadOid"]; ok && head != is.pull.headSHA {
		err = unprocessed("Head branch was modified. Review and try the merge again.")
	} else {
		err = m.do(c, is, in)
	}
	if err != nil {
		return graphqlError(m.name, "UNPROCESSABLE", err.Error())
	}
	return ok(obj{"data": obj{m.name: obj{"clientMutationId": nil}}})
}

// graphqlError is an answer with one error. Without a path the query itself was wrong.
func graphqlError(path, kind, message string) *answer {
	e := obj{"message": message, "locations": []obj{{"line": 1, "column": 1}}}
	body := obj{"errors": []obj{e}}
	if path != "" {
		e["type"], e["path"] = kind, []string{path}
		body["data"] = obj{path: nil}
	}
	return ok(body)
}

// unprocessed is a mutation that GitHub understood and does not do.
func unprocessed(message string) error { return &refusal{message: message} }

// pullByNode returns the pull request of a node id, nil when there is none.
func (h *Hub) pullByNode(id string) *issue {
	for _, r := range h.repos {
		for _, is := range r.issues {
			if is.pull != nil && node("PR", is.id) == id {
				return is
			}
		}
	}
	return nil
}

// enableAuto has a pull request merged once what the branch requires is there. GitHub
// refuses that for one that could be merged at once.
func (c *call) enableAuto(is *issue, in mutationInput) error {
	method := strings.ToLower(in["mergeMethod"])
	_, protected := is.repo.rules[is.pull.base]
	switch {
	case is.repo.noAutoMerge:
		return unprocessed("Pull request Auto merge is not allowed for this repository")
	case is.state != "open" || is.pull.draft:
		return unprocessed("Pull request is not in the correct state to enable auto-merge")
	case !protected:
		return unprocessed("Pull request Protected branch rules not configured for this branch")
	case is.repo.noMergeMethod[method]:
		return unprocessed("Merge method " + method + " merging is not allowed on this repository")
	case c.h.groupState(is.repo, is.pull.base, is.pull.headSHA) == "success":
		return unprocessed("Pull request Pull request is in clean status")
	}
	is.pull.auto, is.pull.autoBy = method, c.who.account()
	return nil
}

// disableAuto turns auto-merge off. Where it is off already GitHub refuses.
func (c *call) disableAuto(is *issue, _ mutationInput) error {
	if is.pull.auto == "" || is.state != "open" {
		return unprocessed("Can't disable auto-merge for this pull request.")
	}
	is.pull.auto, is.pull.autoBy = "", nil
	return nil
}

// enqueuePull puts a pull request into the merge queue; what the branch requires must be
// there.
func (c *call) enqueuePull(is *issue, _ mutationInput) error {
	rules := is.repo.rules[is.pull.base]
	if !rules.Queue {
		return unprocessed("Pull request Merge queue is not enabled for this branch")
	}
	if is.queued() != "" {
		return unprocessed("Pull request Pull request is already in the queue")
	}
	for _, context := range rules.Checks {
		if c.h.contextState(is.repo, is.pull.headSHA, context) != "success" {
			return unprocessed(`Pull request Required status check "` + context + `" is expected.`)
		}
	}
	return c.h.enqueue(c.ctx, is, c.who.account())
}

func (c *call) dequeuePull(is *issue, _ mutationInput) error {
	ref := is.queued()
	if ref == "" {
		return unprocessed("Pull request is not in the merge queue")
	}
	return c.h.dequeue(c.ctx, is, c.who.account(), ref)
}

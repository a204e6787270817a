package commands

import (
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/promote"
)

// RollbackUsage is the form of /rollback.
const RollbackUsage = "/rollback environment [app] [--take before/now [file[:field]]]"

// rollbackAsk is what somebody asks for with /rollback; App "" is all apps of the
// promotion. Take decides what was changed since, as [promote.Revert] has it.
type rollbackAsk struct {
	Environment, App string
	Take             map[string]string
}

// rollbackSides are the values of a field that /rollback can take: the one before the
// promotion, and the one that is there now.
var rollbackSides = map[string]string{"before": promote.TakeSource, "now": promote.TakeTarget}

// parseRollback reads the words behind /rollback.
func parseRollback(args []string) (rollbackAsk, error) {
	wrong := func(format string, args ...any) (rollbackAsk, error) {
		e := gitops.Errorf(gitops.Invalid, "/rollback: "+format, args...)
		e.Hint = "The form is `" + RollbackUsage + "`."
		return rollbackAsk{}, e
	}
	var ask rollbackAsk
	var names []string
	for len(args) > 0 {
		word := args[0]
		args = args[1:]
		name, side, given := strings.Cut(word, "=")
		switch {
		case !strings.HasPrefix(word, "-"):
			names = append(names, word)
			continue
		case name != "--take":
			return wrong("unknown option %s", gitops.Quote(name))
		case !given && len(args) > 0:
			side, args = args[0], args[1:]
		}
		if rollbackSides[side] == "" {
			return wrong("option --take takes before or now, not %s", gitops.Quote(side))
		}
		var ok bool
		if ask.Take, args, ok = takes(ask.Take, rollbackSides[side], args); !ok {
			return wrong("option --take says both before and now of the same")
		}
	}
	if len(names) < 1 || len(names) > 2 {
		return wrong("it needs an environment and perhaps an app, such as `/rollback staging web`")
	}
	ask.Environment, ask.App = names[0], strings.Join(names[1:], "")
	return ask, nil
}

package check

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/sealift/sealift/gitops"
)

func immutableField() Rule {
	return Rule{
		Name:     "immutable-field",
		Severity: gitops.SeverityError,
		Doc:      "A change edits a field that the API server does not let anybody change.",
		Long: `Some fields are fixed once an object is there: the selector of a Deployment, the template of
a Job, all but a few fields of a StatefulSet, the class and the size of a
PersistentVolumeClaim, the ` + "`roleRef`" + ` of a binding, and others (validation of the Kubernetes
API, 1.35). The API server refuses the whole object, so nothing else of it arrives either,
and the sync of its deployer fails. Give the object another name, or delete it by hand when
that is meant: what belongs to it goes with it.

What a deployer does by force is a warning, for the object is deleted and made anew: with
` + "`Force=true`" + ` in ` + "`argocd.argoproj.io/sync-options`" + `, or
` + "`kustomize.toolkit.fluxcd.io/force: enabled`" + `. Hooks, which Argo CD and Helm make anew, have no
finding. A Job that is suspended or that is deleted some time after it ended is a warning.`,
		Bad:  exampleChange(exampleClaim("10Gi"), exampleClaim("5Gi")),
		Good: exampleChange(exampleClaim("10Gi"), exampleClaim("20Gi")),
		run:  runImmutableField,
	}
}

// runImmutableField compares the objects that an overlay renders on both sides.
func runImmutableField(p *pass) error {
	fixed := fixedFields()
	for o := range p.bothRendered {
		before := map[id]gitops.Object{}
		for _, old := range o.Base.Objects {
			before[newID(old.APIVersion, old.Kind, old.Namespace, old.Name)] = old
		}
		var places whereabouts
		for _, now := range o.Head.Objects {
			i := newID(now.APIVersion, now.Kind, now.Namespace, now.Name)
			old, ok := before[i]
			fields := fixed[i.group+"/"+i.kind]
			if !ok || len(fields) == 0 || now.Name == "" || string(old.YAML) == string(now.YAML) {
				continue
			}
			f, found := refused(i, fields, decoded(old.YAML), decoded(now.YAML))
			if !found {
				continue
			}
			if places == nil {
				var err error
				if places, err = p.whereabouts(o.Head); err != nil {
					return err
				}
			}
			p.report(places.put(f, i, o.Head.Path))
		}
	}
	return nil
}

// refused says what becomes of a change of fixed fields of an object, without its place, and
// whether it has any.
func refused(i id, fields []fixedField, old, now map[string]any) (f gitops.Finding, found bool) {
	if old == nil || now == nil || isHook(now) {
		return f, false
	}
	var edited []string
	for _, f := range fields {
		if what := f.edited(old, now); what != "" {
			edited = append(edited, what)
		}
	}
	list := strings.Join(edited, ", ")
	switch {
	case len(edited) == 0:
		return f, false
	case forced(now):
		f.Severity, f.Message = gitops.SeverityWarning, i.String()+" is deleted and made anew, because "+list+" changes"
		f.Fix = "make sure that nothing is lost with it"
		return f, true
	case i.kind == "Job" && (at(old, "spec", "suspend") == true || at(old, "spec", "ttlSecondsAfterFinished") != nil):
		f.Severity, f.Message = gitops.SeverityWarning, "API server refuses "+i.String()+" if it is there still, for it cannot change "+list
	default:
		f.Message = "API server refuses " + i.String() + ", which cannot change " + list
	}
	f.Fix = "give it another name, or delete it by hand before, with all that belongs to it"
	return f, true
}

// isHook reports whether a deployer makes an object anew each time.
func isHook(o map[string]any) bool {
	return annotation(o, "argocd.argoproj.io/hook") != "" || annotation(o, "helm.sh/hook") != ""
}

// forced reports whether the object itself asks its deployer for force.
func forced(o map[string]any) bool {
	return syncOption(o, "Force=true") || annotation(o, "kustomize.toolkit.fluxcd.io/force") == "enabled"
}

// fixedField is a field that the API server does not let anybody change.
type fixedField struct {
	path []string
	// standard is what it is when nothing is said.
	standard any
	// differs decides instead of equality when it is there; both are not the same.
	differs func(old, now any) bool
	// unless says of an object before when the field may change after all.
	unless func(old, now map[string]any) bool
}

// edited returns the path of the field when it is another one now, "" otherwise.
func (f fixedField) edited(old, now map[string]any) string {
	a, b := at(old, f.path...), at(now, f.path...)
	if a == nil {
		a = f.standard
	}
	if b == nil {
		b = f.standard
	}
	if same(a, b) || f.differs != nil && !f.differs(a, b) || f.unless != nil && f.unless(old, now) {
		return ""
	}
	return strings.Join(f.path, ".")
}

// same compares two values as JSON has them.
func same(a, b any) bool {
	if reflect.DeepEqual(a, b) {
		return true
	}
	x, errA := json.Marshal(a)
	y, errB := json.Marshal(b)
	return errA == nil && errB == nil && string(x) == string(y)
}

// bothSaid is for fields that the cluster fills in: leaving one out keeps what is there.
func bothSaid(old, now any) bool { return old != nil && now != nil && old != "" && now != "" }

// shrinks reports whether a quantity is smaller than before.
func shrinks(old, now any) bool {
	a, errA := resource.ParseQuantity(fmt.Sprint(old))
	b, errB := resource.ParseQuantity(fmt.Sprint(now))
	return errA == nil && errB == nil && b.Cmp(a) < 0
}

// mayChange says of an object with a field "immutable" that it is not set.
func mayChange(old, _ map[string]any) bool { return at(old, "immutable") != true }

// fixedFields are the fields by group and kind, from the validation of the Kubernetes API
// (pkg/apis/*/validation of kubernetes 1.35).
func fixedFields() map[string][]fixedField {
	field := func(path string) fixedField { return fixedField{path: strings.Split(path, ".")} }
	standard := func(path string, value any) fixedField {
		return fixedField{path: strings.Split(path, "."), standard: value}
	}
	said := func(path string) fixedField { return fixedField{path: strings.Split(path, "."), differs: bothSaid} }
	external := func(old, now map[string]any) bool {
		return at(old, "spec", "type") == "ExternalName" || at(now, "spec", "type") == "ExternalName"
	}
	sealed := func(path string) fixedField { return fixedField{path: []string{path}, unless: mayChange} }
	role := []fixedField{field("roleRef")}
	selector := []fixedField{field("spec.selector")}
	return map[string][]fixedField{
		"apps/Deployment": selector, "apps/DaemonSet": selector, "apps/ReplicaSet": selector,
		"apps/StatefulSet": {
			field("spec.selector"), field("spec.serviceName"), standard("spec.podManagementPolicy", "OrderedReady"), field("spec.volumeClaimTemplates"),
		},
		"batch/Job": {
			field("spec.template"), said("spec.selector"), standard("spec.completionMode", "NonIndexed"), field("spec.podFailurePolicy"),
			field("spec.successPolicy"), field("spec.backoffLimitPerIndex"), field("spec.managedBy"),
			{path: []string{"spec", "completions"}, unless: func(old, _ map[string]any) bool { return at(old, "spec", "completionMode") == "Indexed" }},
		},
		"/PersistentVolumeClaim": {
			field("spec.accessModes"), said("spec.storageClassName"), said("spec.volumeName"), field("spec.selector"),
			standard("spec.volumeMode", "Filesystem"), said("spec.dataSource"), said("spec.dataSourceRef"),
			{path: []string{"spec", "resources", "requests", "storage"}, differs: shrinks},
		},
		"/PersistentVolume": {
			field("spec.csi"), field("spec.nfs"), field("spec.hostPath"), field("spec.local"), field("spec.iscsi"), field("spec.fc"),
			standard("spec.volumeMode", "Filesystem"),
		},
		"/Service": {
			{path: []string{"spec", "clusterIP"}, differs: bothSaid, unless: external},
			{path: []string{"spec", "loadBalancerClass"}, unless: func(old, now map[string]any) bool {
				return at(old, "spec", "type") != "LoadBalancer" || at(now, "spec", "type") != "LoadBalancer"
			}},
		},
		"/Secret":                               {standard("type", "Opaque"), sealed("data"), sealed("stringData"), sealed("immutable")},
		"/ConfigMap":                            {sealed("data"), sealed("binaryData"), sealed("immutable")},
		"rbac.authorization.k8s.io/RoleBinding": role,
		"rbac.authorization.k8s.io/ClusterRoleBinding": role,
		"storage.k8s.io/StorageClass": {
			field("provisioner"), field("parameters"), standard("reclaimPolicy", "Delete"), standard("volumeBindingMode", "Immediate"),
		},
		"scheduling.k8s.io/PriorityClass":               {field("value"), standard("preemptionPolicy", "PreemptLowerPriority")},
		"networking.k8s.io/IngressClass":                {field("spec.controller")},
		"apiextensions.k8s.io/CustomResourceDefinition": {field("spec.group"), field("spec.names.plural"), field("spec.names.kind"), field("spec.scope")},
	}
}

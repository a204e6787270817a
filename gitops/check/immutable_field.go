package check

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/node"
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
		Bad: `overlay: apps/web
was: apps/web
-- in/apps/web/kustomization.yaml --
resources: [claim.yaml]
-- in/apps/web/claim.yaml --
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: web}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 5Gi}}
-- base/apps/web/kustomization.yaml --
resources: [claim.yaml]
-- base/apps/web/claim.yaml --
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: web}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 10Gi}}
`,
		Good: `overlay: apps/web
was: apps/web
-- in/apps/web/kustomization.yaml --
resources: [claim.yaml]
-- in/apps/web/claim.yaml --
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: web}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 20Gi}}
-- base/apps/web/kustomization.yaml --
resources: [claim.yaml]
-- base/apps/web/claim.yaml --
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: web}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 10Gi}}
`,
		run: runImmutableField,
	}
}

// runImmutableField compares the objects that an overlay renders on both sides.
func runImmutableField(p *pass) error {
	fixed := fixedFields()
	for _, o := range p.overlays {
		if o.Head == nil || o.Base == nil || o.Head.Err != nil || o.Base.Err != nil {
			continue
		}
		before := map[id]gitops.Object{}
		for _, old := range o.Base.Objects {
			before[newID(old.APIVersion, old.Kind, old.Namespace, old.Name)] = old
		}
		for _, now := range o.Head.Objects {
			i := newID(now.APIVersion, now.Kind, now.Namespace, now.Name)
			old, ok := before[i]
			fields := fixed[i.group+"/"+i.kind]
			if !ok || len(fields) == 0 || now.Name == "" || string(old.YAML) == string(now.YAML) {
				continue
			}
			if err := p.immutable(o.Head, i, fields, old, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// immutable reports the fixed fields of one object that a change edits.
func (p *pass) immutable(r *gitops.Rendered, i id, fields []fixedField, old, now gitops.Object) error {
	a, b := decoded(old.YAML), decoded(now.YAML)
	if a == nil || b == nil || isHook(b) {
		return nil
	}
	var edited []string
	for _, f := range fields {
		if what := f.edited(a, b); what != "" {
			edited = append(edited, what)
		}
	}
	if len(edited) == 0 {
		return nil
	}
	f := gitops.Finding{
		Message: "API server refuses " + i.String() + ", which cannot change " + strings.Join(edited, ", "), Overlays: []string{r.Path},
		Fix: "give it another name, or delete it by hand before, with all that belongs to it",
	}
	switch {
	case forced(b):
		f.Severity, f.Message = gitops.SeverityWarning, i.String()+" is deleted and made anew, because "+strings.Join(edited, ", ")+" changes"
		f.Fix = "make sure that nothing is lost with it"
	case i.kind == "Job" && (at(a, "spec", "suspend") == true || at(a, "spec", "ttlSecondsAfterFinished") != nil):
		f.Severity, f.Message = gitops.SeverityWarning, "API server refuses "+i.String()+" if it is there still, for it cannot change "+strings.Join(edited, ", ")
	}
	var err error
	f.File, f.Line, f.Column, err = p.whereIs(r, i)
	p.report(f)
	return err
}

// whereIs returns where an object stands in a file that a render read: the manifest of its
// kind and name, first in those that are looked at; else the overlay itself.
func (p *pass) whereIs(r *gitops.Rendered, i id) (file string, line, column int, err error) {
	var files []string
	for _, read := range r.Reads {
		if read.Kind == gitops.File && isYAML(read.Path) {
			files = append(files, read.Path)
		}
	}
	slices.SortStableFunc(files, func(a, b string) int {
		_, x := slices.BinarySearch(p.files, a)
		_, y := slices.BinarySearch(p.files, b)
		switch {
		case x == y:
			return 0
		case x:
			return -1
		}
		return 1
	})
	for _, name := range files {
		s, err := p.source(name)
		if err != nil {
			return "", 0, 0, err
		}
		for m := range node.Manifests(s.documents()) {
			if node.Text(m, "kind") == i.kind && node.Text(m, "metadata", "name") == i.name {
				return name, m.Line, m.Column, nil
			}
		}
	}
	return r.Path, 0, 0, nil
}

// decoded is a manifest as values, nil for one that is no mapping.
func decoded(text []byte) map[string]any {
	var m map[string]any
	if yaml.Unmarshal(text, &m) != nil {
		return nil
	}
	return m
}

// at returns what stands under some keys, nil for nothing.
func at(v any, keys ...string) any {
	for _, k := range keys {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[k]
	}
	return v
}

// annotation returns an annotation of an object, "" for none.
func annotation(o map[string]any, key string) string {
	s, _ := at(o, "metadata", "annotations", key).(string)
	return s
}

// isHook reports whether a deployer makes an object anew each time.
func isHook(o map[string]any) bool {
	return annotation(o, "argocd.argoproj.io/hook") != "" || annotation(o, "helm.sh/hook") != ""
}

// forced reports whether the object itself asks its deployer for force.
func forced(o map[string]any) bool {
	options := strings.FieldsFunc(annotation(o, "argocd.argoproj.io/sync-options"), func(r rune) bool { return r == ',' || r == ' ' })
	return slices.Contains(options, "Force=true") || annotation(o, "kustomize.toolkit.fluxcd.io/force") == "enabled"
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

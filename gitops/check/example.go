package check

import "strings"

// exampleWeb begins the example of a rule: the overlay apps/web, whose one resource is
// the file of this name. The text of the file follows.
func exampleWeb(name string) string {
	return "overlay: apps/web\n-- in/apps/web/kustomization.yaml --\nresources: [" + name + "]\n-- in/apps/web/" + name + " --\n"
}

// exampleCipher has the form of a value sealed with a key of 2048 bits, for the
// examples of rules. Nothing can decrypt it.
func exampleCipher() string { return "AQB" + strings.Repeat("k3Yq", 91) + "A" }

// exampleSealed is a SealedSecret as kubeseal writes it; scope "" is strict, and
// without keys it has a password.
func exampleSealed(name, namespace, scope string, keys ...string) string {
	if len(keys) == 0 {
		keys = []string{"password"}
	}
	annotations := func(indent string) string {
		if scope == "" {
			return ""
		}
		return indent + "annotations:\n" + indent + "  " + scopeAnnotations + scope + ": \"true\"\n"
	}
	s := "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  name: " + name + "\n  namespace: " + namespace + "\n" + annotations("  ")
	s += "spec:\n  encryptedData:\n"
	for _, k := range keys {
		s += "    " + k + ": " + exampleCipher() + "\n"
	}
	return s + "  template:\n    metadata:\n      name: " + name + "\n      namespace: " + namespace + "\n" + annotations("      ")
}

// exampleChange is an overlay whose manifests change from one text to another.
func exampleChange(before, after string) string {
	side := func(dir, text string) string {
		return "-- " + dir + "/apps/web/kustomization.yaml --\nresources: [all.yaml]\n-- " + dir + "/apps/web/all.yaml --\n" + text
	}
	return "overlay: apps/web\nwas: apps/web\n" + side("base", before) + side("in", after)
}

// exampleClaim is a claim of some storage.
func exampleClaim(size string) string {
	return "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: data\n  namespace: web\nspec:\n  accessModes: [ReadWriteOnce]\n  resources:\n    requests:\n      storage: " + size + "\n"
}

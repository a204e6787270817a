package commands

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/tree"
)

// The repository that worlds are of.
const (
	worldURL    = "https://git.example.com/shop/config.git"
	worldBranch = "main"
)

// world is a repository that was made up, and what deploys it.
type world struct {
	*rand.Rand
	files map[string]tree.File
	// entries are the files whose documents somebody applies as they are: path to the
	// cluster. roots are kustomizations that somebody applies by themselves.
	entries map[string]string
	roots   []string
	// dirs are what something deploys or may deploy.
	dirs []string
	// said are the edits that were made.
	said []string
}

// newWorld makes up a repository of a few things that are deployed in different ways. The
// same seed is the same repository.
func newWorld(seed uint64) *world {
	w := &world{Rand: rand.New(rand.NewPCG(seed, 1)), files: map[string]tree.File{}, entries: map[string]string{}}
	w.put("README.md", "# config\n")
	w.component("labels", "- target: {kind: Deployment}\n  patch: |-\n    - {op: add, path: /metadata/labels, value: {tier: front}}\n")
	w.component("replicas", "- path: patch.yaml\n  target: {kind: Deployment}\n")
	w.put("components/replicas/patch.yaml", "- op: replace\n  path: /spec/replicas\n  value: 4\n")
	w.service("cart")
	parts := []func(){w.twice, w.apps, w.plain, w.set, w.directories, w.flux, w.broken, w.standing, w.selfManaged, w.several, w.generated}
	w.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	for _, add := range parts[:2+w.IntN(2)] {
		add()
	}
	return w
}

// copied returns the world to be edited, with dice of its own.
func (w *world) copied(seed uint64) *world {
	out := *w
	out.Rand, out.files, out.entries, out.said = rand.New(rand.NewPCG(seed, 2)), maps.Clone(w.files), maps.Clone(w.entries), nil
	return &out
}

func (w *world) tree() gitops.Tree { return tree.MemoryWith(w.files) }

func (w *world) put(p, text string) { w.files[p] = tree.File{Content: text} }

func (w *world) chance(percent int) bool { return w.IntN(100) < percent }

// oneOf chooses one of a list.
func oneOf[T any](w *world, list ...T) T { return list[w.IntN(len(list))] }

func (w *world) component(name, patches string) {
	w.put("components/"+name+"/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n"+patches)
}

// workload is a Deployment, whose text has a variable in some worlds.
func (w *world) workload(name string) string {
	return fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata:
  name: %s
spec:
  replicas: %d
  selector:
    matchLabels:
      app: %[1]s
  template:
    metadata:
      labels:
        app: %[1]s
    spec:
      containers:
      - name: %[1]s
        image: registry.example.com/%[1]s:1.%d
        envFrom:
        - configMapRef:
            name: settings
`, name, 1+w.IntN(3), w.IntN(9))
}

func object(kind, name string, data ...string) string {
	text := "apiVersion: v1\nkind: " + kind + "\nmetadata:\n  name: " + name + "\ndata:\n"
	for i := 0; i+1 < len(data); i += 2 {
		text += "  " + data[i] + ": \"" + data[i+1] + "\"\n"
	}
	return text
}

// service is a base and two overlays of it.
func (w *world) service(name string) {
	base := "services/" + name + "/base/"
	w.put(base+"deployment.yaml", w.workload(name))
	w.put(base+"service.yaml", "apiVersion: v1\nkind: Service\nmetadata:\n  name: "+name+"\nspec:\n  ports:\n  - port: 80\n")
	w.put(base+"README.md", "notes\n")
	text := "resources:\n- deployment.yaml\n- service.yaml\n"
	switch w.IntN(3) {
	case 0:
		text += "configMapGenerator:\n- name: settings\n  files:\n  - app.properties\n  - other=files/other.txt\n"
		w.put(base+"files/other.txt", "color=blue\n")
		if w.put(base+"app.properties", "level=low\n"); w.chance(50) {
			w.files[base+"app.properties"] = tree.File{Kind: gitops.Symlink, Content: "files/real.properties"}
			w.put(base+"files/real.properties", "level=low\n")
		}
	case 1:
		text += "configMapGenerator:\n- name: settings\n  envs: [app.env]\n  literals:\n  - depth=3\n"
		w.put(base+"app.env", "LEVEL=low\nSIZE=2\n")
	default:
		text += "secretGenerator:\n- name: settings\n  literals:\n  - token=abc\n"
	}
	w.put(base+"kustomization.yaml", text)
	for _, env := range []string{"dev", "prod"} {
		dir := "services/" + name + "/overlays/" + env
		text := "resources:\n- ../../base\nnamespace: " + env + "\n"
		if w.chance(50) {
			text += "images:\n- name: registry.example.com/" + name + "\n  newTag: \"2." + fmt.Sprint(w.IntN(9)) + "\"\n"
		}
		if w.chance(40) {
			text += "components:\n- ../../../../components/" + oneOf(w, "labels", "replicas") + "\n"
		}
		if w.chance(50) {
			text += "patches:\n- path: patch-deployment.yaml\n"
			w.put(dir+"/patch-deployment.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: "+name+"\nspec:\n  minReadySeconds: 5\n")
		}
		w.put(dir+"/kustomization.yaml", text)
		w.put(dir+"/README.md", "notes\n")
		w.dirs = append(w.dirs, dir)
	}
	w.dirs = append(w.dirs, strings.TrimSuffix(base, "/"))
	if w.chance(50) { // nobody deploys the overlays as far as the repository says
		w.roots = append(w.roots, "services/"+name+"/overlays/dev", "services/"+name+"/overlays/prod")
	}
}

// application is an Application with options of its source, which are indented by four.
func (w *world) application(name, dir, options string) string {
	return fmt.Sprintf(`apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: %s
  namespace: argocd
spec:
  project: default
  source:
    repoURL: %s
    targetRevision: %s
    path: %s
%s  destination:
    server: https://kubernetes.default.svc
    namespace: %s
  syncPolicy:
    automated:
      prune: %t
`, name, worldURL, oneOf(w, "HEAD", worldBranch), dir, options, oneOf(w, "shop", "web"), w.chance(50))
}

// kustomize are random options of an Application.
func (w *world) kustomize(component string) string {
	text := ""
	if w.chance(50) {
		text += "      namePrefix: x-\n"
	}
	if w.chance(50) {
		text += "      images:\n      - registry.example.com/cart:3." + fmt.Sprint(w.IntN(9)) + "\n"
	}
	if w.chance(40) {
		text += "      components:\n      - " + component + "\n"
	}
	if w.chance(40) {
		text += "      patches:\n      - target: {kind: Deployment}\n        patch: |-\n          - {op: add, path: /metadata/annotations, value: {owner: ops}}\n"
	}
	if text == "" {
		return ""
	}
	return "    kustomize:\n" + text
}

// argoFile puts documents that stand in a file as they are.
func (w *world) argoFile(p string, docs ...string) {
	w.put(p, strings.Join(docs, "---\n"))
	w.entries[p] = "argo"
}

// twice deploys one overlay by two Applications of different options.
func (w *world) twice() {
	for i, name := range []string{"cart-a", "cart-b"} {
		text := w.application(name, "services/cart/overlays/prod", w.kustomize("../../../../components/labels"))
		w.argoFile("deploy/"+name+".yaml", text)
		if i == 1 && w.chance(40) {
			w.argoFile("deploy/cart-b.yaml", text, w.application("cart-c", "services/cart/base", ""))
		}
	}
}

// several is an Application of two sources, and one whose directory says more about it.
func (w *world) several() {
	w.put("several/cm.yaml", object("ConfigMap", "several", "k", "v"))
	text := w.application("several", "several", "")
	source := regexp.MustCompile(`(?s)  source:\n(.*?)  destination:`).FindStringSubmatch(text)[1]
	item := "  - " + strings.TrimLeft(source, " ")
	text = strings.Replace(text, "  source:\n"+source, "  sources:\n"+item+strings.Replace(item, "path: several", "path: services/cart/overlays/dev", 1), 1)
	w.argoFile("deploy/several.yaml", text)
	w.argoFile("deploy/more.yaml", w.application("more", "services/cart/overlays/prod", w.kustomize("../../../../components/labels")))
	w.put("services/cart/overlays/prod/.argocd-source-more.yaml", "kustomize:\n  images:\n  - registry.example.com/cart:7.1\n")
	if w.chance(30) {
		w.put("services/cart/overlays/prod/.argocd-source.yaml", "kustomize:\n  nameSuffix: -z\n")
	}
}

// generated is a root with what kustomize's own generators and transformers make, which
// read files that no kustomization names.
func (w *world) generated() {
	w.put("made/kustomization.yaml", "generators:\n- gen.yaml\ntransformers:\n- suffix.yaml\nresources: &list [cm.yaml]\n")
	w.put("made/gen.yaml", "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata:\n  name: made\nname: made\nfiles:\n- data/one.txt\n- two=data/two.txt\n")
	w.put("made/data/one.txt", "one=1\n")
	w.put("made/data/two.txt", "two=2\n")
	w.put("made/suffix.yaml", "apiVersion: builtin\nkind: SuffixTransformer\nmetadata:\n  name: suffix\nsuffix: -made\nfieldSpecs:\n- path: metadata/name\n")
	w.put("made/cm.yaml", object("ConfigMap", "listed", "k", "v"))
	w.roots = append(w.roots, "made")
	w.dirs = append(w.dirs, "made")
}

// apps is an app of apps: a kustomization changes the Applications that it has.
func (w *world) apps() {
	dir := "apps"
	w.put(dir+"/one.yaml", w.application("one", "services/cart/overlays/dev", w.kustomize("../../../../components/replicas")))
	w.put(dir+"/two.yaml", w.application("two", oneOf(w, "nowhere", "services/cart/base"), ""))
	text := "resources:\n- one.yaml\n- two.yaml\nnamePrefix: shop-\npatches:\n- path: patch-two.yaml\n  target: {kind: Application, name: two}\n"
	if w.chance(40) {
		text += "commonAnnotations:\n  note: a1\n"
	}
	w.put(dir+"/kustomization.yaml", text)
	w.put(dir+"/patch-two.yaml", "- op: replace\n  path: /spec/source/path\n  value: services/cart/overlays/prod\n")
	w.put(dir+"/README.md", "notes\n")
	if w.chance(50) {
		w.roots = append(w.roots, dir)
		return
	}
	w.argoFile("deploy/root.yaml", w.application("root", dir, ""))
}

// plain is a directory of manifests, with options.
func (w *world) plain() {
	w.put("plain/a.yaml", object("ConfigMap", "a", "one", "1"))
	w.put("plain/b.yml", object("ConfigMap", "b", "two", "2")+"---\n"+object("ConfigMap", "b2", "two", "2"))
	w.put("plain/c.json", `{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"k": "v"}}`+"\n")
	w.put("plain/skip-d.yaml", object("ConfigMap", "d", "x", "y"))
	w.put("plain/deep/e.yaml", object("ConfigMap", "e", "x", "y"))
	w.put("plain/values.txt", "none\n")
	w.put("plain/README.md", "notes\n")
	options := oneOf(w, "", "    directory:\n      recurse: true\n", "    directory:\n      recurse: true\n      exclude: skip-*\n", "    directory:\n      include: '*.yaml'\n")
	w.dirs = append(w.dirs, "plain", "plain/deep")
	w.argoFile("deploy/plain.yaml", w.application("plain", "plain", options))
	if w.chance(50) { // an Application in a directory of manifests
		w.put("plain/app.yaml", w.application("below", "services/cart/overlays/dev", ""))
	}
}

// set is an ApplicationSet with a list.
func (w *world) set() {
	w.argoFile("deploy/set.yaml", fmt.Sprintf(`apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata:
  name: carts
  namespace: argocd
spec:
  generators:
  - list:
      elements:
      - env: dev
        space: first
      - env: prod
        space: second
  template:
    metadata:
      name: '{{env}}-cart'
      namespace: argocd
    spec:
      project: default
      source:
        repoURL: %s
        targetRevision: HEAD
        path: services/cart/overlays/{{env}}
      destination:
        server: https://kubernetes.default.svc
        namespace: '{{space}}'
`, worldURL))
}

// directories is an ApplicationSet of the directories that are there.
func (w *world) directories() {
	w.put("sets/one/kustomization.yaml", "resources: [../../services/cart/base]\nnamePrefix: one-\n")
	w.put("sets/two/cm.yaml", object("ConfigMap", "two", "k", "v"))
	w.put("sets/three/cm.yaml", object("ConfigMap", "three", "k", "v"))
	w.put("sets/two/README.md", "notes\n")
	w.dirs = append(w.dirs, "sets/one", "sets/two")
	w.argoFile("deploy/directories.yaml", fmt.Sprintf(`apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata:
  name: all
  namespace: argocd
spec:
  generators:
  - git:
      repoURL: %s
      revision: HEAD
      directories:
      - path: sets/*
      - path: sets/three
        exclude: true
  template:
    metadata:
      name: 'set-{{path.basename}}'
      namespace: argocd
    spec:
      project: default
      source:
        repoURL: %[1]s
        targetRevision: HEAD
        path: '{{path}}'
      destination:
        server: https://kubernetes.default.svc
        namespace: sets
`, worldURL))
}

// selfManaged is an Argo CD that deploys its own Application.
func (w *world) selfManaged() {
	w.argoFile("self/app.yaml", w.application("self", "self", ""))
	w.put("self/kustomization.yaml", "resources:\n- app.yaml\n- cm.yaml\npatches:\n- path: patch-self.yaml\n  target: {kind: Application}\n")
	w.put("self/patch-self.yaml", "- op: add\n  path: /spec/source/kustomize\n  value:\n    nameSuffix: \"\"\n    images: [\"registry.example.com/none:1\"]\n")
	w.put("self/cm.yaml", object("ConfigMap", "self", "k", "v"))
}

// broken is an overlay that does not render, with things beside what it misses.
func (w *world) broken() {
	list := []string{"gone.yaml", "cm.yaml", "../services/cart/base"}
	w.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	w.put("broken/kustomization.yaml", "resources:\n- "+strings.Join(list, "\n- ")+"\n")
	w.put("broken/cm.yaml", object("ConfigMap", "broken", "k", "v"))
	w.put("broken/README.md", "notes\n")
	if w.chance(50) {
		w.roots = append(w.roots, "broken")
		return
	}
	w.argoFile("deploy/broken.yaml", w.application("broken", "broken", ""))
}

// standing are kustomizations that nothing points at, over each other.
func (w *world) standing() {
	w.put("stand/lib/kustomization.yaml", "resources:\n- cm.yaml\n")
	w.put("stand/lib/cm.yaml", object("ConfigMap", "lib", "k", "v"))
	for _, env := range []string{"dev", "prod"} {
		w.put("stand/"+env+"/kustomization.yaml", "resources:\n- ../lib\nnameSuffix: -"+env+"\nreplacements:\n- path: rep.yaml\n")
		w.put("stand/"+env+"/rep.yaml", "source: {kind: ConfigMap, name: lib, fieldPath: data.k}\ntargets:\n- select: {kind: ConfigMap}\n  fieldPaths: [data.copied]\n  options: {create: true}\n")
		w.roots = append(w.roots, "stand/"+env)
		w.dirs = append(w.dirs, "stand/"+env)
	}
	w.dirs = append(w.dirs, "stand/lib")
}

// kustomizationOf is a Kustomization of Flux with options of its spec, indented by two.
func (w *world) kustomizationOf(name, dir, options string) string {
	return fmt.Sprintf(`apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: %s
  namespace: flux-system
spec:
  interval: 10m
  path: ./%s
  prune: %t
%s  sourceRef:
    kind: GitRepository
    name: flux-system
`, name, dir, w.chance(50), options)
}

// flux is a cluster or two: Kustomizations in the output of Kustomizations, one of which
// takes variables from what its parent has.
func (w *world) flux() {
	w.put("tenants/base/kustomization.yaml", "resources:\n- cm.yaml\n- deployment.yaml\n")
	w.put("tenants/base/cm.yaml", object("ConfigMap", "tenant", "level", "is ${level}", "size", "${size}"))
	w.put("tenants/base/deployment.yaml", w.workload("tenant"))
	w.put("tenants/extra/patch.yaml", "- {op: add, path: /metadata/labels, value: {extra: \"1\"}}\n")
	w.put("tenants/extra/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n- path: patch.yaml\n  target: {kind: ConfigMap}\n")
	w.put("infra/one.yaml", object("ConfigMap", "infra-one", "v", "${level}"))
	w.put("infra/deep/two.yaml", object("ConfigMap", "infra-two", "v", "2"))
	w.put("infra/built/kustomization.yaml", "resources:\n- three.yaml\nnamePrefix: built-\n")
	w.put("infra/built/three.yaml", object("ConfigMap", "three", "v", "3"))
	w.put("infra/README.md", "notes\n")
	w.dirs = append(w.dirs, "tenants/base", "infra", "infra/built")
	if w.chance(30) {
		w.put(".sourceignore", "/infra/deep/\n")
	}
	for _, c := range []string{"north", "south"}[:1+w.IntN(2)] {
		w.cluster(c)
	}
}

func (w *world) cluster(c string) {
	dir := "clusters/" + c
	sync := dir + "/flux-system/gotk-sync.yaml"
	over := "" // the first Kustomization may change those below it
	if w.chance(30) {
		over = "  patches:\n  - target: {kind: Kustomization, name: tenant}\n    patch: |-\n      - {op: add, path: /spec/nameSuffix, value: -over}\n"
	}
	w.put(sync, "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata:\n  name: flux-system\n  namespace: flux-system\nspec:\n  interval: 1m\n  url: "+
		worldURL+"\n  ref:\n    branch: "+worldBranch+"\n---\n"+w.kustomizationOf("flux-system", dir, over))
	w.entries[sync] = dir
	w.put(dir+"/flux-system/kustomization.yaml", "resources:\n- gotk-sync.yaml\n")
	settings := "settings.yaml"
	if w.chance(40) { // what variables come from is generated, and has another name at first
		settings = "vars"
		w.put(dir+"/vars/kustomization.yaml", "namespace: flux-system\nnamePrefix: set\nconfigMapGenerator:\n- name: tings\n  envs: [vars.env]\n  options: {disableNameSuffixHash: true}\n")
		w.put(dir+"/vars/vars.env", "level=low\nsize=2\n")
	} else {
		w.put(dir+"/settings.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n  namespace: flux-system\ndata:\n  level: low\n  size: \"2\"\n")
	}
	options := ""
	if w.chance(50) {
		options += "  targetNamespace: tenant\n"
	}
	if w.chance(50) {
		options += "  components:\n  - ../extra\n"
	}
	if w.chance(50) {
		options += "  patches:\n  - target: {kind: Deployment}\n    patch: |-\n      - {op: replace, path: /spec/replicas, value: 7}\n"
	}
	options += "  postBuild:\n" + oneOf(w, "    substituteFrom:\n    - kind: ConfigMap\n      name: settings\n", "    substitute:\n      level: high\n      size: \"5\"\n",
		"    substituteFrom:\n    - kind: ConfigMap\n      name: settings\n    substitute:\n      size: \"6\"\n")
	w.put(dir+"/tenant.yaml", w.kustomizationOf("tenant", "tenants/base", options))
	w.put(dir+"/infra.yaml", w.kustomizationOf("infra", oneOf(w, "infra", "nested/"+c), ""))
	w.put("nested/"+c+"/leaf.yaml", w.kustomizationOf("leaf", "infra", oneOf(w, "", "  namePrefix: leaf-\n")))
	if w.chance(50) {
		w.put(dir+"/kustomization.yaml", "resources:\n- flux-system\n- "+settings+"\n- tenant.yaml\n- infra.yaml\npatches:\n- path: patch-children.yaml\n  target: {kind: Kustomization, name: tenant}\n")
		w.put(dir+"/patch-children.yaml", "- op: add\n  path: /spec/namePrefix\n  value: kid-\n")
	}
}

// names returns the paths of the world for which ok says yes, sorted.
func (w *world) names(ok func(string) bool) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(w.files)), func(p string) bool { return !ok(p) })
}

func isYAML(p string) bool { return slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(p)) }

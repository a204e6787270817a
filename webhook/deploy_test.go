package webhook_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/render"
	"github.com/sealift/sealift/gitops/tree"
)

// manifest is what the tests read of a rendered object.
type manifest struct {
	Kind     string
	Metadata struct {
		Name, Namespace string
		Labels          map[string]string
	}
	Spec struct {
		Replicas int
		Strategy struct{ Type string }
		Template struct{ Spec podSpec }
		Egress   []struct{ Ports []struct{ Port int } }
	}
}

type podSpec struct {
	AutomountServiceAccountToken *bool `yaml:"automountServiceAccountToken"`
	SecurityContext              struct {
		RunAsNonRoot   bool                  `yaml:"runAsNonRoot"`
		RunAsUser      int                   `yaml:"runAsUser"`
		SeccompProfile struct{ Type string } `yaml:"seccompProfile"`
	} `yaml:"securityContext"`
	TopologySpreadConstraints []struct{ TopologyKey string } `yaml:"topologySpreadConstraints"`
	Containers                []container
	Volumes                   []struct {
		Name                  string
		EmptyDir              *struct{}                   `yaml:"emptyDir"`
		PersistentVolumeClaim *struct{ ClaimName string } `yaml:"persistentVolumeClaim"`
	}
}

type container struct {
	Image           string
	Args            []string
	Env             []struct{ Name string }
	SecurityContext struct {
		AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
		ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
		Capabilities             struct{ Drop []string }
	} `yaml:"securityContext"`
	Resources      struct{ Requests, Limits map[string]string }
	LivenessProbe  probe `yaml:"livenessProbe"`
	ReadinessProbe probe `yaml:"readinessProbe"`
	VolumeMounts   []struct {
		Name      string
		MountPath string `yaml:"mountPath"`
	} `yaml:"volumeMounts"`
}

type probe struct {
	HTTPGet struct{ Path, Port string } `yaml:"httpGet"`
}

// deployed renders one directory of deploy/ as `bot render` does.
func deployed(t *testing.T, dir string) []manifest {
	t.Helper()
	files, err := tree.Dir(filepath.Join("..", "deploy"), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { files.Close() })
	r, err := render.New(render.Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	got, err := r.Render(t.Context(), files, dir)
	if err != nil {
		t.Fatal(err)
	}
	if got.Err != nil {
		t.Fatal(got.Err)
	}
	var out []manifest
	for _, o := range got.Objects {
		out = append(out, parse(t, o))
	}
	return out
}

func parse(t *testing.T, o gitops.Object) manifest {
	t.Helper()
	var m manifest
	if err := yaml.Unmarshal(o.YAML, &m); err != nil {
		t.Fatalf("%s %s: %v", o.Kind, o.Name, err)
	}
	return m
}

// names returns "Kind/name" of objects, without the hashes of generated names.
func names(objects []manifest) []string {
	var out []string
	for _, o := range objects {
		name := o.Metadata.Name
		if o.Kind == "ConfigMap" {
			name = name[:strings.LastIndexByte(name, '-')]
		}
		out = append(out, o.Kind+"/"+name)
	}
	slices.Sort(out)
	return out
}

// deployment returns the one among objects.
func deployment(t *testing.T, objects []manifest) manifest {
	t.Helper()
	i := slices.IndexFunc(objects, func(m manifest) bool { return m.Kind == "Deployment" })
	if i < 0 {
		t.Fatal("there is no Deployment")
	}
	return objects[i]
}

// TestDeploy builds the manifests of deploy/, and checks what a cluster would be asked
// to run.
func TestDeploy(t *testing.T) {
	common := []string{
		"ConfigMap/sealift", "Deployment/sealift", "Namespace/sealift", "NetworkPolicy/sealift", "NetworkPolicy/sealift-metrics", "PrometheusRule/sealift",
		"Service/sealift", "ServiceAccount/sealift", "ServiceMonitor/sealift",
	}
	tests := map[string]struct {
		more     []string
		replicas int
		strategy string
		user     int
		ports    []int // of egress
	}{
		"overlays/sqlite":    {[]string{"Certificate/sealift", "Ingress/sealift", "PersistentVolumeClaim/sealift"}, 1, "Recreate", 65532, []int{53, 53, 443}},
		"overlays/postgres":  {[]string{"Certificate/sealift", "Ingress/sealift", "PodDisruptionBudget/sealift"}, 2, "", 65532, []int{53, 53, 443, 5432}},
		"overlays/openshift": {[]string{"PersistentVolumeClaim/sealift", "Route/sealift"}, 1, "Recreate", 0, []int{53, 53, 5353, 5353, 443}},
	}
	for dir, tt := range tests {
		t.Run(dir, func(t *testing.T) {
			objects := deployed(t, dir)
			want := slices.Sorted(slices.Values(slices.Concat(common, tt.more)))
			if diff := cmp.Diff(want, names(objects)); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
			checkPlaces(t, objects)
			d := deployment(t, objects)
			if d.Spec.Replicas != tt.replicas || d.Spec.Strategy.Type != tt.strategy || d.Spec.Template.Spec.SecurityContext.RunAsUser != tt.user {
				t.Errorf("%d replicas, strategy %q, user %d", d.Spec.Replicas, d.Spec.Strategy.Type, d.Spec.Template.Spec.SecurityContext.RunAsUser)
			}
			checkPod(t, d.Spec.Template.Spec)
			if got := egress(objects); !slices.Equal(got, tt.ports) {
				t.Errorf("egress to ports %v, want %v", got, tt.ports)
			}
		})
	}
	if dirs, err := os.ReadDir(filepath.Join("..", "deploy", "overlays")); err != nil || len(dirs) != len(tests) {
		t.Errorf("%d overlays, %d tests, %v", len(dirs), len(tests), err)
	}
}

// checkPlaces fails for objects outside of the namespace, and without the label.
func checkPlaces(t *testing.T, objects []manifest) {
	t.Helper()
	for _, o := range objects {
		if o.Metadata.Labels["app.kubernetes.io/name"] != "sealift" || (o.Metadata.Namespace != "sealift") != (o.Kind == "Namespace") {
			t.Errorf("%s %s: namespace %q, labels %v", o.Kind, o.Metadata.Name, o.Metadata.Namespace, o.Metadata.Labels)
		}
	}
}

// checkPod holds a pod to the restricted profile of Kubernetes, and to what
// the image expects.
func checkPod(t *testing.T, p podSpec) {
	t.Helper()
	if len(p.Containers) != 1 {
		t.Fatalf("%d containers", len(p.Containers))
	}
	c := p.Containers[0]
	if !p.SecurityContext.RunAsNonRoot || p.SecurityContext.SeccompProfile.Type != "RuntimeDefault" || p.AutomountServiceAccountToken == nil || *p.AutomountServiceAccountToken {
		t.Errorf("pod: %+v", p.SecurityContext)
	}
	s := c.SecurityContext
	if s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || !s.ReadOnlyRootFilesystem || !slices.Equal(s.Capabilities.Drop, []string{"ALL"}) {
		t.Errorf("container: %+v", s)
	}
	if c.LivenessProbe.HTTPGet.Path != "/healthz" || c.ReadinessProbe.HTTPGet.Path != "/readyz" {
		t.Errorf("probes: %+v %+v", c.LivenessProbe, c.ReadinessProbe)
	}
	if c.Resources.Requests["memory"] == "" || c.Resources.Requests["cpu"] == "" || c.Resources.Limits["memory"] == "" {
		t.Errorf("resources: %+v", c.Resources)
	}
	mounts := map[string]string{}
	for _, m := range c.VolumeMounts {
		mounts[m.MountPath] = m.Name
	}
	for _, v := range p.Volumes {
		if (v.EmptyDir != nil) && (v.PersistentVolumeClaim != nil) {
			t.Errorf("volume %s is two things", v.Name)
		}
	}
	if mounts["/var/lib/sealift"] == "" || mounts["/tmp"] == "" {
		t.Errorf("what the bot writes to is not mounted: %v", mounts)
	}
}

// egress returns the ports that the policies let the bot reach, in order.
func egress(objects []manifest) []int {
	var out []int
	for _, o := range objects {
		for _, rule := range o.Spec.Egress {
			for _, p := range rule.Ports {
				out = append(out, p.Port)
			}
		}
	}
	return out
}

// TestDeployPostgresSpreads spreads replicas only where several may run.
func TestDeployPostgresSpreads(t *testing.T) {
	pod := deployment(t, deployed(t, "overlays/postgres")).Spec.Template.Spec
	if len(pod.TopologySpreadConstraints) != 2 {
		t.Errorf("topology spread: %+v", pod.TopologySpreadConstraints)
	}
	if !slices.ContainsFunc(pod.Containers[0].Env, func(e struct{ Name string }) bool { return e.Name == "SEALIFT_DATABASE" }) {
		t.Error("the database is not named")
	}
}

// TestDeployCredentials holds the example to what the Deployment mounts, and makes
// sure that nobody takes it for real.
func TestDeployCredentials(t *testing.T) {
	objects := deployed(t, "credentials")
	if diff := cmp.Diff([]string{"SealedSecret/sealift-app"}, names(objects)); diff != "" {
		t.Fatalf("objects (-want +got):\n%s", diff)
	}
	data, err := os.ReadFile(filepath.Join("..", "deploy", "credentials", "sealedsecret.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var sealed struct {
		Spec struct {
			EncryptedData map[string]string `yaml:"encryptedData"`
		}
	}
	if err := yaml.Unmarshal(data, &sealed); err != nil {
		t.Fatal(err)
	}
	keys := slices.Sorted(maps.Keys(sealed.Spec.EncryptedData))
	if diff := cmp.Diff([]string{"app-id", "client-id", "client-secret", "private-key.pem", "webhook-secret"}, keys); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	for key, value := range sealed.Spec.EncryptedData {
		if !strings.HasPrefix(value, "EXAMPLE") {
			t.Errorf("%s looks real", key)
		}
	}
}

// TestDeployDocumented finds every variable that is set in the guide for operators.
func TestDeployDocumented(t *testing.T) {
	guide, err := os.ReadFile(filepath.Join("..", "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join("..", "deploy", "*", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	nested, err := filepath.Glob(filepath.Join("..", "deploy", "*", "*", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	variable := regexp.MustCompile(`SEALIFT_[A-Z_]+`)
	for _, file := range append(slices.Concat(files, nested), filepath.Join("..", "Dockerfile")) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range variable.FindAllString(string(data), -1) {
			if !strings.Contains(string(guide), "`"+name+"`") {
				t.Errorf("docs/operations.md does not tell of %s of %s", name, file)
			}
		}
	}
}

package check_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/check"
)

// apiServer is a Kubernetes API without nodes and controllers: what it refuses is refused.
type apiServer struct {
	t      *testing.T
	url    string
	client *http.Client
}

// startAPIServer starts etcd and the program that SEALIFT_APISERVER names.
func startAPIServer(t *testing.T, program string) *apiServer {
	t.Helper()
	dir := t.TempDir()
	etcd, peer, api := freePort(t), freePort(t), freePort(t)
	run(t, dir, "etcd", "--data-dir", filepath.Join(dir, "etcd"), "--listen-client-urls", "http://"+etcd, "--advertise-client-urls", "http://"+etcd,
		"--listen-peer-urls", "http://"+peer, "--initial-advertise-peer-urls", "http://"+peer, "--initial-cluster", "default=http://"+peer, "--unsafe-no-fsync")
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "key.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})))
	write(t, filepath.Join(dir, "tokens.csv"), "token,admin,1,system:masters\n")
	_, port, _ := strings.Cut(api, ":")
	run(t, dir, program, "--etcd-servers", "http://"+etcd, "--secure-port", port, "--bind-address", "127.0.0.1", "--cert-dir", filepath.Join(dir, "certs"),
		"--token-auth-file", filepath.Join(dir, "tokens.csv"), "--authorization-mode", "AlwaysAllow", "--disable-admission-plugins", "ServiceAccount",
		"--service-account-issuer", "https://localhost", "--service-account-signing-key-file", filepath.Join(dir, "key.pem"),
		"--service-account-key-file", filepath.Join(dir, "key.pem"), "--service-cluster-ip-range", "10.0.0.0/16")
	s := &apiServer{t, "https://" + api, &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}}
	tick, late := time.NewTicker(200*time.Millisecond), time.After(2*time.Minute)
	defer tick.Stop()
	for { // it makes certificates, and its own objects
		status, _, err := s.call(http.MethodGet, "/readyz", nil)
		if err == nil && status == http.StatusOK {
			return s
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("the API server is not ready: %d, %v", status, err)
		}
	}
}

// freePort is an address of this machine that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs a program until the test ends. What it says is shown when the test fails.
func run(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	var said bytes.Buffer
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = dir, &said, &said, 10*time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Wait() // it was stopped
		if t.Failed() {
			text := said.String()
			t.Logf("%s: %s", filepath.Base(name), text[max(0, len(text)-2000):])
		}
	})
}

// call makes a request with a body of YAML.
func (s *apiServer) call(method, path string, body []byte) (status int, answer string, err error) {
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Authorization", "Bearer token")
	req.Header.Set("Content-Type", "application/apply-patch+yaml")
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(data), err
}

// apply applies an object as `kubectl apply --server-side --force-conflicts` does.
func (s *apiServer) apply(o map[string]any, dry bool) (status int, answer string) {
	s.t.Helper()
	body, err := yaml.Marshal(o)
	if err != nil {
		s.t.Fatal(err)
	}
	query := "?fieldManager=sealift&force=true"
	if dry {
		query += "&dryRun=All"
	}
	status, answer, err = s.call(http.MethodPatch, pathOf(o)+query, body)
	if err != nil {
		s.t.Fatal(err)
	}
	return status, answer
}

// pathOf is where an object is in the API.
func pathOf(o map[string]any) string {
	version, kind := o["apiVersion"].(string), o["kind"].(string)
	meta := o["metadata"].(map[string]any)
	resource := strings.ToLower(kind) + "s"
	if strings.HasSuffix(resource, "ss") {
		resource = strings.TrimSuffix(resource, "s") + "es"
	}
	if kind == "IngressClass" || kind == "StorageClass" || kind == "PriorityClass" {
		resource = strings.ToLower(kind) + "es"
	}
	prefix := "/apis/"
	if !strings.Contains(version, "/") {
		prefix = "/api/"
	}
	space := ""
	if ns, ok := meta["namespace"].(string); ok {
		space = "/namespaces/" + ns
	}
	return prefix + version + space + "/" + resource + "/" + meta["name"].(string)
}

// edits are the changes of an object that are tried: each field and its value, nil removes
// it. The fields are those of the API's validation, and as many that may change.
var edits = []struct {
	object string
	fields map[string]any
}{
	{`{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: a}, spec: {replicas: 1, selector: {matchLabels: {app: d}}, template: {metadata: {labels: {app: d, x: y}}, spec: {containers: [{name: c, image: "c:1"}]}}}}`,
		map[string]any{"spec.selector.matchLabels.x": "y", "spec.replicas": 2, "spec.template.metadata.labels.z": "z", "spec.minReadySeconds": 5}},
	{`{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: d, namespace: a}, spec: {selector: {matchLabels: {app: d}}, template: {metadata: {labels: {app: d, x: y}}, spec: {containers: [{name: c, image: "c:1"}]}}}}`,
		map[string]any{"spec.selector.matchLabels.x": "y", "spec.minReadySeconds": 5}},
	{`{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: s, namespace: a}, spec: {serviceName: s, selector: {matchLabels: {app: s}}, template: {metadata: {labels: {app: s, x: y}}, spec: {containers: [{name: c, image: "c:1"}]}}, volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]}}`,
		map[string]any{"spec.serviceName": "t", "spec.selector.matchLabels.x": "y", "spec.podManagementPolicy": "Parallel", "spec.replicas": 3, "spec.minReadySeconds": 5,
			"spec.revisionHistoryLimit": 3, "spec.volumeClaimTemplates": []any{map[string]any{"metadata": map[string]any{"name": "data"}, "spec": map[string]any{"accessModes": []any{"ReadWriteOnce"}, "resources": map[string]any{"requests": map[string]any{"storage": "2Gi"}}}}}}},
	{`{apiVersion: batch/v1, kind: Job, metadata: {name: j, namespace: a}, spec: {completions: 2, parallelism: 1, template: {spec: {restartPolicy: Never, containers: [{name: c, image: "c:1"}]}}}}`,
		map[string]any{"spec.template.spec.containers": []any{map[string]any{"name": "c", "image": "c:2"}}, "spec.completions": 3, "spec.completionMode": "Indexed", "spec.parallelism": 2,
			"spec.activeDeadlineSeconds": 60, "spec.backoffLimit": 2}},
	{`{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: p, namespace: a}, spec: {accessModes: [ReadWriteOnce], storageClassName: fast, resources: {requests: {storage: 10Gi}}}}`,
		map[string]any{"spec.accessModes": []any{"ReadWriteMany"}, "spec.storageClassName": "slow", "spec.volumeMode": "Block", "spec.resources.requests.storage": "5Gi", "metadata.labels.x": "y",
			"spec.selector.matchLabels.x": "y", "spec.volumeName": nil}},
	{`{apiVersion: v1, kind: PersistentVolume, metadata: {name: v}, spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /a}}}`,
		map[string]any{"spec.hostPath.path": "/b", "spec.volumeMode": "Block", "spec.persistentVolumeReclaimPolicy": "Delete", "spec.capacity.storage": "2Gi"}},
	{`{apiVersion: v1, kind: Service, metadata: {name: h, namespace: a}, spec: {clusterIP: None, selector: {app: h}, ports: [{port: 80}]}}`,
		map[string]any{"spec.clusterIP": "10.0.7.7", "spec.selector.app": "i"}},
	{`{apiVersion: v1, kind: Service, metadata: {name: i, namespace: a}, spec: {clusterIP: 10.0.7.8, ports: [{port: 80}]}}`,
		map[string]any{"spec.clusterIP": "10.0.7.9", "spec.sessionAffinity": "ClientIP"}},
	{`{apiVersion: v1, kind: Service, metadata: {name: l, namespace: a}, spec: {type: LoadBalancer, loadBalancerClass: a.example/x, ports: [{port: 80}]}}`,
		map[string]any{"spec.loadBalancerClass": "a.example/y", "spec.externalTrafficPolicy": "Local"}},
	{`{apiVersion: v1, kind: ConfigMap, metadata: {name: f, namespace: a}, immutable: true, data: {x: "1"}}`,
		map[string]any{"data.x": "2", "immutable": false, "metadata.labels.x": "y"}},
	{`{apiVersion: v1, kind: ConfigMap, metadata: {name: o, namespace: a}, data: {x: "1"}}`, map[string]any{"data.x": "2", "immutable": true}},
	{`{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: a}, type: Opaque, stringData: {x: "1"}}`,
		map[string]any{"type": "example.com/y", "stringData.x": "2", "immutable": true}},
	{`{apiVersion: v1, kind: Secret, metadata: {name: f, namespace: a}, immutable: true, data: {x: MQ==}}`, map[string]any{"data.x": "Mg==", "immutable": false}},
	{`{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: r, namespace: a}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: view}, subjects: []}`,
		map[string]any{"roleRef.name": "edit", "subjects": []any{map[string]any{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "ada"}}}},
	{`{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: r}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}, subjects: []}`,
		map[string]any{"roleRef.name": "edit", "metadata.labels.x": "y"}},
	{`{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: fast}, provisioner: a.example, parameters: {x: "1"}}`,
		map[string]any{"provisioner": "b.example", "parameters.x": "2", "reclaimPolicy": "Retain", "volumeBindingMode": "WaitForFirstConsumer", "allowVolumeExpansion": true}},
	{`{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: high}, value: 10}`,
		map[string]any{"value": 20, "preemptionPolicy": "Never", "description": "x"}},
	{`{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: web}, spec: {controller: a.example/x}}`,
		map[string]any{"spec.controller": "a.example/y", "metadata.labels.x": "y"}},
}

// TestTruthAPIServer makes every edit of edits: immutable-field finds it when the API server
// refuses it, and nothing when it does not.
func TestTruthAPIServer(t *testing.T) {
	program := os.Getenv("SEALIFT_APISERVER")
	if program == "" {
		t.Skip("SEALIFT_APISERVER does not name the program; make truth-apiserver builds it")
	}
	s := startAPIServer(t, program)
	if status, answer := s.apply(map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": "a"}}, false); status >= 300 {
		t.Fatalf("%d %s", status, answer)
	}
	tried, refused := 0, 0
	for _, e := range edits {
		old := object(t, e.object)
		if status, answer := s.apply(old, false); status >= 300 {
			t.Fatalf("%s: %d %s", e.object, status, answer)
		}
		for field, value := range e.fields {
			now := object(t, e.object)
			set(now, value, strings.Split(field, ".")...)
			status, answer := s.apply(now, true)
			tried++
			if status >= 300 {
				refused++
			}
			if found := findsImmutable(t, old, now); found != (status >= 300) {
				t.Errorf("%v %s becomes %v: found %t, the API server says %d %.300s", old["kind"], field, value, found, status, answer)
			}
		}
	}
	t.Logf("%d edits of %d objects, of which the API server refuses %d", tried, len(edits), refused)
}

func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var o map[string]any
	if err := yaml.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

// set sets a field, or removes it.
func set(o map[string]any, value any, keys ...string) {
	for _, k := range keys[:len(keys)-1] {
		if _, ok := o[k].(map[string]any); !ok {
			o[k] = map[string]any{}
		}
		o = o[k].(map[string]any)
	}
	if last := keys[len(keys)-1]; value == nil {
		delete(o, last)
	} else {
		o[last] = value
	}
}

// findsImmutable reports whether the rule finds something between two objects.
func findsImmutable(t *testing.T, before, after map[string]any) bool {
	t.Helper()
	rendered := func(o map[string]any) *gitops.Rendered {
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		meta := o["metadata"].(map[string]any)
		ns, _ := meta["namespace"].(string)
		return &gitops.Rendered{Path: "a", Objects: []gitops.Object{{
			APIVersion: fmt.Sprint(o["apiVersion"]), Kind: fmt.Sprint(o["kind"]), Namespace: ns, Name: fmt.Sprint(meta["name"]), YAML: text,
		}}}
	}
	in := check.Input{Tree: memory{}, Base: memory{}, Overlays: []check.Overlay{{Base: rendered(before), Head: rendered(after)}}, Files: []string{}}
	found, err := check.Run(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if f.Rule == "immutable-field" {
			return true
		}
	}
	return false
}

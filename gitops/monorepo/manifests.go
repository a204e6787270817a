package monorepo

import (
	"fmt"
	"strings"
)

// components returns the two components that all overlays share.
func components() map[string][]byte {
	return map[string][]byte{
		"components/hardening/kustomization.yaml": []byte(`apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches:
- path: patch.yaml
  target:
    kind: Deployment
`),
		"components/hardening/patch.yaml": []byte(hardening("false")),
		"components/ownership/kustomization.yaml": []byte(`apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
labels:
- pairs:
    example.com/managed-by: platform
  includeSelectors: false
  includeTemplates: true
commonAnnotations:
  example.com/runbook: https://runbooks.example.com/web
`),
	}
}

func hardening(readOnly string) string {
	return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: any
spec:
  template:
    spec:
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        fsGroupChangePolicy: OnRootMismatch
      containers:
      - name: web
        securityContext:
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: ` + readOnly + `
          capabilities:
            drop: [ALL]
`
}

// addBase adds the base of an app; revision is a value that shows in its
// Deployment.
func addBase(out map[string][]byte, app, revision int) {
	dir := "apps/" + name(app) + "/base/"
	for file, text := range base {
		text = strings.ReplaceAll(text, "APP", name(app))
		text = strings.ReplaceAll(text, "REVISION", fmt.Sprintf("%q", fmt.Sprint(revision)))
		out[dir+file] = []byte(text)
	}
}

// base has the files of a base, with APP and REVISION to be filled in.
var base = map[string]string{
	"kustomization.yaml": `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
labels:
- pairs:
    app.kubernetes.io/name: APP
  includeSelectors: true
resources:
- deployment.yaml
- service.yaml
- autoscaler.yaml
- network.yaml
- monitor.yaml
configMapGenerator:
- name: APP-config
  files:
  - app.properties
`,
	"app.properties": `server.port=8080
server.name=APP
cache.size=256
feature.search=true
`,
	"deployment.yaml": `apiVersion: apps/v1
kind: Deployment
metadata:
  name: APP
spec:
  replicas: 1
  revisionHistoryLimit: 3
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0
  template:
    metadata:
      annotations:
        example.com/revision: REVISION
    spec:
      terminationGracePeriodSeconds: 30
      containers:
      - name: web
        image: registry.example.com/APP
        args: [--config=/etc/app/app.properties]
        ports:
        - name: http
          containerPort: 8080
        - name: metrics
          containerPort: 9090
        env:
        - name: POD_NAME
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        - name: LOG_LEVEL
          valueFrom:
            configMapKeyRef:
              name: APP-config
              key: log.level
        readinessProbe:
          httpGet:
            path: /ready
            port: http
        livenessProbe:
          httpGet:
            path: /live
            port: http
          periodSeconds: 20
        resources:
          requests:
            cpu: 100m
            memory: 128Mi
          limits:
            memory: 256Mi
        volumeMounts:
        - name: config
          mountPath: /etc/app
      volumes:
      - name: config
        configMap:
          name: APP-config
`,
	"service.yaml": `apiVersion: v1
kind: Service
metadata:
  name: APP
spec:
  ports:
  - name: http
    port: 80
    targetPort: http
  - name: metrics
    port: 9090
    targetPort: metrics
`,
	"autoscaler.yaml": `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: APP
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: APP
  minReplicas: 1
  maxReplicas: 10
  metrics:
  - type: Resource
    resource:
      name: cpu
      target:
        type: Utilization
        averageUtilization: 75
`,
	"network.yaml": `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: APP
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: APP
  policyTypes: [Ingress]
  ingress:
  - from:
    - namespaceSelector:
        matchLabels:
          example.com/zone: edge
    ports:
    - port: 8080
`,
	"monitor.yaml": `apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: APP
spec:
  selector:
    matchLabels:
      app.kubernetes.io/name: APP
  endpoints:
  - port: metrics
    interval: 30s
`,
}

// addOverlay adds the overlay of an app in the i-th environment.
func addOverlay(out map[string][]byte, app, i int, env string) {
	dir := "apps/" + name(app) + "/overlays/" + env + "/"
	replace := strings.NewReplacer("APP", name(app), "ENV", env,
		"TAG", fmt.Sprintf("v1.%d.%d", app%20, i), "COUNT", fmt.Sprint(i+1))
	kustomization := overlay
	if app%10 == 0 {
		kustomization += operations
		out[dir+"operations.yaml"] = []byte(replace.Replace(limits))
	}
	out[dir+"kustomization.yaml"] = []byte(replace.Replace(kustomization))
	out[dir+"replicas.yaml"] = []byte(replace.Replace(replicas))
}

const (
	overlay = `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: APP-ENV
resources:
- ../../base
components:
- ../../../../components/hardening
- ../../../../components/ownership
images:
- name: registry.example.com/APP
  newTag: TAG
configMapGenerator:
- name: APP-config
  behavior: merge
  literals:
  - log.level=info
  - environment=ENV
patches:
- path: replicas.yaml
`
	operations = `- path: operations.yaml
  target:
    group: apps
    version: v1
    kind: Deployment
    name: APP
`
	replicas = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: APP
spec:
  replicas: COUNT
`
	limits = `- op: replace
  path: /spec/template/spec/containers/0/resources/limits/memory
  value: 512Mi
- op: add
  path: /spec/template/spec/containers/0/env/-
  value:
    name: REGION
    value: ENV
`
)

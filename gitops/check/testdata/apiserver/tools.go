// Package apiserver pins the API server that rules are compared with. It is a module of its
// own: nothing of it is in the product.
package apiserver

import _ "k8s.io/kubernetes/cmd/kube-apiserver/app" // for its requirements

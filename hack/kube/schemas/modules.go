// Package schemas pins the modules whose files say what Kubernetes and its extensions accept. Nothing is compiled from here:
// an import is what keeps a module pinned. They stand apart from the tools, which want other versions of Kubernetes' libraries.
package schemas

import (
	_ "github.com/prometheus-operator/prometheus-operator/pkg/versionutil"
	_ "sigs.k8s.io/gateway-api/pkg/consts"
	_ "sigs.k8s.io/kubectl-validate/pkg/openapiclient/groupversion"
)

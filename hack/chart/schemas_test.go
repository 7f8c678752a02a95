//go:build chart

package chart

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// schemaFolders are where the pinned modules of hack/kube/schemas keep what we want of them: of Kubernetes the oldest that
// the chart takes.
var schemaFolders = map[string]string{
	"sigs.k8s.io/kubectl-validate":                       "pkg/openapiclient/builtins/1.30",
	"sigs.k8s.io/gateway-api":                            "config/crd/standard",
	"github.com/prometheus-operator/prometheus-operator": "example/prometheus-operator-crd",
}

// schemas gives the folder of the schemas of everything that the chart may render.
func schemas(t *testing.T) string {
	t.Helper()
	args := []string{"-C", "../kube/schemas", "mod", "download", "-json"}
	for module := range schemaFolders {
		args = append(args, module)
	}
	download := exec.Command("go", args...)
	download.Env, download.Stderr = append(os.Environ(), "GOWORK=off"), os.Stderr
	out, err := download.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var folders []string
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var module struct{ Path, Dir string }
		if err := decoder.Decode(&module); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		folders = append(folders, filepath.Join(module.Dir, schemaFolders[module.Path]))
	}
	dir := t.TempDir()
	if err := WriteSchemas(dir, folders...); err != nil {
		t.Fatal(err)
	}
	return dir
}

func kubeconform(schemas string, objects []byte) (said string, err error) {
	command := exec.Command("kubeconform", "-strict", "-summary", "-schema-location", schemas+"/"+SchemaFile)
	command.Stdin = bytes.NewReader(objects)
	out, err := command.CombinedOutput()
	return string(out), err
}

func TestEveryRenderIsWhatKubernetesAccepts(t *testing.T) {
	schemas := schemas(t)
	for _, values := range sets(t) {
		text, err := render(values)
		if err != nil {
			t.Fatalf("%s: %v\n%s", values, err, text)
		}
		if said, err := kubeconform(schemas, text); err != nil || strings.Contains(said, " 0 resources") {
			t.Errorf("%s: %v\n%s", values, err, said)
		}
	}
	text, err := render(folder + "/ci/production-values.yaml")
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for field, misspelt := range map[string]string{
		"terminationGracePeriodSeconds": "terminationGraceSeconds", // of a Deployment
		"backendRefs":                   "backends",                // of an HTTPRoute
		"honorLabels":                   "honourLabels",            // of a ServiceMonitor
		"minReplicas: 2":                "minReplicas: two",
		"kind: PrometheusRule":          "kind: PrometheusRules", // of which nobody knows
	} {
		if said, err := kubeconform(schemas, bytes.ReplaceAll(text, []byte(field), []byte(misspelt))); err == nil {
			t.Errorf("%s for %s passes:\n%s", misspelt, field, said)
		}
	}
}

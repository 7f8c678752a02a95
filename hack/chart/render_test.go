//go:build chart

// These tests need helm on the PATH. See make chart.
package chart

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const folder = "../../charts/heard"

// render gives what helm makes of a set of values; an error holds what it said.
func render(values string, set ...string) ([]byte, error) {
	args := []string{"template", "heard", folder, "--namespace", "heard", "--kube-version", "1.35.0", "--values", values}
	for _, value := range set {
		args = append(args, "--set", value)
	}
	var said bytes.Buffer
	command := exec.Command("helm", args...)
	command.Stderr = &said
	out, err := command.Output()
	if err != nil {
		return said.Bytes(), err
	}
	return out, nil
}

// object is a rendered object, whose fields are found by their path.
type object map[string]any

func (o object) at(path ...string) any {
	var here any = map[string]any(o)
	for _, name := range path {
		fields, ok := here.(map[string]any)
		if !ok {
			return nil
		}
		here = fields[name]
	}
	return here
}

func (o object) text(path ...string) string {
	text, _ := o.at(path...).(string)
	return text
}

func (o object) String() string { return o.text("kind") + " " + o.text("metadata", "name") }

func objects(t *testing.T, values string, set ...string) []object {
	t.Helper()
	text, err := render(values, set...)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	var all []object
	for _, part := range strings.Split("\n"+string(text), "\n---\n") {
		var o object
		if err := yaml.Unmarshal([]byte(part), &o); err != nil {
			t.Fatalf("%v\n%s", err, part)
		}
		if len(o) > 0 {
			all = append(all, o)
		}
	}
	return all
}

func sets(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(folder + "/ci/*-values.yaml")
	if err != nil || len(found) < 3 {
		t.Fatalf("%v: %v", found, err)
	}
	return found
}

func TestEverySetOfValuesRendersAsItDid(t *testing.T) {
	for _, values := range sets(t) {
		name := strings.TrimSuffix(filepath.Base(values), "-values.yaml")
		got, err := render(values)
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, got)
			continue
		}
		golden := filepath.Join("testdata", name+".golden.yaml")
		if *update {
			if err := os.WriteFile(golden, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(golden); err != nil || !bytes.Equal(want, got) {
			t.Errorf("%s differs from %s (%v): read the difference, then make chart UPDATE=-update", name, golden, err)
		}
	}
}

func TestATypoOrAWrongValueIsRefused(t *testing.T) {
	values := folder + "/ci/demo-values.yaml"
	for set, named := range map[string]string{
		"services.ingest.replica=3":        "replica",
		"service.ingest.replicas=3":        "service",
		"stores.mongo.database=x":          "mongo",
		"drain.timeoutSeconds=20":          "timeoutSeconds", // below the request deadline
		"defaults.stores[0]=mysql":         "stores",
		"image.digests.read=latest":        "digests",
		"config.trustedProxies[0]=gateway": "trustedProxies",
		"stores.mongodb.existingSecret=":   "stores.mongodb.existingSecret",
		"keys.existingSecret=":             "keys.existingSecret",
		"gateway.parentRefs=null":          "gateway.parentRefs",
		"bootstrap.demo=false":             "bootstrap.email",
		"gateway.surfaces.userzz[0]=x":     "userzz",
		"bootstrap.org.slug=No Slug":       "slug",
		"defaults.podDisruptionBudgets=1":  "podDisruptionBudgets",
	} {
		if said, err := render(values, set); err == nil || !strings.Contains(string(said), named) {
			t.Errorf("%s: %v, %s", set, err, said)
		}
	}
}

// pods are the specs of all pods, by what makes them.
func pods(all []object) map[string]object {
	found := map[string]object{}
	for _, o := range all {
		switch o.text("kind") {
		case "Deployment", "Job":
			found[o.String()] = o.at("spec", "template", "spec").(map[string]any)
		case "Pod":
			found[o.String()] = o.at("spec").(map[string]any)
		}
	}
	return found
}

func TestEveryPodIsRestricted(t *testing.T) {
	for _, values := range sets(t) {
		for name, pod := range pods(objects(t, values)) {
			if pod.at("securityContext", "runAsNonRoot") != true || pod.at("securityContext", "seccompProfile", "type") != "RuntimeDefault" {
				t.Errorf("%s: %s: %v", values, name, pod.at("securityContext"))
			}
			if token := pod.at("automountServiceAccountToken"); token != (name == "Job heard-bootstrap") {
				t.Errorf("%s: %s has an account's token: %v", values, name, token)
			}
			for _, c := range pod.at("containers").([]any) {
				container := object(c.(map[string]any))
				if container.at("securityContext", "readOnlyRootFilesystem") != true || container.at("securityContext", "allowPrivilegeEscalation") != false ||
					container.at("securityContext", "capabilities", "drop").([]any)[0] != "ALL" || container.at("resources", "limits", "memory") == nil {
					t.Errorf("%s: %s: %v", values, name, container)
				}
			}
		}
	}
}

func TestAPodMayTakeAsLongToEndAsItsDrain(t *testing.T) {
	all := pods(objects(t, folder+"/ci/demo-values.yaml", "drain.preStopSeconds=11", "drain.delaySeconds=7", "drain.timeoutSeconds=40"))
	pod := all["Deployment heard-ingest"]
	container := object(pod.at("containers").([]any)[0].(map[string]any))
	if grace := pod.at("terminationGracePeriodSeconds"); grace != 11.0+7+40+20 {
		t.Errorf("grace is %v", grace)
	}
	if sleep := container.at("lifecycle", "preStop", "sleep", "seconds"); sleep != 11.0 {
		t.Errorf("the sleep is %v", sleep)
	}
	if path := container.text("livenessProbe", "httpGet", "path"); path != "/healthz" {
		t.Errorf("liveness asks %s, and a restart mends no store", path)
	}
}

func TestAChangeToOneServiceRollsThatAlone(t *testing.T) {
	checksums := func(set ...string) map[string]string {
		found := map[string]string{}
		for _, o := range objects(t, folder+"/ci/demo-values.yaml", set...) {
			if o.text("kind") == "Deployment" {
				found[o.text("metadata", "name")] = o.text("spec", "template", "metadata", "annotations", "checksum/config")
			}
		}
		return found
	}
	before, after := checksums(), checksums("services.read.env.HEARD_LOG_LEVEL=debug")
	for name := range before {
		if changed := before[name] != after[name]; changed != (name == "heard-read") {
			t.Errorf("%s rolls: %v", name, changed)
		}
	}
}

// What a pod may reach is what its service needs. The render is all that is tried here: not every network enforces policies.
func TestPoliciesOpenNothingThatIsNotNamed(t *testing.T) {
	reaches := map[string][]string{}
	denied := false
	for _, o := range objects(t, folder+"/ci/production-values.yaml") {
		if o.text("kind") != "NetworkPolicy" {
			continue
		}
		name := strings.TrimPrefix(o.text("metadata", "name"), "heard-")
		if name == "default-deny" {
			denied = o.at("spec", "ingress") == nil && o.at("spec", "egress") == nil && o.at("spec", "podSelector", "matchLabels", "app.kubernetes.io/component") == nil
			continue
		}
		if o.text("spec", "podSelector", "matchLabels", "app.kubernetes.io/component") != name {
			t.Errorf("%s selects %v", name, o.at("spec", "podSelector"))
		}
		for _, rule := range o.at("spec", "egress").([]any) {
			peers, _ := yaml.Marshal(object(rule.(map[string]any)).at("to"))
			for store, cidr := range map[string]string{"mongodb": "10.1.0.0/24", "redis": "10.2.0.0/24", "s3": "10.3.0.0/24"} {
				if strings.Contains(string(peers), cidr) {
					reaches[name] = append(reaches[name], store)
				}
			}
		}
	}
	if !denied {
		t.Error("nothing denies what no policy names")
	}
	for name, want := range map[string][]string{
		"ingest": {"mongodb", "redis", "s3"}, "token": {"mongodb", "redis"}, "migration": {"mongodb", "redis"}, "bootstrap": {"mongodb", "redis"}, "test": nil,
	} {
		if !slices.Equal(reaches[name], want) {
			t.Errorf("%s reaches %v, want %v", name, reaches[name], want)
		}
	}
}

func TestNoSecretStandsInAConfigMapAndNoVersionInASelector(t *testing.T) {
	for _, values := range sets(t) {
		for _, o := range objects(t, values) {
			text, _ := yaml.Marshal(o.at("data"))
			if o.text("kind") == "ConfigMap" && (strings.Contains(string(text), "mongodb://") || strings.Contains(string(text), "redis://")) {
				t.Errorf("%s: %s holds a connection string", values, o)
			}
			selector, _ := yaml.Marshal(o.at("spec", "selector"))
			if o.text("kind") == "Deployment" && (strings.Contains(string(selector), "version") || !strings.Contains(string(selector), "app.kubernetes.io/instance: heard")) {
				t.Errorf("%s: %s selects by %s", values, o, selector)
			}
		}
	}
}

package chart

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

// schema is a JSON Schema, or a part of one.
type schema = map[string]any

// Kind names what an API server accepts.
type Kind struct{ Group, Version, Kind string }

// SchemaFile is where WriteSchemas puts a kind, as kubeconform's -schema-location says it.
const SchemaFile = "{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json"

func (k Kind) file() string {
	group := k.Group
	if group == "" {
		group = k.Version // what kubeconform takes for the group of v1
	}
	return filepath.Join(group, strings.ToLower(k.Kind)+"_"+k.Version+".json")
}

// WriteSchemas turns every OpenAPI document (.json) and CustomResourceDefinition (.yaml) below the folders into JSON Schemas
// in dir, one a kind. They allow no field that they do not name.
func WriteSchemas(dir string, folders ...string) error {
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			kinds := map[Kind]schema{}
			switch filepath.Ext(path) {
			case ".json":
				err = kindsOfOpenAPI(text, kinds)
			case ".yaml":
				err = kindsOfDefinition(text, kinds)
			}
			return errors.Join(err, writeKinds(dir, kinds))
		})
		if err != nil {
			return fmt.Errorf("chart: schemas of %s: %w", folder, err)
		}
	}
	return nil
}

func writeKinds(dir string, kinds map[Kind]schema) error {
	for kind, s := range kinds {
		s["$schema"] = "http://json-schema.org/draft-04/schema#" // what OpenAPI 3.0 took its words from
		text, err := json.Marshal(s)
		if err != nil {
			return err
		}
		path := filepath.Join(dir, kind.file())
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, text, 0o644)); err != nil {
			return err
		}
	}
	return nil
}

func kindsOfOpenAPI(text []byte, kinds map[Kind]schema) error {
	var document struct {
		Components struct{ Schemas map[string]schema }
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return err
	}
	all := map[string]any{}
	for name, s := range document.Components.Schemas {
		all[name] = strict(s)
	}
	for name, s := range document.Components.Schemas {
		// What belongs to several groups, such as the options of a deletion, is no object that a chart makes.
		if of, _ := s["x-kubernetes-group-version-kind"].([]any); len(of) == 1 {
			kind := of[0].(map[string]any)
			kinds[Kind{kind["group"].(string), kind["version"].(string), kind["kind"].(string)}] = schema{
				"allOf": []any{schema{"$ref": "#/components/schemas/" + name}}, "components": schema{"schemas": all},
			}
		}
	}
	return nil
}

func kindsOfDefinition(text []byte, kinds map[Kind]schema) error {
	var definition struct {
		Kind string
		Spec struct {
			Group    string
			Names    struct{ Kind string }
			Versions []struct {
				Name   string
				Schema struct{ OpenAPIV3Schema schema }
			}
		}
	}
	if err := yaml.Unmarshal(text, &definition); err != nil || definition.Kind != "CustomResourceDefinition" {
		return err
	}
	for _, version := range definition.Spec.Versions {
		kinds[Kind{definition.Spec.Group, version.Name, definition.Spec.Names.Kind}] = strict(version.Schema.OpenAPIV3Schema)
	}
	return nil
}

// strict says in JSON Schema what a schema of Kubernetes says in words of its own, and forbids what it does not name, as
// kubectl does. What stands below allOf, anyOf, oneOf and not only adds conditions, so it names but a part.
func strict(s schema) schema {
	delete(s, "description")
	properties, named := s["properties"].(map[string]any)
	if _, open := s["additionalProperties"]; named && !open && s["x-kubernetes-preserve-unknown-fields"] != true {
		s["additionalProperties"] = false
	}
	for _, property := range properties {
		strict(property.(map[string]any))
	}
	for _, name := range []string{"items", "additionalProperties"} {
		if below, ok := s[name].(map[string]any); ok {
			strict(below)
		}
	}
	switch kind, typed := s["type"].(string); {
	case s["x-kubernetes-int-or-string"] == true:
		s["type"] = []string{"integer", "string"}
	case typed && s["nullable"] == true:
		s["type"] = []string{kind, "null"}
	}
	return s
}

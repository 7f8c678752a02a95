package config

import (
	"reflect"
	"strings"
)

// field is one exported field of a configuration. One without a name is a struct to look into.
type field struct {
	reflect.StructField
	name   string // of its variable, with the prefix
	prefix string
	value  reflect.Value
}

func fieldsOf(target reflect.Value, prefix string) []field {
	var fields []field
	for i := range target.NumField() {
		f := field{StructField: target.Type().Field(i), value: target.Field(i)}
		if !f.IsExported() {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("env"), ",")
		switch {
		case name == "-":
		case name != "":
			f.name, f.prefix = prefix+name, prefix
			fields = append(fields, f)
		case f.Type.Kind() == reflect.Struct:
			f.prefix = prefix + f.Tag.Get("envPrefix")
			fields = append(fields, f)
		}
	}
	return fields
}

package config

import (
	"fmt"
	"log/slog"
	"net/url"
	"reflect"

	"github.com/heard-dev/heard/pkg/secret"
)

// Masked lists the effective configuration for a log: each variable once, secrets as stars, passwords inside URLs too. A
// secret that is unset shows as empty. cfg is a struct that Load could fill.
func Masked(cfg any) []slog.Attr {
	// A copy, because only what is addressable can be walked as Load walks it.
	target := reflect.New(reflect.TypeOf(cfg)).Elem()
	target.Set(reflect.ValueOf(cfg))
	return masked(nil, map[string]bool{}, target, "")
}

func masked(attrs []slog.Attr, seen map[string]bool, target reflect.Value, prefix string) []slog.Attr {
	for _, f := range fieldsOf(target, prefix) {
		if f.name == "" {
			attrs = masked(attrs, seen, f.value, f.prefix)
		} else if !seen[f.name] {
			seen[f.name] = true
			attrs = append(attrs, slog.String(f.name, shown(f.value.Interface())))
		}
	}
	return attrs
}

func shown(value any) string {
	switch v := value.(type) {
	case secret.String:
		if v == "" {
			return ""
		}
	case url.URL:
		return v.Redacted()
	}
	return fmt.Sprint(value)
}

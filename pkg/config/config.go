// Package config turns the environment into a struct, or into one report of everything that is wrong with it.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/heard-dev/heard/pkg/secret"
)

// Checker is implemented, on its pointer or its value, by a configuration whose fields must agree with each other. Load
// asks it once all of its own fields were read.
type Checker interface{ Check() []Fault }

// Load fills a T from NAME=value pairs as os.Environ gives them; of a name given twice the last counts, and an empty
// value counts as unset. Fields are tagged as github.com/caarlos0/env reads them: `env:"HEARD_X"` or
// `env:"HEARD_X,required"`, `envDefault`, `envSeparator`, and `envPrefix` on a nested struct.
//
// A secret.String may be given by file instead: HEARD_X_FILE names it, and what it holds is trimmed.
//
// The error is of type Faults and never shows a secret.
func Load[T any](environ []string) (T, error) {
	var cfg, none T
	l := loader{environ: env.ToMap(environ)}
	l.fill(reflect.ValueOf(&cfg).Elem(), "")
	if len(l.faults) > 0 {
		return none, l.faults.distinct()
	}
	return cfg, nil
}

type loader struct {
	environ map[string]string
	faults  Faults
}

func (l *loader) fill(target reflect.Value, prefix string) {
	before := len(l.faults)
	for _, f := range fieldsOf(target, prefix) {
		if f.name == "" {
			l.fill(f.value, f.prefix)
		} else if err := l.set(f); err != nil {
			l.faults = append(l.faults, Fault{Name: f.name, Reason: reason(err)})
		}
	}
	if checker, ok := target.Addr().Interface().(Checker); ok && len(l.faults) == before {
		l.faults = append(l.faults, checker.Check()...)
	}
}

// set hands the library one field at a time: its errors name the Go field, which may occur in several structs, and we
// owe the operator the variable.
func (l *loader) set(f field) error {
	text, err := l.text(f)
	if err != nil {
		return err
	}
	alone := reflect.New(reflect.StructOf([]reflect.StructField{{Name: f.Name, Type: f.Type, Tag: f.Tag}}))
	environ := map[string]string{}
	if text != "" {
		environ[f.name] = text
	}
	options := env.Options{Environment: environ, Prefix: f.prefix, FuncMap: map[reflect.Type]env.ParserFunc{
		reflect.TypeFor[time.Duration](): parseDuration,
		reflect.TypeFor[url.URL]():       parseURL,
	}}
	if err := env.ParseWithOptions(alone.Interface(), options); err != nil {
		return err
	}
	f.value.Set(alone.Elem().Field(0))
	return nil
}

func (l *loader) text(f field) (string, error) {
	text := l.environ[f.name]
	if f.Type.Kind() == reflect.Slice {
		return trimmedList(text, f.Tag.Get("envSeparator")), nil
	}
	file := l.environ[f.name+fileSuffix]
	if f.Type != reflect.TypeFor[secret.String]() || file == "" {
		return text, nil
	}
	if text != "" {
		return "", fmt.Errorf("is set, and so is %s%s: set one of them", f.name, fileSuffix)
	}
	content, err := os.ReadFile(file)
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = path.Err // without the path: some put the secret itself there
	}
	if err != nil {
		return "", fmt.Errorf("cannot be read from %s%s: %w", f.name, fileSuffix, err)
	}
	if text = strings.TrimSpace(string(content)); text == "" {
		return "", fmt.Errorf("is empty in the file that %s%s names", f.name, fileSuffix)
	}
	return text, nil
}

const fileSuffix = "_FILE"

func trimmedList(text, separator string) string {
	if separator == "" {
		separator = ","
	}
	items := strings.Split(text, separator)
	for i := range items {
		items[i] = strings.TrimSpace(items[i])
	}
	return strings.Join(slices.DeleteFunc(items, func(item string) bool { return item == "" }), separator)
}

func parseDuration(text string) (any, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return nil, fmt.Errorf("%q is not a duration such as 500ms, 30s or 5m", text)
	}
	return d, nil
}

// parseURL never repeats the text: a URL may carry a password.
func parseURL(text string) (any, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.Host == "" {
		return nil, errors.New("is not a URL such as https://host:port/path")
	}
	return *u, nil
}

func reason(err error) string {
	if _, ok := errors.AsType[env.VarIsNotSetError](err); ok {
		return "is required"
	}
	if _, ok := errors.AsType[env.EmptyVarError](err); ok {
		return "is required"
	}
	if parse, ok := errors.AsType[env.ParseError](err); ok {
		err = parse.Err
	}
	if number, ok := errors.AsType[*strconv.NumError](err); ok {
		return fmt.Sprintf("%q: %v", number.Num, number.Err)
	}
	return err.Error()
}

package cli

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/incident"
	"github.com/heard-dev/heard/pkg/core/tenant"
)

// record is what a command shows of one thing: named values in order.
type record []field

type field struct {
	name  string
	value any
}

// shown is what a command prints: one record, or a list of them.
type shown struct {
	records []record
	list    bool
}

func one(r record) shown { return shown{records: []record{r}} }

func many[T any](things []T, view func(T) record) shown {
	all := shown{records: []record{}, list: true}
	for _, thing := range things {
		all.records = append(all.records, view(thing))
	}
	return all
}

// with adds a value to a single record: a secret that is shown once.
func (s shown) with(name, value string) shown {
	s.records[0] = append(s.records[0], field{name, value})
	return s
}

// print writes a table, or JSON for programs.
func (c *cli) print(s shown) error {
	if c.output == "json" {
		encoder := json.NewEncoder(c.out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if s.list {
			return encoder.Encode(s.records)
		}
		return encoder.Encode(s.records[0])
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	for i, r := range s.records {
		if !s.list {
			for _, f := range r {
				fmt.Fprintf(table, "%s\t%s\n", f.name, f) //nolint:errcheck // Flush tells
			}
			continue
		}
		if i == 0 {
			fmt.Fprintln(table, strings.Join(r.names(), "\t")) //nolint:errcheck // Flush tells
		}
		fmt.Fprintln(table, strings.Join(r.texts(), "\t")) //nolint:errcheck // Flush tells
	}
	return table.Flush()
}

func (r record) names() []string {
	return slices.Collect(func(yield func(string) bool) {
		for _, f := range r {
			if !yield(strings.ToUpper(f.name)) {
				return
			}
		}
	})
}

func (r record) texts() []string {
	texts := make([]string, len(r))
	for i, f := range r {
		texts[i] = f.String()
	}
	return texts
}

// MarshalJSON keeps the order of the fields.
func (r record) MarshalJSON() ([]byte, error) {
	object := []byte{'{'}
	for i, f := range r {
		if i > 0 {
			object = append(object, ',')
		}
		value, err := json.Marshal(f.value)
		if err != nil {
			return nil, err
		}
		object = append(fmt.Appendf(object, "%q:", f.name), value...)
	}
	return append(object, '}'), nil
}

func (f field) String() string {
	switch v := f.value.(type) {
	case *time.Time:
		if v == nil {
			return "-"
		}
		return v.Format(time.RFC3339)
	case time.Time:
		return v.Format(time.RFC3339)
	case []string:
		return strings.Join(v, ",")
	default:
		return fmt.Sprint(v)
	}
}

func orgView(o tenant.Org) record {
	return record{{"id", o.ID.String()}, {"slug", o.Slug}, {"name", o.Name}, {"plan", o.Plan}, {"createdAt", o.CreatedAt}}
}

func appView(a tenant.App) record {
	return record{
		{"id", a.ID.String()},
		{"slug", a.Slug},
		{"name", a.Name},
		{"publicKey", a.PublicKey},
		{"publicSubmissionEnabled", a.PublicSubmission},
		{"allowedOrigins", append([]string{}, a.AllowedOrigins...)},
		{"createdAt", a.CreatedAt},
	}
}

func memberView(m tenant.Member) record {
	return record{{"id", m.ID.String()}, {"email", m.Email}, {"name", m.Name}, {"role", string(m.Role)}, {"createdAt", m.CreatedAt}}
}

func keyView(k apikey.Key) record {
	return record{
		{"id", k.ID.String()},
		{"name", k.Name},
		{"prefix", k.Prefix},
		{"last4", k.Last4},
		{"createdBy", k.CreatedBy},
		{"createdAt", k.CreatedAt},
		{"expiresAt", optional(k.ExpiresAt)},
		{"revokedAt", optional(k.RevokedAt)},
	}
}

func incidentView(i incident.Incident) record {
	return record{
		{"requestId", i.RequestID},
		{"at", i.At},
		{"service", i.Service},
		{"method", i.Method},
		{"route", i.Route},
		{"org", i.Org.String()},
		{"app", i.App.String()},
		{"traceId", i.TraceID},
		{"cause", i.Cause},
		{"stack", i.Stack},
	}
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// explain is what a person at a terminal needs of an error: its public words, every issue, and the cause where it is ours.
func explain(err error) string {
	told := apierr.Of(err)
	if told.Kind == apierr.Internal {
		return err.Error()
	}
	text := told.Message
	for _, issue := range told.Issues {
		text += fmt.Sprintf("\n  %s %s", strings.Trim(strings.ReplaceAll(fmt.Sprint(issue.Path...), " ", "."), "[]"), issue.Message)
	}
	if cause := told.Unwrap(); cause != nil {
		text += "\n  " + cause.Error()
	}
	return text
}

package jsonobject_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/heard-dev/heard/pkg/core/jsonobject"
)

func TestOnlyOneBoundedObjectIsKept(t *testing.T) {
	for _, row := range []struct{ raw, want, code string }{
		{``, ``, ""},
		{`{}`, `{}`, ""},
		{` { "a" : [ 1 , 2.50 ] , "b" : null } `, `{"a":[1,2.50],"b":null}`, ""},
		{`{"id":12345678901234567890}`, `{"id":12345678901234567890}`, ""},
		{`{"\u0061":"\u003c\/"}`, `{"a":"</"}`, ""},
		{`{"a":"` + strings.Repeat("x", 24) + `"}`, `{"a":"` + strings.Repeat("x", 24) + `"}`, ""},
		{`{"a":"` + strings.Repeat("x", 25) + `"}`, ``, "too_big"},
		{`null`, ``, "invalid_type"},
		{`[]`, ``, "invalid_type"},
		{`"{}"`, ``, "invalid_type"},
		{` `, ``, "invalid_type"},
		{`{"a":1`, ``, "invalid_format"},
		{`{"a":1}{}`, ``, "invalid_format"},
		{`{"a":1,"a":2}`, ``, "invalid_format"},
		{"{\"a\":\"\xff\"}", ``, "invalid_format"},
		{strings.Repeat(`{"a":`, 20_000) + `1` + strings.Repeat(`}`, 20_000), ``, "invalid_format"},
	} {
		given := []byte(row.raw)
		got, issue := jsonobject.Parse(given, 32, "ctx")
		code := ""
		if issue != nil {
			code = issue.Code
			if !slices.Equal(issue.Path, []any{"ctx"}) || issue.Message == "" {
				t.Errorf("%.40s: issue %+v", row.raw, issue)
			}
		}
		if string(got) != row.want || code != row.code {
			t.Errorf("%.40s: %s, %q", row.raw, got, code)
		}
		if string(given) != row.raw {
			t.Errorf("%.40s: the caller's bytes were changed to %s", row.raw, given)
		}
	}
}

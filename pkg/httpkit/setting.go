package httpkit

import (
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"
)

// Setting is a text that a change sets when it is said, takes away when it is null, and leaves as it is otherwise.
type Setting struct {
	Said bool
	Text string // empty: null, or as good as that
}

// Schema says that it is a string or null.
func (Setting) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Nullable: true}
}

// UnmarshalJSON notes that something was said.
func (s *Setting) UnmarshalJSON(text []byte) error {
	s.Said, s.Text = true, ""
	return json.Unmarshal(text, &s.Text)
}

// Package userorbit speaks Userorbit's API: RPC-like paths and flat errors that are a text with its status.
package userorbit

import (
	"net/http"
	"strings"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/dialect"
)

// Dialect is how Userorbit speaks.
type Dialect struct{}

var (
	_ dialect.Dialect = Dialect{}
	_ dialect.Aliased = Dialect{}
)

// The documented bases (D13): routes are listed under the first.
const (
	base  = "/v1"
	other = "/api/v1"
)

type answer struct {
	Error      string `json:"error"`
	StatusCode int    `json:"statusCode"`
}

// Name is "userorbit".
func (Dialect) Name() string { return "userorbit" }

// Credential reads the Authorization header: a team key, or a subscriber token.
func (Dialect) Credential(header http.Header) (dialect.Credential, error) {
	token, err := dialect.Bearer(header)
	return dialect.Credential{Token: token}, err
}

// Owns takes every resource.action under both documented bases, and the widget's corner of /v1.
func (Dialect) Owns(_, path string) bool {
	return dialect.IsAction(path, base) || dialect.Under(path, base+"/public") ||
		dialect.IsAction(path, other) || dialect.IsAction(path, other+"/public")
}

// Canonical is the path under the first base.
func (Dialect) Canonical(path string) string {
	if rest, ok := strings.CutPrefix(path, other+"/"); ok {
		return base + "/" + rest
	}
	return path
}

// Aliases is the path under the other base.
func (Dialect) Aliases(path string) []string {
	return []string{other + strings.TrimPrefix(path, base)}
}

// Refuse answers {"error", "statusCode"}.
func (d Dialect) Refuse(r dialect.Refusal) dialect.Answer {
	status := dialect.Status(r.Err.Kind)
	return dialect.Compose(d, r, status, answer{Error: text(r.Err), StatusCode: status})
}

// Limits shows nothing: Userorbit documents no limit headers.
func (Dialect) Limits(http.Header, gate.Verdict, time.Time) {}

func text(e *apierr.Error) string {
	switch {
	case e.Kind == apierr.Unauthenticated && e.Code == apierr.CodeTokenExpired:
		return "Token expired"
	case e.Kind == apierr.Unauthenticated:
		return "Authentication required"
	default:
		return dialect.Text(e)
	}
}

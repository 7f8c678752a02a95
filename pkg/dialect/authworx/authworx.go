// Package authworx speaks AuthWorx's API: errors that are a status word with a message, the key's limits on every answer.
package authworx

import (
	"net/http"
	"strconv"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/dialect"
)

// Dialect is how AuthWorx speaks.
type Dialect struct{}

var _ dialect.Dialect = Dialect{}

type apiError struct {
	Status  string `json:"status" enum:"error"`
	Message string `json:"message"`
}

// Name is "authworx".
func (Dialect) Name() string { return "authworx" }

// Credential reads the X-API-Key and X-Org-Slug headers, and a session from `Authorization: Bearer` or its cookie.
func (Dialect) Credential(header http.Header) (dialect.Credential, error) {
	cred := dialect.Credential{Token: header.Get("X-Api-Key"), OrgSlug: header.Get("X-Org-Slug")}
	if header.Get("Authorization") != "" {
		session, err := dialect.Bearer(header)
		if err != nil {
			return dialect.Credential{}, err
		}
		cred.Session = session
	} else if cookie, err := (&http.Request{Header: header}).Cookie(AccessCookie); err == nil {
		cred.Session = cookie.Value
	}
	if cred.Token == "" && cred.Session == "" {
		return dialect.Credential{}, apierr.New(apierr.Unauthenticated, apierr.CodeMissingAuthorization, "Authentication is required.")
	}
	return cred, nil
}

// Owns takes /api/v1, but for the resource.action names that Userorbit serves under the same base.
func (Dialect) Owns(_, path string) bool {
	return dialect.Under(path, "/api/v1") && !dialect.IsAction(path, "/api/v1") && !dialect.IsAction(path, "/api/v1/public")
}

// Refuse answers {"status":"error", "message"}.
func (d Dialect) Refuse(r dialect.Refusal) dialect.Answer {
	return dialect.Compose(d, r, dialect.Status(r.Err.Kind), apiError{Status: "error", Message: dialect.Text(r.Err)})
}

// Limits shows the key's limit: how much, what is left and the unix second of the next window.
func (Dialect) Limits(header http.Header, verdict gate.Verdict, now time.Time) {
	tightest, ok := verdict.Tightest()
	if !ok {
		return
	}
	header.Set("X-RateLimit-Limit", strconv.FormatInt(tightest.Policy.Limit, 10))
	header.Set("X-RateLimit-Remaining", strconv.FormatInt(tightest.Remaining, 10))
	header.Set("X-RateLimit-Reset", strconv.FormatInt(dialect.ResetAt(tightest, now), 10))
}

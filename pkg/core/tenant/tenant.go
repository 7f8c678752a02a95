// Package tenant is who Heard works for: Orgs, their Apps and their members.
package tenant

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/id"
)

// Org is a tenant. Limits holds its own numbers for policies, by policy name.
type Org struct {
	ID        id.ID
	Slug      string
	Name      string
	Plan      string
	Limits    map[string]Rate
	CreatedAt time.Time
}

// DefaultPlan is the plan of an Org that was given none.
const DefaultPlan = "default"

// Rate replaces a policy's numbers; the policy keeps its algorithm and period. Burst 0 keeps the burst in proportion.
type Rate struct {
	Limit int64
	Burst int64
}

// ProcessingMode is what becomes of feedback that was found harmless.
type ProcessingMode string

// The processing modes [Userz /docs/concepts].
const (
	AutoPR ProcessingMode = "auto_pr"
	Manual ProcessingMode = "manual"
	NoPR   ProcessingMode = "no_pr"
)

// App is one product of an Org that hears its users. PublicKey is not a secret: it stands in web pages.
type App struct {
	ID               id.ID
	Org              id.ID
	Slug             string
	Name             string
	Description      string
	PublicKey        string
	PublicSubmission bool
	ProcessingMode   ProcessingMode
	BatchEnabled     bool
	BatchWindowHours int
	AllowedOrigins   []string
	Secrets          []SigningSecret
	CreatedAt        time.Time
	Version          int64
}

// SigningSecret signs and verifies this App's user tokens. Sealed is never readable without the keyset. NotAfter is zero
// for the present secret; a rotated one verifies until then.
type SigningSecret struct {
	ID        id.ID
	Sealed    []byte
	CreatedAt time.Time
	NotAfter  time.Time
}

// AllowsOrigin tells whether a page of that origin may submit. An empty list allows every origin and none; any other list
// allows only what stands in it, so a request without an Origin is refused.
func (a App) AllowsOrigin(origin string) bool {
	return len(a.AllowedOrigins) == 0 || slices.Contains(a.AllowedOrigins, origin)
}

// Rotated is the App with fresh as its only signing secret, and with the former ones verifying for overlap more.
func (a App) Rotated(fresh SigningSecret, overlap time.Duration) App {
	secrets := []SigningSecret{fresh}
	end := fresh.CreatedAt.Add(overlap)
	for _, old := range a.LiveSecrets(fresh.CreatedAt) {
		if overlap <= 0 {
			break
		}
		if old.NotAfter.IsZero() || old.NotAfter.After(end) {
			old.NotAfter = end
		}
		secrets = append(secrets, old)
	}
	a.Secrets = secrets
	return a
}

// LiveSecrets are the signing secrets that verify at that time, the present one first.
func (a App) LiveSecrets(at time.Time) []SigningSecret {
	var live []SigningSecret
	for _, s := range a.Secrets {
		if s.NotAfter.IsZero() || at.Before(s.NotAfter) {
			live = append(live, s)
		}
	}
	return live
}

// Role is what a member may do.
type Role string

// The roles [Userz /docs/concepts].
const (
	Owner  Role = "owner"
	Admin  Role = "admin"
	Viewer Role = "member"
)

// Known tells whether there is such a role.
func (r Role) Known() bool { return r == Owner || r == Admin || r == Viewer }

// Member is a person who works in an Org. PasswordHash is an argon2id hash in PHC form.
type Member struct {
	ID           id.ID
	Org          id.ID
	Email        string
	Name         string
	Role         Role
	PasswordHash string
	CreatedAt    time.Time
}

// Store keeps tenants. What is another Org's is not found: apierr.NotFound. A taken slug, public key or e-mail is
// apierr.Conflict.
type Store interface {
	CreateOrg(ctx context.Context, org Org) error
	Org(ctx context.Context, org id.ID) (Org, error)
	OrgBySlug(ctx context.Context, slug string) (Org, error)
	// Orgs lists every tenant, oldest first. It is for operators.
	Orgs(ctx context.Context) ([]Org, error)

	CreateApp(ctx context.Context, org id.ID, app App) error
	App(ctx context.Context, org, app id.ID) (App, error)
	// Apps lists the Org's Apps, oldest first.
	Apps(ctx context.Context, org id.ID) ([]App, error)
	// AppByPublicKey finds an App, and so its Org, by a credential.
	AppByPublicKey(ctx context.Context, publicKey string) (App, error)
	// ReplaceApp stores app if its Version is still the stored one, and gives it the next; otherwise apierr.Conflict.
	ReplaceApp(ctx context.Context, org id.ID, app App) error

	CreateMember(ctx context.Context, org id.ID, member Member) error
	// Members lists the Org's members, oldest first.
	Members(ctx context.Context, org id.ID) ([]Member, error)
}

var slugForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// CheckSlug refuses a slug that is not 1 to 63 lower-case letters, digits and inner hyphens.
func CheckSlug(slug string) error {
	if slugForm.MatchString(slug) {
		return nil
	}
	return apierr.Body(apierr.Issue{
		Path: []any{"slug"}, Code: "invalid_format",
		Message: "must be 1 to 63 lower-case letters, digits and inner hyphens",
	})
}

// IsOrigin tells whether text is a web origin as browsers send it: scheme, host in lower case, and a port that is not the
// scheme's own.
func IsOrigin(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || strings.Contains(u.Host, "*") || text != u.Scheme+"://"+strings.ToLower(u.Host) {
		return false
	}
	return u.Scheme == "https" && u.Port() != "443" || u.Scheme == "http" && u.Port() != "80"
}

// Limited is the policy with the Org's own numbers where it has some.
func (o Org) Limited(p gate.Policy) gate.Policy {
	if rate, ok := o.Limits[p.Name]; ok {
		return rate.Over(p, gate.FromOrg)
	}
	return p
}

// Over is the policy with this rate's numbers.
func (r Rate) Over(p gate.Policy, from gate.Source) gate.Policy {
	if r.Burst == 0 && p.Burst > 0 && p.Limit > 0 { // to nothing there is no proportion
		r.Burst = max(1, p.Burst*r.Limit/p.Limit)
	}
	p.Limit, p.Burst, p.Source = r.Limit, r.Burst, from
	return p
}

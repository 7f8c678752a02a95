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
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/id"
)

// Org is a tenant. An operator's may make others.
type Org struct {
	ID         id.ID
	Slug       string
	Name       string
	AppURL     string // where its own product lives; may be empty
	Plan       string
	LeakPolicy LeakPolicy
	Operator   bool
	CreatedAt  time.Time
	ClosesAt   time.Time // zero: open; otherwise it was given up, and everything of it goes at that time
	Version    int64
}

// Open tells whether the Org's credentials work: not from the moment it is given up.
func (o Org) Open() bool { return o.ClosesAt.IsZero() }

// LeakPolicy is what happens to an API key that was found in the open.
type LeakPolicy string

// The leak policies. Every leak is noted on the key and in the audit log.
const (
	NotifyLeaks LeakPolicy = "notify"
	RevokeLeaks LeakPolicy = "revoke"
)

// Known tells whether there is such a policy.
func (p LeakPolicy) Known() bool { return p == NotifyLeaks || p == RevokeLeaks }

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

// Known tells whether there is such a mode.
func (m ProcessingMode) Known() bool { return m == AutoPR || m == Manual || m == NoPR }

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
	DeletedAt        time.Time // zero: there; otherwise it hears nobody any more, and is being erased
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

// Member is a person with an account in an Org: who works there, or one of the accounts that the users surface keeps.
// PasswordHash is an argon2id hash in PHC form.
type Member struct {
	ID            id.ID
	Org           id.ID
	Email         string
	Name          string
	Role          access.Role
	Status        Status
	EmailVerified bool
	PasswordHash  string
	TwoFactor     *TwoFactor // nil: never enrolled
	CreatedAt     time.Time
	UpdatedAt     time.Time
	Version       int64
}

// Status is whether a member may log in.
type Status string

// The statuses of a member.
const (
	Active    Status = "active"
	Suspended Status = "suspended"
)

// Known tells whether there is such a status.
func (s Status) Known() bool { return s == Active || s == Suspended }

// TwoFactor is a member's second factor. Sealed is the TOTP secret; EnabledAt is zero until a first code proved that the
// member has it. LastStep is the time step of the last code that was taken, so that no code works twice. Recovery holds the
// hashes of the recovery codes that are left.
type TwoFactor struct {
	Sealed    []byte
	EnabledAt time.Time
	LastStep  int64
	Recovery  [][]byte
}

// Enabled tells whether a password alone does not log in.
func (f *TwoFactor) Enabled() bool { return f != nil && !f.EnabledAt.IsZero() }

// InvitationLife is how long an invitation may be accepted [AuthWorx /api-reference/org: 7 days].
const InvitationLife = 7 * 24 * time.Hour

// Invitation asks a person to become a member. Hash is that of the token in the link. An accepted or withdrawn one is gone.
type Invitation struct {
	ID        id.ID
	Org       id.ID
	Email     string
	Role      access.Role
	Hash      [32]byte
	InvitedBy string
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Store keeps tenants. What is another Org's is not found: apierr.NotFound. A taken slug, public key or e-mail is
// apierr.Conflict.
type Store interface {
	CreateOrg(ctx context.Context, org Org) error
	Org(ctx context.Context, org id.ID) (Org, error)
	OrgBySlug(ctx context.Context, slug string) (Org, error)
	// Orgs lists every tenant, oldest first. It is for operators.
	Orgs(ctx context.Context) ([]Org, error)
	// ReplaceOrg stores org if its Version is still the stored one, and gives it the next; otherwise apierr.Conflict.
	ReplaceOrg(ctx context.Context, org Org) error

	CreateApp(ctx context.Context, org id.ID, app App) error
	App(ctx context.Context, org, app id.ID) (App, error)
	// Apps lists the Org's Apps, oldest first.
	Apps(ctx context.Context, org id.ID) ([]App, error)
	// AppByPublicKey finds an App, and so its Org, by a credential.
	AppByPublicKey(ctx context.Context, publicKey string) (App, error)
	// ReplaceApp stores app if its Version is still the stored one, and gives it the next; otherwise apierr.Conflict.
	ReplaceApp(ctx context.Context, org id.ID, app App) error

	CreateMember(ctx context.Context, org id.ID, member Member) error
	Member(ctx context.Context, org, member id.ID) (Member, error)
	// MemberByEmail finds a member whatever the address's case.
	MemberByEmail(ctx context.Context, org id.ID, email string) (Member, error)
	// Members lists the Org's members, oldest first: up to limit of them after the first offset; all when limit is 0.
	Members(ctx context.Context, org id.ID, offset, limit int) ([]Member, error)
	// ReplaceMember stores member if its Version is still the stored one, and gives it the next; otherwise apierr.Conflict.
	ReplaceMember(ctx context.Context, org id.ID, member Member) error
	// Owners lists the Org's owners, oldest first.
	Owners(ctx context.Context, org id.ID) ([]Member, error)
	DeleteMember(ctx context.Context, org, member id.ID) error

	// CreateInvitation stores the invitation, in place of one to the same address that expired before its CreatedAt; another
	// one to that address is apierr.Conflict.
	CreateInvitation(ctx context.Context, org id.ID, invitation Invitation) error
	Invitation(ctx context.Context, org, invitation id.ID) (Invitation, error)
	// InvitationByHash finds an invitation, and so its Org, by its token.
	InvitationByHash(ctx context.Context, hash [32]byte) (Invitation, error)
	// Invitations lists the Org's invitations, oldest first, expired ones too.
	Invitations(ctx context.Context, org id.ID) ([]Invitation, error)
	DeleteInvitation(ctx context.Context, org, invitation id.ID) error
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

// Over is the policy with this rate's numbers.
func (r Rate) Over(p gate.Policy, from gate.Source) gate.Policy {
	if r.Burst == 0 && p.Burst > 0 && p.Limit > 0 { // to nothing there is no proportion
		r.Burst = max(1, p.Burst*r.Limit/p.Limit)
	}
	p.Limit, p.Burst, p.Source = r.Limit, r.Burst, from
	return p
}

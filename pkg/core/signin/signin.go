// Package signin is how members log in, prove a second factor and stay logged in.
package signin

import (
	"context"
	"io"
	"net/netip"
	"strings"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/plan"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

// Store is where an Issuer finds members and keeps their sessions.
type Store interface {
	OrgBySlug(ctx context.Context, slug string) (tenant.Org, error)
	Org(ctx context.Context, org id.ID) (tenant.Org, error)
	Member(ctx context.Context, org, member id.ID) (tenant.Member, error)
	MemberByEmail(ctx context.Context, org id.ID, email string) (tenant.Member, error)
	ReplaceMember(ctx context.Context, org id.ID, member tenant.Member) error
	session.Store
	Overrides(ctx context.Context) ([]limit.Override, error)
}

// Deps are what an Issuer works with.
type Deps struct {
	Store     Store
	Gate      gate.Gate
	Plans     plan.Plans
	Keyring   session.Keyring
	Keyset    secret.Keyset
	Hasher    apikey.Hasher
	Passwords *tenant.Passwords
	Journal   *audit.Journal
	IDs       *id.Source
	Now       func() time.Time
	Random    io.Reader
}

// Issuer issues the tokens of members who log in. It is safe for concurrent use.
type Issuer struct{ Deps }

// New makes an Issuer.
func New(deps Deps) *Issuer { return &Issuer{deps} }

// From is where somebody logs in from, and to which Org: its slug, which may be empty where a token names the Org.
type From struct {
	Org       string
	Address   netip.Addr
	UserAgent string
}

// Login is a member who has come in, or who has yet to prove a second factor and holds nothing but Partial. ExpiresAt is the
// end of Access, or of Partial; that of Refresh is the session's.
type Login struct {
	Org       tenant.Org
	Member    tenant.Member
	Session   session.Session
	Access    secret.String
	Refresh   secret.String
	Partial   secret.String
	ExpiresAt time.Time
}

// Requires2FA tells whether the second factor is still to be proved.
func (l Login) Requires2FA() bool { return l.Partial != "" }

// maxUserAgent is how much of a user agent is kept, in bytes.
const maxUserAgent = 512

// open starts a session for a member who has proved who they are, and by what second factor.
func (i *Issuer) open(ctx context.Context, from From, org tenant.Org, member tenant.Member, second factor) (Login, error) {
	now := i.now()
	s := session.Session{
		ID: i.IDs.New(), Org: org.ID, Member: member.ID, Address: spell(from.Address), UserAgent: clip(from.UserAgent),
		CreatedAt: now, RefreshedAt: now, ExpiresAt: now.Add(session.RefreshLife),
	}
	what := audit.Change{Action: "session.create", Target: target(s, member), After: map[string]any{
		"secondFactor": second, "userAgent": s.UserAgent, "expiresAt": s.ExpiresAt.Format(time.RFC3339Nano),
	}}
	// Nothing is announced: what is new makes nothing stale.
	err := i.Journal.Record(ctx, org.ID, actor(s, member, from), what, func() error { return i.Store.CreateSession(ctx, org.ID, s) })
	if err != nil {
		return Login{}, err
	}
	return i.issue(org, member, s)
}

// issue signs the present tokens of a session.
func (i *Issuer) issue(org tenant.Org, member tenant.Member, s session.Session) (Login, error) {
	now := i.now()
	token, err := i.Keyring.SignAccess(s, now)
	return Login{
		Org: org, Member: member, Session: s, Access: token, Refresh: i.Keyring.SignRefresh(s), ExpiresAt: now.Add(session.AccessLife),
	}, err
}

// admit refuses members who proved who they are and still may not come in.
func admit(org tenant.Org, member tenant.Member) error {
	switch {
	case member.Status != tenant.Active:
		return apierr.New(apierr.Forbidden, apierr.CodeForbidden, "This account is suspended.")
	case !org.Open() && member.Role != access.Owner:
		return apierr.New(apierr.Forbidden, apierr.CodeOrgClosing, "This organisation was given up; only its owner can take it back.")
	}
	return nil
}

// now is the time as stores keep it.
func (i *Issuer) now() time.Time { return i.Now().UTC().Truncate(time.Millisecond) }

func actor(s session.Session, member tenant.Member, from From) audit.Actor {
	return audit.Actor{
		Kind: audit.ByMember, ID: member.ID, Name: member.Email, Credential: "session:" + s.ID.String(), Address: spell(from.Address),
	}
}

func target(s session.Session, member tenant.Member) audit.Target {
	return audit.Target{Kind: "session", ID: s.ID.String(), Name: member.Email}
}

// spell is empty for an address that is not known.
func spell(address netip.Addr) string {
	if !address.IsValid() {
		return ""
	}
	return address.Unmap().String()
}

// clip keeps what clients call themselves from being a book, or no text at all.
func clip(userAgent string) string {
	return strings.ToValidUTF8(userAgent[:min(len(userAgent), maxUserAgent)], "")
}

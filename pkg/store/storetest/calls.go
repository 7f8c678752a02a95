package storetest

import (
	"context"
	"slices"
	"time"

	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/usage"
	"github.com/heard-dev/heard/pkg/id"
)

// call is one method with arguments that succeed when org is the owner.
type call struct {
	name   string
	others foreignAnswer
	do     func(ctx context.Context, s Store, org id.ID) (any, error)
}

// far is after everything that happens by itself; later is after everything that was made.
func far() time.Time   { return moment().Add(100 * 365 * 24 * time.Hour) }
func later() time.Time { return moment().Add(time.Hour) }

func none(err error) (any, error) { return nil, err }

func (w world) calls() []call {
	return slices.Concat(w.tenantCalls(), w.credentialCalls(), w.contentCalls(), w.boardCalls(), w.peopleCalls(), w.eventCalls(), w.ledgerCalls(),
		w.erasureCalls())
}

func (w world) tenantCalls() []call {
	return []call{
		{"CreateOrg", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) { return none(s.CreateOrg(ctx, w.fresh.org)) }},
		{"Org", unasked, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.Org(ctx, org) }},
		{"OrgBySlug", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) { return s.OrgBySlug(ctx, w.org.Slug) }},
		{"Orgs", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) { return s.Orgs(ctx) }},
		{"ReplaceOrg", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) {
			org := w.org
			org.Name = "replaced"
			return none(s.ReplaceOrg(ctx, org))
		}},
		{"Overrides", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) { return s.Overrides(ctx) }},
		{"PutOverride", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) {
			return none(s.PutOverride(ctx, w.fresh.override))
		}},
		{"DeleteOverride", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) {
			return none(s.DeleteOverride(ctx, w.override.Name))
		}},
		{"CreateApp", unasked, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.CreateApp(ctx, org, w.fresh.app))
		}},
		{"App", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.App(ctx, org, w.app.ID) }},
		{"Apps", empty, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.Apps(ctx, org) }},
		{"AppByPublicKey", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) {
			return s.AppByPublicKey(ctx, w.app.PublicKey)
		}},
		{"ReplaceApp", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			app := w.app
			app.Name = "replaced"
			return none(s.ReplaceApp(ctx, org, app))
		}},
		{"CreateMember", unasked, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.CreateMember(ctx, org, w.fresh.member))
		}},
		{"Member", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.Member(ctx, org, w.member.ID) }},
		{"MemberByEmail", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.MemberByEmail(ctx, org, w.member.Email)
		}},
		{"Members", empty, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.Members(ctx, org, 0, 0) }},
		{"Owners", empty, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.Owners(ctx, org) }},
		{"ReplaceMember", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			member := w.member
			member.Name = "replaced"
			return none(s.ReplaceMember(ctx, org, member))
		}},
		{"DeleteMember", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.DeleteMember(ctx, org, w.member.ID))
		}},
		{"CreateInvitation", unasked, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.CreateInvitation(ctx, org, w.fresh.invited))
		}},
		{"Invitation", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.Invitation(ctx, org, w.invited.ID)
		}},
		{"InvitationByHash", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) {
			return s.InvitationByHash(ctx, w.invited.Hash)
		}},
		{"Invitations", empty, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.Invitations(ctx, org) }},
		{"DeleteInvitation", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.DeleteInvitation(ctx, org, w.invited.ID))
		}},
	}
}

func (w world) credentialCalls() []call {
	return []call{
		{"CreateKey", unasked, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.CreateKey(ctx, org, w.fresh.key))
		}},
		{"KeyByHash", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) { return s.KeyByHash(ctx, w.key.Hash) }},
		{"Key", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.Key(ctx, org, w.key.ID) }},
		{"Keys", empty, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.Keys(ctx, org) }},
		{"RevokeKey", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.RevokeKey(ctx, org, w.key.ID, later())
		}},
		{"ExpireKey", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.ExpireKey(ctx, org, w.key.ID, later())
		}},
		{"NoteLeak", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.NoteLeak(ctx, org, w.key.ID, apikey.Leak{At: later(), Source: "github"})
		}},
		{"CreateSession", unasked, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.CreateSession(ctx, org, w.fresh.session))
		}},
		{"Session", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.Session(ctx, org, w.session.ID) }},
		{"Sessions", empty, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.Sessions(ctx, org, w.member.ID) }},
		{"RotateSession", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			next := w.session
			next.Rotation++
			return none(s.RotateSession(ctx, org, next, w.session.Rotation))
		}},
		{"EndSession", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.EndSession(ctx, org, w.session.ID, later(), "logout"))
		}},
		{"EndSessions", nothing, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.EndSessions(ctx, org, w.member.ID, later(), "logout"))
		}},
		{"SweepSessions", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) { return s.SweepSessions(ctx, far(), 10) }},
		{"AppendAudit", unasked, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return none(s.AppendAudit(ctx, org, w.fresh.entry))
		}},
		{"LastAudit", notFound, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.LastAudit(ctx, org) }},
		{"AuditPage", empty, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.AuditPage(ctx, org, audit.Query{Actor: w.entry.Actor.ID, Limit: 10})
		}},
		{"AuditFrom", empty, func(ctx context.Context, s Store, org id.ID) (any, error) { return s.AuditFrom(ctx, org, 0, 10) }},
		{"TouchUses", unasked, func(ctx context.Context, s Store, _ id.ID) (any, error) {
			return none(s.TouchUses(ctx, []usage.Use{w.fresh.use}))
		}},
		{"LastUses", empty, func(ctx context.Context, s Store, org id.ID) (any, error) {
			return s.LastUses(ctx, org, []id.ID{w.use.Credential})
		}},
	}
}

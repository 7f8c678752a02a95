package manage_test

import (
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/secret"
)

func TestEveryChangeIsWrittenDownBeforeItHappensAndAnnouncedAfter(t *testing.T) {
	o := newOffice(t)
	ann := o.member("ann", access.Owner)
	o.gate.look = func() {
		e := o.last()
		orgs, err := o.store.Org(t.Context(), o.org.ID)
		if err != nil || orgs.Name != "Acme Ltd" || e.Action != "org.update" || e.Outcome != audit.Done {
			t.Errorf("announced %s when the Org was %+v, %v", e.Action, orgs, err)
		}
	}
	name := "Acme Ltd"
	_, err := o.UpdateOrg(t.Context(), as(ann), o.org.ID, manage.OrgChange{Name: &name})
	o.must(err)
	e := o.last()
	if e.Actor != as(ann).Actor || string(e.Before) != `{"name":"Acme"}` || string(e.After) != `{"name":"Acme Ltd"}` ||
		e.Target != (audit.Target{Kind: "org", ID: o.org.ID.String(), Name: "acme"}) {
		t.Errorf("%+v", e)
	}
	o.gate.look = nil
	n := o.gate.bumps.Load()
	_, _, err = o.CreateApp(t.Context(), as(ann), o.org.ID, manage.AppDraft{Slug: "web", Name: "Web"})
	o.must(err)
	_, _, err = o.CreateApp(t.Context(), as(ann), o.org.ID, manage.AppDraft{Slug: "web", Name: "Web"})
	o.is("a taken slug", err, apierr.CodeAlreadyExists)
	if e := o.last(); e.Action != "app.create" || e.Outcome != audit.Failed {
		t.Errorf("what failed is written down as %s, %s", e.Action, e.Outcome)
	}
	if o.gate.bumps.Load() != n+1 {
		t.Error("what did not happen was announced")
	}
	check, err := o.Journal.Verify(t.Context(), o.org.ID, audit.Entry{}, 1000)
	if err != nil || check.BrokenAt != 0 || check.Checked != len(o.entries()) {
		t.Errorf("%+v, %v", check, err)
	}
}

func TestAChangeThatCannotBeAnnouncedFailsAndIsSafeToRepeat(t *testing.T) {
	o := newOffice(t)
	ann := o.member("ann", access.Owner)
	bob := o.member("bob", access.Member)
	app, _ := o.app("web")
	key, _, err := o.CreateKey(t.Context(), o.shell, o.org.ID, manage.KeyDraft{Name: "ci"})
	o.must(err)
	name, member := "Acme Ltd", access.Admin
	for what, change := range map[string]func() error{
		"org.update": func() error {
			_, err := o.UpdateOrg(t.Context(), as(ann), o.org.ID, manage.OrgChange{Name: &name})
			return err
		},
		"app.update": func() error {
			_, err := o.UpdateApp(t.Context(), as(ann), o.org.ID, app.ID, manage.AppChange{Name: &name})
			return err
		},
		"member.update": func() error {
			_, err := o.UpdateMember(t.Context(), as(ann), o.org.ID, bob.ID, manage.MemberChange{Role: &member})
			return err
		},
		"key.revoke": func() error { _, err := o.RevokeKey(t.Context(), as(ann), o.org.ID, key.ID); return err },
	} {
		o.gate.away.Store(true)
		if err := change(); apierr.KindOf(err) != apierr.Unavailable {
			t.Errorf("%s, unannounced: %v", what, err)
		}
		o.gate.away.Store(false)
		n := o.gate.bumps.Load()
		if err := change(); err != nil || o.gate.bumps.Load() == n {
			t.Errorf("%s, again: %v", what, err)
		}
	}
}

// Whatever a Manager ever showed is nowhere in the audit log.
func TestNoSecretIsEverWrittenDown(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	shown := []secret.String{password}
	show := func(text secret.String, err error) {
		t.Helper()
		o.must(err)
		shown = append(shown, text)
	}
	app, text, err := o.CreateApp(ctx, o.shell, o.org.ID, manage.AppDraft{Slug: "web", Name: "Web"})
	show(text, err)
	for _, overlap := range []time.Duration{0, time.Hour} {
		_, text, err = o.RotateSecret(ctx, o.shell, o.org.ID, app.ID, overlap)
		show(text, err)
	}
	_, text, err = o.ImportSecret(ctx, o.shell, o.org.ID, app.ID, "an imported signing secret", 0)
	show(text, err)
	shown = append(shown, "an imported signing secret")
	for _, format := range apikey.Formats() {
		key, text, err := o.CreateKey(ctx, o.shell, o.org.ID, manage.KeyDraft{Name: format.Name, Format: format.Name})
		show(text, err)
		_, fresh, err := o.RotateKey(ctx, o.shell, o.org.ID, key.ID, time.Hour)
		show(fresh, err)
		if found, err := o.Leaked(ctx, text, apikey.Leak{Source: "github", URL: "https://example.com/x"}); err != nil || !found {
			t.Errorf("%s: %t, %v", format.Name, found, err)
		}
		_, err = o.RevokeKey(ctx, o.shell, o.org.ID, key.ID)
		o.must(err)
	}
	member, err := o.AddMember(ctx, o.shell, o.org.ID, manage.MemberDraft{Email: "bob@example.com", Name: "Bob", Role: access.Member, Password: password})
	o.must(err)
	suspended := tenant.Suspended
	_, err = o.UpdateMember(ctx, o.shell, o.org.ID, member.ID, manage.MemberChange{Status: &suspended})
	o.must(err)
	_, token, err := o.Invite(ctx, o.shell, o.org.ID, "eve@example.com", access.Member)
	show(token, err)
	eve, err := o.Accept(ctx, token, "Eve", password, "192.0.2.1")
	o.must(err)
	_, err = o.RemoveMember(ctx, o.shell, o.org.ID, eve.ID)
	o.must(err)
	_, err = o.DeleteApp(ctx, o.shell, o.org.ID, app.ID)
	o.must(err)
	_, err = o.CloseOrg(ctx, o.shell, o.org.ID)
	o.must(err)

	entries, actions := o.entries(), map[string]bool{}
	for _, e := range entries {
		actions[e.Action] = true
		said := strings.Join([]string{e.Actor.Name, e.Actor.Credential, e.Target.ID, e.Target.Name, string(e.Before), string(e.After)}, "\n")
		for _, text := range append(shown, secret.String(member.PasswordHash), secret.String(eve.PasswordHash)) {
			if len(text) < 16 || strings.Contains(said, text.Reveal()) {
				t.Errorf("%s shows a secret", e.Action)
			}
		}
	}
	if len(actions) < 14 || len(shown) < 16 {
		t.Errorf("%d sorts of changes and %d secrets prove little", len(actions), len(shown))
	}
}

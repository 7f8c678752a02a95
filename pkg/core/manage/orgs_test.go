package manage_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

// pending are the erasures that are not done.
func (o *office) pending() (pending []erasure.Erasure) {
	o.Helper()
	all, err := o.store.Erasures(o.Context(), o.org.ID)
	o.must(err)
	return slices.DeleteFunc(all, func(e erasure.Erasure) bool { return !e.DoneAt.IsZero() })
}

func (o *office) now() tenant.Org {
	o.Helper()
	org, err := o.store.Org(o.Context(), o.org.ID)
	o.must(err)
	return org
}

func TestAnOrgThatIsGivenUpCanBeTakenBackForAWhile(t *testing.T) {
	o := newOffice(t)
	closed, err := o.CloseOrg(t.Context(), o.shell, o.org.ID)
	o.must(err)
	due := o.at.Truncate(time.Millisecond).Add(manage.Grace)
	if closed.Open() || o.now().Open() || !closed.ClosesAt.Equal(due) {
		t.Errorf("%+v", closed)
	}
	if p := o.pending(); len(p) != 1 || p[0].Kind != erasure.OfOrg || !p[0].DueAt.Equal(due) || p[0].RequestedBy != o.shell.Name {
		t.Errorf("%+v", p)
	}
	o.at = o.at.Add(time.Hour)
	again, err := o.CloseOrg(t.Context(), o.shell, o.org.ID)
	if p := o.pending(); err != nil || !again.ClosesAt.Equal(due) || len(p) != 1 || !p[0].DueAt.Equal(due) {
		t.Errorf("again: %+v, %+v, %v", again, p, err)
	}
	for range 2 {
		opened, err := o.ReopenOrg(t.Context(), o.shell, o.org.ID)
		if p := o.pending(); err != nil || !opened.Open() || !o.now().Open() || len(p) != 0 {
			t.Errorf("taken back: %+v, %+v, %v", opened, p, err)
		}
	}
	closed, err = o.CloseOrg(t.Context(), o.shell, o.org.ID)
	o.must(err)
	o.at = closed.ClosesAt
	_, err = o.ReopenOrg(t.Context(), o.shell, o.org.ID)
	o.is("too late", err, apierr.CodeChanged)
	if len(o.pending()) != 1 || o.now().Open() {
		t.Error("what is being erased was taken back")
	}
}

// An Org that is open is never about to be erased, wherever a call broke off.
func TestAnOrgIsErasedOnlyWhileItIsClosed(t *testing.T) {
	o := newOffice(t)
	harmless := func() {
		t.Helper()
		if o.now().Open() && len(o.pending()) > 0 {
			t.Error("an open Org is about to be erased")
		}
	}
	o.gate.look = harmless
	for _, away := range []bool{true, false} {
		o.gate.away.Store(away)
		if _, err := o.CloseOrg(t.Context(), o.shell, o.org.ID); (err != nil) != away {
			t.Errorf("closed: %v", err)
		}
		harmless()
	}
	if o.now().Open() || len(o.pending()) != 1 {
		t.Error("not closed in the end")
	}
	for _, away := range []bool{true, false} {
		o.gate.away.Store(away)
		if _, err := o.ReopenOrg(t.Context(), o.shell, o.org.ID); (err != nil) != away {
			t.Errorf("taken back: %v", err)
		}
		harmless()
	}
	if !o.now().Open() || len(o.pending()) != 0 {
		t.Error("not taken back in the end")
	}
}

func TestOrgsThatCannotBeAreRefused(t *testing.T) {
	o := newOffice(t)
	for what, row := range map[string]struct {
		draft manage.OrgDraft
		code  apierr.Code
	}{
		"a taken slug": {manage.OrgDraft{Slug: "acme", Name: "x"}, apierr.CodeAlreadyExists},
		"an odd slug":  {manage.OrgDraft{Slug: "A!", Name: "x"}, apierr.CodeInvalidBody},
		"no name":      {manage.OrgDraft{Slug: "b", Name: " "}, apierr.CodeInvalidBody},
	} {
		_, err := o.CreateOrg(t.Context(), o.shell, row.draft)
		o.is(what, err, row.code)
	}
	for _, url := range []string{"acme", "javascript:alert(1)", "https://", "ftp://a.example", "https://a.example/" + strings.Repeat("x", 2048)} {
		_, err := o.UpdateOrg(t.Context(), o.shell, o.org.ID, manage.OrgChange{AppURL: &url})
		o.issue(url, err, "invalid_format", "appUrl")
	}
	policy := tenant.LeakPolicy("ignore")
	_, err := o.UpdateOrg(t.Context(), o.shell, o.org.ID, manage.OrgChange{LeakPolicy: &policy})
	o.issue("a policy", err, "invalid_value", "leakPolicy")
	_, err = o.UpdateOrg(t.Context(), o.shell, id.ID{9}, manage.OrgChange{})
	o.is("nobody's", err, apierr.CodeNotFound)
}

func TestADeletedAppHearsNobodyAndIsErasedOnce(t *testing.T) {
	o := newOffice(t)
	app, _ := o.app("web")
	first, err := o.DeleteApp(t.Context(), o.shell, o.org.ID, app.ID)
	o.must(err)
	stored, err := o.store.App(t.Context(), o.org.ID, app.ID)
	if err != nil || stored.DeletedAt.IsZero() || first.Kind != erasure.OfApp || first.Subject.App != app.ID || first.DueAt.After(o.at) {
		t.Errorf("%+v, %+v, %v", stored, first, err)
	}
	if _, err := o.App(t.Context(), o.org.ID, app.ID); apierr.KindOf(err) != apierr.NotFound {
		t.Errorf("it is still there: %v", err)
	}
	again, err := o.DeleteApp(t.Context(), o.shell, o.org.ID, app.ID)
	if err != nil || again.ID != first.ID || len(o.pending()) != 1 {
		t.Errorf("again: %+v, %v", again, err)
	}
	_, err = o.DeleteApp(t.Context(), o.shell, id.ID{9}, app.ID)
	o.is("another Org's", err, apierr.CodeNotFound)
}

func TestAnEndUserIsErasedUnderEitherNameAndOnce(t *testing.T) {
	o := newOffice(t)
	erase := func(s erasure.Subject) (erasure.Erasure, error) {
		return o.EraseEndUser(t.Context(), o.shell, o.org.ID, s)
	}
	byEmail, err := erase(erasure.Subject{Email: "Eve@Example.com"})
	if err != nil || byEmail.Subject.Email != "eve@example.com" || byEmail.Kind != erasure.OfEndUser || byEmail.DueAt.After(o.at) {
		t.Errorf("%+v, %v", byEmail, err)
	}
	again, err := erase(erasure.Subject{Email: "EVE@example.com"})
	if err != nil || again.ID != byEmail.ID {
		t.Errorf("again: %+v, %v", again, err)
	}
	if _, err = erase(erasure.Subject{ExternalUserID: "u-1"}); err != nil || len(o.pending()) != 2 {
		t.Errorf("by id: %v", err)
	}
	_, err = erase(erasure.Subject{})
	o.issue("nobody", err, "required", "externalUserId")
	_, err = erase(erasure.Subject{App: id.ID{9}, Email: "eve@example.com"})
	o.is("in nobody's App", err, apierr.CodeNotFound)
	for _, e := range o.entries() {
		if strings.Contains(strings.ToLower(string(e.After)+e.Target.Name), "eve@") {
			t.Error("who was erased is remembered in the audit log")
		}
	}
}

func TestAnAppsFaultsAreNamedAtOnce(t *testing.T) {
	o := newOffice(t)
	_, _, err := o.CreateApp(t.Context(), o.shell, o.org.ID, manage.AppDraft{
		Slug: "-", Name: " ", Description: strings.Repeat("x", 2001), ProcessingMode: "magic", BatchWindowHours: 721,
		AllowedOrigins: []string{"https://a.example", "a.example/"},
	})
	o.issue("slug", err, "invalid_format", "slug")
	o.issue("name", err, "required", "name")
	o.issue("description", err, "too_big", "description")
	o.issue("mode", err, "invalid_value", "processingMode")
	o.issue("window", err, "out_of_range", "batchWindowHours")
	o.issue("origin", err, "invalid_format", "allowedOrigins", 1)
	_, _, err = o.CreateApp(t.Context(), o.shell, id.ID{9}, manage.AppDraft{Slug: "x", Name: "x"})
	o.is("nobody's Org", err, apierr.CodeNotFound)
	made, _, err := o.CreateApp(t.Context(), o.shell, o.org.ID, manage.AppDraft{Slug: "web", Name: "Web", PublicSubmission: true, AllowedOrigins: []string{"https://a.example"}})
	o.must(err)
	stored, err := o.store.AppByPublicKey(t.Context(), made.PublicKey)
	if err != nil || stored.ID != made.ID || stored.ProcessingMode != tenant.Manual || stored.BatchWindowHours != 24 || !stored.PublicSubmission {
		t.Errorf("%+v, %v", stored, err)
	}
	none := []string{}
	changed, err := o.UpdateApp(t.Context(), o.shell, o.org.ID, made.ID, manage.AppChange{AllowedOrigins: &none})
	if err != nil || len(changed.AllowedOrigins) != 0 || changed.PublicKey != made.PublicKey || !changed.PublicSubmission {
		t.Errorf("%+v, %v", changed, err)
	}
}

package heard_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

// settled is long enough for a file to come in no more, and for any lease to be over.
const settled = attachment.UploadTTL + 5*time.Minute

// by submits feedback as somebody, with files.
func (i *installation) by(app tenant.App, who map[string]string, files ...file) string {
	i.t.Helper()
	said := map[string]any{"text": "see there", "attachments": append([]file{}, files...)}
	if who != nil {
		said["identity"] = who
	}
	body, err := json.Marshal(said)
	must(i.t, err)
	item, _ := i.stored(i.call(http.MethodPost, "/v1/feedback", app.PublicKey, string(body)))
	return item
}

// eraseDue runs the loops until everything that is due has been looked at: the last of it is an erasure of our own.
func (i *installation) eraseDue(org id.ID) {
	i.t.Helper()
	i.clock.Advance(time.Millisecond)
	last, err := i.manager.EraseEndUser(context.Background(), byTest(), org, erasure.Subject{ExternalUserID: "the last one"})
	must(i.t, err)
	stop := i.run()
	defer stop()
	await(i.t, func() bool { return i.erasure(org, last.ID).DoneAt.Equal(i.clock.Now()) })
}

func (i *installation) erasure(org, name id.ID) erasure.Erasure {
	i.t.Helper()
	stored, err := i.Store.Erasure(context.Background(), org, name)
	must(i.t, err)
	return stored
}

// gone tells whether nothing is there of files.
func (i *installation) gone(org id.ID, files ...file) {
	i.t.Helper()
	for _, f := range files {
		if slot, object := i.there(org, f.Key); slot || object {
			i.t.Errorf("%s: slot %t, object %t", f.Key, slot, object)
		}
	}
}

// happened stores an event of a user's, and who they are.
func (i *installation) happened(org, app id.ID, user string) {
	i.t.Helper()
	ctx, who := context.Background(), event.User{ID: user, Email: user + "@example.com"}
	_, err := i.Store.InsertEvents(ctx, org, []event.Event{{
		ID: i.IDs.New(), App: app, Kind: event.Track, Name: "signed_up", User: who, At: i.Now(), ReceivedAt: i.Now(),
	}})
	must(i.t, err)
	err = i.Store.PutProfile(ctx, org, event.Profile{UserID: who.ID, Email: who.Email, CreatedAt: i.Now(), UpdatedAt: i.Now()})
	if err != nil && apierr.KindOf(err) != apierr.Conflict { // it is there already
		i.t.Error(err)
	}
}

// users demands that these are whom the Org's events are of.
func (i *installation) users(org id.ID, want ...string) {
	i.t.Helper()
	left, err := i.Store.Events(context.Background(), org, event.Query{Limit: 10})
	must(i.t, err)
	var of []string
	for _, e := range left {
		of = append(of, e.User.ID)
	}
	if slices.Sort(of); !slices.Equal(of, want) {
		i.t.Errorf("events of %q, want %q", of, want)
	}
}

func TestAnEndUserIsErasedEverywhereAndNobodyElse(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("acme")
		_, owner := i.colleague(h, "ann", access.Owner)
		sister, _, err := i.manager.CreateApp(t.Context(), byTest(), h.org.ID, manage.AppDraft{Slug: "sister", Name: "Sister", PublicSubmission: true})
		must(t, err)
		const odd = "a/b?c#ü %2F+."
		theirs, kept := i.upload(h.app, "theirs"), i.upload(sister, "kept")
		named := i.by(h.app, map[string]string{"externalUserId": odd}, theirs)
		mailed := i.by(sister, map[string]string{"email": "Odd@Example.com"})
		both := i.by(sister, map[string]string{"externalUserId": odd, "email": "odd@example.com"})
		i.happened(h.org.ID, h.app.ID, odd)
		i.happened(h.org.ID, sister.ID, odd)
		i.happened(h.org.ID, sister.ID, "a")
		other := i.by(sister, map[string]string{"externalUserId": "a", "email": "other@example.com"}, kept)
		i.clock.Advance(settled)

		target := "/v1/end-users/" + url.PathEscape(odd)
		i.refuse(403, "forbidden", "DELETE", target, h.sk, "") // not by default
		i.refuse(404, "not_found", "DELETE", target+"?appId="+i.found("other").app.ID.String(), owner, "")
		i.refuse(400, "invalid_query", "DELETE", "/v1/end-users/%ff", owner, "")
		token := i.login(h, "ann@example.com")

		asked := i.ask(202, "DELETE", target+"?appId="+h.app.ID.String(), token, "")
		if asked["type"] != "end_user" || asked["status"] != "pending" || asked["requestedBy"] != "ann@example.com" || asked["doneAt"] != nil {
			t.Errorf("asked: %v", asked)
		}
		if again := i.ask(202, "DELETE", target+"?appId="+h.app.ID.String(), token, ""); again["id"] != asked["id"] {
			t.Errorf("asked again: %v", again)
		}
		i.eraseDue(h.org.ID)
		if left := i.items(h.org.ID); slices.Contains(left, named) || len(left) != 3 {
			t.Errorf("of one App: %v", left)
		}
		i.users(h.org.ID, "a", odd)
		i.gone(h.org.ID, theirs)

		everywhere := i.ask(202, "DELETE", target+"?email=ODD@example.com", token, "")
		i.eraseDue(h.org.ID)
		if left := i.items(h.org.ID); len(left) != 1 || left[0] != other {
			t.Errorf("everywhere: %v instead of %s; erased were to be %s and %s", left, other, mailed, both)
		}
		i.users(h.org.ID, "a")
		if _, err := i.Store.Profile(t.Context(), h.org.ID, odd); apierr.KindOf(err) != apierr.NotFound {
			t.Errorf("the profile: %v", err)
		}
		if _, err := i.Store.Profile(t.Context(), h.org.ID, "a"); err != nil {
			t.Errorf("another's profile: %v", err)
		}
		if slot, object := i.there(h.org.ID, kept.Key); !slot || !object {
			t.Errorf("another's file: slot %t, object %t", slot, object)
		}
		for n, want := range []thing{
			{"status": "done", "receipt": map[string]any{"feedback": 1.0, "attachments": 1.0, "events": 1.0, "votes": 0.0, "comments": 0.0, "records": 1.0}},
			{"status": "done", "receipt": map[string]any{"feedback": 2.0, "attachments": 0.0, "events": 1.0, "votes": 0.0, "comments": 0.0, "records": 0.0}},
		} {
			name := []thing{asked, everywhere}[n].text("id")
			done := i.ask(200, "GET", "/v1/erasures/"+name, token, "")
			if !same(done["status"], want["status"]) || !same(done["receipt"], want["receipt"]) || done["doneAt"] == nil {
				t.Errorf("receipt %d: %v", n, done)
			}
			if subject := i.erasure(h.org.ID, parse(t, name)).Subject; subject.ExternalUserID != "" || subject.Email != "" {
				t.Errorf("the receipt remembers %+v", subject)
			}
		}
		if listed := i.ask(200, "GET", "/v1/erasures", token, "").list("data"); len(listed) != 4 || listed[1]["id"] != everywhere["id"] {
			t.Errorf("listed %v", listed)
		}
	})
}

// What an App admitted before its end may come in after it: a submission under way, a file by a URL that still works.
func TestADeletedAppIsErasedWithAllThatWasUnderWay(t *testing.T) {
	onEveryStore(t, interpose, func(t *testing.T, i *installation) {
		h := i.found("acme")
		sister, _, err := i.manager.CreateApp(t.Context(), byTest(), h.org.ID, manage.AppDraft{Slug: "sister", Name: "Sister", PublicSubmission: true})
		must(t, err)
		cited, kept := i.upload(h.app, "cited"), i.upload(sister, "kept")
		i.by(h.app, nil, cited)
		remaining := i.by(sister, nil, kept)
		late, uploadURL := i.reserve(h.app, "late")
		inserted, deleted := make(chan struct{}), make(chan struct{})
		restore := i.onInsert(func(insert func() error) error {
			close(inserted)
			<-deleted
			return insert()
		})
		answered := make(chan int)
		go func() {
			answered <- i.call(http.MethodPost, "/v1/feedback", h.app.PublicKey, `{"text":"under way"}`).Code
		}()
		<-inserted

		receipt, err := i.manager.DeleteApp(t.Context(), byTest(), h.org.ID, h.app.ID)
		must(t, err)
		i.eraseDue(h.org.ID)
		if half := i.erasure(h.org.ID, receipt.ID); !half.DoneAt.IsZero() || half.Receipt.Feedback != 1 {
			t.Fatalf("while something is under way: %+v", half)
		}
		restore()
		close(deleted)
		if code := <-answered; code != http.StatusCreated {
			t.Fatalf("what was under way was answered %d", code)
		}
		if code := i.put(uploadURL, late.ContentType, "late"); code != http.StatusOK {
			t.Fatalf("the late file was answered %d", code)
		}
		i.clock.Advance(time.Minute) // no request is under way any more, but the URL still works
		i.eraseDue(h.org.ID)
		if half := i.erasure(h.org.ID, receipt.ID); !half.DoneAt.IsZero() || half.Receipt.Feedback != 2 {
			t.Fatalf("while a file may come in: %+v", half)
		}
		i.clock.Advance(settled)
		i.eraseDue(h.org.ID)
		done := i.erasure(h.org.ID, receipt.ID)
		// The App is a record, and so would its claims be.
		if want := (erasure.Receipt{Feedback: 2, Attachments: 2, Records: 1}); done.DoneAt.IsZero() || done.Receipt != want {
			t.Errorf("done: %+v", done)
		}
		if left := i.items(h.org.ID); !slices.Equal(left, []string{remaining}) {
			t.Errorf("left: %v", left)
		}
		i.gone(h.org.ID, cited, late)
		if slot, object := i.there(h.org.ID, kept.Key); !slot || !object {
			t.Errorf("the sister's file: slot %t, object %t", slot, object)
		}
		if _, err := i.Store.App(t.Context(), h.org.ID, h.app.ID); apierr.KindOf(err) != apierr.NotFound {
			t.Errorf("the App: %v", err)
		}
	})
}

func TestAnOrgIsErasedAfterItsGraceUnlessItWasTakenBack(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h, neighbour := i.found("acme"), i.found("neighbour")
		cited, kept := i.upload(h.app, "cited"), i.upload(neighbour.app, "kept")
		i.by(h.app, nil, cited)
		remaining := i.by(neighbour.app, nil, kept)
		_, err := i.manager.CloseOrg(t.Context(), byTest(), h.org.ID)
		must(t, err)
		i.clock.Advance(manage.Grace - time.Second)
		i.eraseDue(h.org.ID)
		i.holds(h.org.ID, 1)

		// Taken back by a process that died before it could take back the erasure as well.
		stored, err := i.Store.Org(t.Context(), h.org.ID)
		must(t, err)
		stored.ClosesAt = time.Time{}
		must(t, i.Store.ReplaceOrg(t.Context(), stored))
		i.clock.Advance(time.Second)
		i.eraseDue(h.org.ID)
		i.holds(h.org.ID, 1)
		pending, err := i.Store.Erasures(t.Context(), h.org.ID)
		must(t, err)
		if slices.ContainsFunc(pending, func(e erasure.Erasure) bool { return e.Kind == erasure.OfOrg }) {
			t.Errorf("not taken back: %+v", pending)
		}

		_, err = i.manager.CloseOrg(t.Context(), byTest(), h.org.ID)
		must(t, err)
		i.clock.Advance(manage.Grace)
		i.eraseDue(neighbour.org.ID)
		if _, err := i.Store.Org(t.Context(), h.org.ID); apierr.KindOf(err) != apierr.NotFound {
			t.Errorf("the Org: %v", err)
		}
		if _, err := i.Store.LastAudit(t.Context(), h.org.ID); apierr.KindOf(err) != apierr.NotFound {
			t.Errorf("its audit log: %v", err)
		}
		i.holds(h.org.ID, 0)
		i.gone(h.org.ID, cited)
		all, err := i.Store.Erasures(t.Context(), h.org.ID)
		must(t, err)
		receipt := all[slices.IndexFunc(all, func(e erasure.Erasure) bool { return e.Kind == erasure.OfOrg })]
		if receipt.DoneAt.IsZero() || receipt.Receipt.Feedback != 1 || receipt.Receipt.Attachments != 1 || receipt.Receipt.Records == 0 {
			t.Errorf("its receipt: %+v", receipt)
		}
		if w := i.call("GET", "/v1/apps", h.sk, ""); w.Code != http.StatusUnauthorized {
			t.Errorf("its key: %d", w.Code)
		}
		if left := i.items(neighbour.org.ID); !slices.Equal(left, []string{remaining}) {
			t.Errorf("the neighbour has %v", left)
		}
		if slot, object := i.there(neighbour.org.ID, kept.Key); !slot || !object {
			t.Errorf("the neighbour's file: slot %t, object %t", slot, object)
		}
	})
}

// An erasure that is of no App, or of nobody, must not become one of everybody: to a store an empty subject is the whole Org.
func TestAnErasureOfNothingErasesNothing(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("acme")
		i.by(h.app, nil)
		// The App went in a process that died before it could say so.
		gone := erasure.Subject{App: i.IDs.New()}
		for n, one := range []erasure.Erasure{{Kind: erasure.OfApp}, {Kind: erasure.OfEndUser}, {Kind: erasure.OfApp, Subject: gone}} {
			one.ID, one.Org, one.RequestedAt, one.DueAt, one.Version = i.IDs.New(), h.org.ID, i.Now(), i.Now().Add(-time.Duration(n)), 1
			must(t, i.Store.CreateErasure(t.Context(), h.org.ID, one))
		}
		i.clock.Advance(settled)
		file := i.upload(h.app, "kept")
		i.clock.Advance(settled)
		i.eraseDue(h.org.ID)
		i.holds(h.org.ID, 1)
		if slot, object := i.there(h.org.ID, file.Key); !slot || !object {
			t.Errorf("slot %t, object %t", slot, object)
		}
		all, err := i.Store.Erasures(t.Context(), h.org.ID)
		must(t, err)
		for _, one := range all {
			if one.DoneAt.IsZero() || one.Receipt != (erasure.Receipt{}) {
				t.Errorf("%+v", one)
			}
		}
	})
}

// newest is the Org's last erasure.
func (i *installation) newest(org id.ID) erasure.Erasure {
	i.t.Helper()
	all, err := i.Store.Erasures(context.Background(), org)
	must(i.t, err)
	return all[0]
}

package storetest

import (
	"crypto/rand"
	"net/netip"
	"strings"
	"time"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/agentrun"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/comment"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/idempotency"
	"github.com/heard-dev/heard/pkg/core/incident"
	"github.com/heard-dev/heard/pkg/core/resource"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/usage"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/id"
)

// awkward is text that is easily lost: a NUL, an emoji, a right-to-left override, quotes, a line separator, a lone accent.
const awkward = "a\x00b 😀 \u202e\"'\\\u2028 e\u0301 \r\n\t${}.%_ "

// exact is JSON whose spelling must survive: spaces, order, a number no float64 holds, an escaped NUL.
const exact = "{ \"z\":1.0, \"a\" : 9007199254740993,\"é\":\"\\u0000\" , \"a.b\": {\"$c\":[ ]} }"

// big is a whole number that does not survive a float64.
const big = 1<<53 + 1

// maker makes values that are valid, full and unlike each other.
type maker struct{ ids *id.Source }

func newMaker() maker { return maker{ids: id.NewSource(time.Now, rand.Reader)} }

// moment is the time at which everything happens unless a test says otherwise.
func moment() time.Time { return time.Date(2026, 3, 1, 12, 30, 59, 123e6, time.UTC) }

func (m maker) org() tenant.Org {
	made := m.ids.New()
	return tenant.Org{
		ID: made, Slug: "org-" + made.String(), Name: "Org " + awkward, AppURL: "https://ü.example/app?x=%00", Plan: "scale",
		LeakPolicy: tenant.RevokeLeaks, Operator: true, CreatedAt: moment(), ClosesAt: moment().Add(14 * 24 * time.Hour), Version: 1,
	}
}

func (m maker) app(org id.ID) tenant.App {
	made := m.ids.New()
	return tenant.App{
		ID: made, Org: org, Slug: "app-" + made.String(), Name: "App " + awkward, Description: awkward,
		PublicKey: apikey.NewPublic(rand.Reader), PublicSubmission: true, ProcessingMode: tenant.AutoPR,
		BatchEnabled: true, BatchWindowHours: 24, AllowedOrigins: []string{"https://a.example", "https://ü.example:8443"},
		Secrets: []tenant.SigningSecret{
			{ID: m.ids.New(), Sealed: []byte{0, 1, 0xff, 0}, CreatedAt: moment()},
			{ID: m.ids.New(), Sealed: []byte("old"), CreatedAt: moment().Add(-time.Hour), NotAfter: moment().Add(time.Hour)},
		},
		CreatedAt: moment(), Version: 1,
	}
}

func (m maker) member(org id.ID) tenant.Member {
	made := m.ids.New()
	return tenant.Member{
		ID: made, Org: org, Email: "Ann+" + made.String() + "@Example.com", Name: awkward, Role: access.Admin,
		Status: tenant.Suspended, EmailVerified: true, PasswordHash: "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA",
		TwoFactor: &tenant.TwoFactor{
			Sealed: []byte{0, 1, 0xff, 0}, EnabledAt: moment().Add(time.Minute), LastStep: big, Recovery: [][]byte{{0xff, 0}, {1}},
		},
		CreatedAt: moment(), UpdatedAt: moment().Add(time.Hour), Version: 1,
	}
}

func (m maker) invitation(org id.ID) tenant.Invitation {
	made := m.ids.New()
	invitation := tenant.Invitation{
		ID: made, Org: org, Email: "Bob+" + made.String() + "@Example.com", Role: access.Owner, InvitedBy: "ann " + awkward,
		CreatedAt: moment(), ExpiresAt: moment().Add(tenant.InvitationLife),
	}
	copy(invitation.Hash[:], made[:])
	invitation.Hash[31] = 0xff
	return invitation
}

func (m maker) key(org id.ID) apikey.Key {
	key := apikey.Key{
		ID: m.ids.New(), Org: org, Format: "ub_live", Name: "Key " + awkward, Prefix: "sk_abcd", Last4: "wxyz",
		Scopes: []access.Right{access.FeedbackWrite, access.EventsRead}, App: m.ids.New(),
		Networks: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("2001:db8::/32")},
		Creator:  m.ids.New(), CreatedBy: "ann@example.com", CreatedAt: moment(), NotBefore: moment().Add(time.Minute),
		ExpiresAt: moment().Add(90 * 24 * time.Hour), Replaces: m.ids.New(), Limit: &tenant.Rate{Limit: big, Burst: 100},
	}
	copy(key.Hash[:], key.ID[:])
	key.Hash[31] = 0xff
	return key
}

func (m maker) item(org, app id.ID) feedback.Item {
	return feedback.Item{
		ID: m.ids.New(), Org: org, App: app, Status: feedback.Received,
		Submitter: feedback.Submitter{
			Mode: feedback.Private, ExternalUserID: "u-" + awkward, Email: "ann@example.com", Name: awkward, Claims: []byte(exact),
			Person: m.ids.New(), Member: m.ids.New(),
		},
		Title: "Title " + awkward, Board: m.ids.New(), Tags: []id.ID{m.ids.New(), m.ids.New()}, Assignee: m.ids.New(),
		Severity: feedback.High, Text: "It broke: " + awkward, URL: "https://app.example/p?q=%00#ü", UserAgent: "Mozilla/5.0 " + awkward,
		Viewport: &feedback.Viewport{Width: 1280.5, Height: 1.0 / 3, PixelRatio: 1e-7},
		Console: []feedback.ConsoleLine{
			{Level: "error", Message: awkward, At: big},
			{Level: "log", Message: "", At: -1},
		},
		Attachments: []attachment.Citation{
			{Key: "orgs/x/screenshots/ü.png", Kind: attachment.Screenshot, ContentType: "image/png", Size: big, Width: 10, Height: 20},
			{Key: "orgs/x/files/1", Kind: attachment.File, ContentType: "text/plain"},
		},
		Target: &feedback.Target{
			Name: "Button " + awkward, Meta: []byte(exact), Box: &feedback.Box{X: -0.1, Y: 1e21, Width: 5e-324, Height: 0.30000000000000004},
			ScreenshotKey: "orgs/x/screenshots/2",
		},
		Metadata:  []byte(exact),
		CreatedAt: moment(), UpdatedAt: moment().Add(time.Millisecond),
	}
}

// bare is an item that says no more than it must.
func (m maker) bare(org, app id.ID) feedback.Item {
	return feedback.Item{
		ID: m.ids.New(), Org: org, App: app, Status: feedback.Received, Submitter: feedback.Submitter{Mode: feedback.Public},
		Text: "x", CreatedAt: moment(), UpdatedAt: moment(),
	}
}

func (m maker) person(org id.ID) enduser.Person {
	made := m.ids.New()
	return enduser.Person{
		ID: made, Org: org, ExternalID: "u:" + made.String() + awkward, Email: "ölaf+" + made.String() + "@example.com",
		Contested: "else@example.com", Name: "Ölaf " + awkward, Attributes: []byte(exact), Source: enduser.FromWidget,
		CreatedAt: moment(), UpdatedAt: moment().Add(time.Minute), DeactivatedAt: moment().Add(time.Hour), Version: 1,
	}
}

func (m maker) vote(item, person id.ID) vote.Vote {
	return vote.Vote{Kind: vote.OnFeedback, Subject: item, Person: person, Value: 1, At: moment()}
}

func (m maker) comment(org, item id.ID) comment.Comment {
	return comment.Comment{
		ID: m.ids.New(), Org: org, Item: item, Parent: m.ids.New(), Person: m.ids.New(), Member: m.ids.New(), AuthorName: awkward,
		Text: "So it is: " + awkward, Private: true, Source: "admin", CreatedAt: moment(), UpdatedAt: moment().Add(time.Minute), Version: 1,
	}
}

func (m maker) resource(org id.ID, kind resource.Kind) resource.Resource {
	made := m.ids.New()
	return resource.Resource{
		ID: made, Org: org, Kind: kind, Parent: m.ids.New(), Name: "Übung " + made.String() + awkward, Body: []byte(exact),
		CreatedAt: moment(), UpdatedAt: moment().Add(time.Minute), Version: 1,
	}
}

func (m maker) slot(org, app id.ID) attachment.Slot {
	return attachment.Slot{
		Key: "orgs/" + org.String() + "/screenshots/" + m.ids.New().String() + "-😀.png", Org: org, App: app,
		Kind: attachment.Annotated, ContentType: "image/png", Size: big, CreatedAt: moment(),
	}
}

func (m maker) claim(app id.ID) idempotency.Claim {
	made := m.ids.New()
	return idempotency.Claim{
		App: app, Key: "key " + made.String() + awkward, BodyHash: [32]byte{0, 1, 2, 31: 0xff}, Item: m.ids.New(),
		CreatedAt: moment(), LeaseUntil: moment().Add(idempotency.Lease),
	}
}

func (m maker) run(org, app id.ID) agentrun.Run {
	return agentrun.Run{
		ID: m.ids.New(), Org: org, App: app, Feedback: m.ids.New(), Status: agentrun.Blocked, Provider: "p " + awkward, Model: "m",
		InputTokens: big, OutputTokens: big + 2, CostMicroUSD: big + 4, PullRequestURL: "https://git.example/pr/1",
		GuardrailReason: awkward, StartedAt: moment(), FinishedAt: moment().Add(time.Minute),
	}
}

func (m maker) session(org, member id.ID) session.Session {
	return session.Session{
		ID: m.ids.New(), Org: org, Member: member, Rotation: big, Address: "2001:db8::1", UserAgent: "Mozilla/5.0 " + awkward,
		CreatedAt: moment(), RefreshedAt: moment().Add(time.Minute), ExpiresAt: moment().Add(session.RefreshLife),
	}
}

func (m maker) entry(org id.ID, seq int64) audit.Entry {
	return audit.Entry{
		Org: org, ID: m.ids.New(), Seq: seq, At: moment(),
		Actor:  audit.Actor{Kind: audit.ByMember, ID: m.ids.New(), Name: awkward, Credential: "session:1", Address: "192.0.2.1"},
		Action: "api_key.revoke", Target: audit.Target{Kind: "api_key", ID: m.ids.New().String(), Name: awkward},
		Outcome: audit.Done, Before: []byte(exact), After: []byte("{}"),
		Previous: audit.Hash{0, 1, 31: 0xff}, Hash: audit.Hash{0xff, 31: 0},
	}
}

func (m maker) use(org id.ID) usage.Use {
	return usage.Use{Org: org, Credential: m.ids.New(), At: moment()}
}

func (m maker) erasure(org id.ID) erasure.Erasure {
	made := m.ids.New()
	return erasure.Erasure{
		ID: made, Org: org, Kind: erasure.OfEndUser,
		Subject:     erasure.Subject{App: m.ids.New(), Person: m.ids.New(), ExternalUserID: "u " + awkward, Email: made.String() + "@example.com"},
		RequestedBy: "ann " + awkward, RequestedAt: moment(), DueAt: moment().Add(time.Hour), Version: 1,
	}
}

func (m maker) event(org, app id.ID) event.Event {
	return event.Event{
		ID: m.ids.New(), Org: org, App: app, Kind: event.Track, Name: "page " + awkward,
		User:       event.User{ID: "u:" + awkward, Email: "Ölaf@Example.com", Traits: []byte(exact)},
		Properties: []byte("[\xff" + exact), At: moment().Add(-time.Hour), ReceivedAt: moment(), Test: true, Address: "2001:db8::1",
		UserAgent: "Mozilla/5.0 " + awkward,
	}
}

// seen is an event that says no more than it must.
func (m maker) seen(org id.ID) event.Event {
	return event.Event{
		ID: m.ids.New(), Org: org, Kind: event.Track, Name: "x", User: event.User{ID: "u"}, At: moment(), ReceivedAt: moment(),
	}
}

func (m maker) profile(org id.ID) event.Profile {
	made := m.ids.New()
	return event.Profile{
		Org: org, UserID: "u:" + made.String() + awkward, Email: "Ölaf+" + made.String() + "@Example.com", Traits: []byte(exact),
		CreatedAt: moment(), UpdatedAt: moment().Add(time.Hour),
	}
}

func (m maker) incident() incident.Incident {
	return incident.Incident{
		RequestID: "req-" + m.ids.New().String(), Service: "ingest", Method: "POST", Route: "/v1/feedback", Org: m.ids.New(),
		App: m.ids.New(), Cause: "boom " + awkward, Stack: strings.Repeat("goroutine 1\n", 1000), TraceID: "0af7651916cd43dd8448eb211c80319c",
		At: moment(),
	}
}

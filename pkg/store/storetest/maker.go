package storetest

import (
	"crypto/rand"
	"strings"
	"time"

	"github.com/heard-dev/heard/pkg/core/agentrun"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/idempotency"
	"github.com/heard-dev/heard/pkg/core/incident"
	"github.com/heard-dev/heard/pkg/core/tenant"
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
		ID: made, Slug: "org-" + made.String(), Name: "Org " + awkward, Plan: "scale",
		Limits:    map[string]tenant.Rate{"feedback.submit": {Limit: big, Burst: 7}, "reads": {Limit: 1}},
		CreatedAt: moment(),
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
		ID: made, Org: org, Email: "Ann+" + made.String() + "@Example.com", Name: awkward, Role: tenant.Admin,
		PasswordHash: "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA", CreatedAt: moment(),
	}
}

func (m maker) key(org id.ID) apikey.Key {
	key := apikey.Key{
		ID: m.ids.New(), Org: org, Name: "Key " + awkward, Prefix: "sk_abcd", Last4: "wxyz", CreatedBy: "ann@example.com",
		CreatedAt: moment(), ExpiresAt: moment().Add(90 * 24 * time.Hour), Limit: &tenant.Rate{Limit: big, Burst: 100},
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
		},
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

func (m maker) incident() incident.Incident {
	return incident.Incident{
		RequestID: "req-" + m.ids.New().String(), Service: "ingest", Method: "POST", Route: "/v1/feedback", Org: m.ids.New(),
		App: m.ids.New(), Cause: "boom " + awkward, Stack: strings.Repeat("goroutine 1\n", 1000), TraceID: "0af7651916cd43dd8448eb211c80319c",
		At: moment(),
	}
}

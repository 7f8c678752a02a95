package feedback_test

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

var (
	itemID, org, app = id.ID{1}, id.ID{2}, id.ID{3}
	at               = time.Date(2026, 3, 4, 5, 6, 7, 890_123_456, time.FixedZone("CET", 3600))
	png              = attachment.Citation{Key: "k", Kind: attachment.Screenshot, ContentType: "image/png", Size: 1}
)

// full is a draft at every limit.
func full() feedback.Draft {
	draft := feedback.Draft{
		Text: strings.Repeat("é", 8192), Severity: feedback.High,
		URL: "https://example.com/" + strings.Repeat("a", 2048-20), UserAgent: strings.Repeat("u", 512),
		Viewport: &feedback.Viewport{Width: 0, Height: 900.5, PixelRatio: 2},
		Target: &feedback.Target{
			Name: strings.Repeat("n", 256), Meta: []byte(`{ "a" : "` + strings.Repeat("x", 4096-8) + `" }`),
			Box: &feedback.Box{X: -10, Y: -0.5, Width: 100, Height: 20}, ScreenshotKey: "orgs/x",
		},
		Metadata: []byte(`{"a":"` + strings.Repeat("x", 4096-8) + `"}`),
		Identity: &feedback.Identity{
			Email: "a@" + strings.Repeat("d", 249) + ".io", Name: strings.Repeat("n", 256), ExternalUserID: strings.Repeat("i", 256),
		},
	}
	draft.Console = slices.Repeat([]feedback.ConsoleLine{{Level: strings.Repeat("l", 32), Message: strings.Repeat("ü", 1000)}}, 500)
	for i := range 10 {
		draft.Attachments = append(draft.Attachments, attachment.Citation{
			Key: fmt.Sprint(i), Kind: attachment.Annotated, ContentType: "Image/x.y+z-1", Size: 15 << 20, Width: 1, Height: 0,
		})
	}
	return draft
}

func TestADraftAtEveryLimitBecomesAnItem(t *testing.T) {
	draft := full()
	item, err := feedback.New(draft, itemID, org, app, at)
	if err != nil {
		t.Fatal(apierr.Of(err).Issues)
	}
	utc := time.Date(2026, 3, 4, 4, 6, 7, 890e6, time.UTC)
	if item.ID != itemID || item.Org != org || item.App != app || item.Status != feedback.Received || !item.DuplicateOf.IsZero() {
		t.Errorf("%s of %s and %s is %s, a duplicate of %s", item.ID, item.Org, item.App, item.Status, item.DuplicateOf)
	}
	if item.CreatedAt != utc || item.UpdatedAt != utc {
		t.Errorf("created %s, updated %s", item.CreatedAt, item.UpdatedAt)
	}
	if item.Text != draft.Text || item.Severity != draft.Severity || item.URL != draft.URL || item.UserAgent != draft.UserAgent ||
		item.Viewport != draft.Viewport || len(item.Console) != 500 || !slices.Equal(item.Attachments, draft.Attachments) ||
		item.Target.Name != draft.Target.Name || item.Target.Box != draft.Target.Box || item.Target.ScreenshotKey != "orgs/x" {
		t.Error("the item does not say what the draft said")
	}
	if !bytes.Equal(item.Metadata, draft.Metadata) || !bytes.HasPrefix(item.Target.Meta, []byte(`{"a":"x`)) {
		t.Errorf("metadata %.20s…, meta %.20s…", item.Metadata, item.Target.Meta)
	}
	who := draft.Identity
	if item.Submitter.Mode != feedback.Public || item.Submitter.Email != who.Email || item.Submitter.Name != who.Name ||
		item.Submitter.ExternalUserID != who.ExternalUserID || item.Submitter.Claims != nil {
		t.Errorf("submitter %+v", item.Submitter)
	}
}

func TestTheLeastDraftBecomesAnItem(t *testing.T) {
	item, err := feedback.New(feedback.Draft{Text: "x"}, itemID, org, app, at)
	if err != nil {
		t.Fatal(err)
	}
	if s := item.Submitter; s.Mode != feedback.Public || s.Email != "" || item.Metadata != nil || item.Target != nil || item.Viewport != nil {
		t.Errorf("%+v", item)
	}
}

func TestASignedUserIsWhoSentIt(t *testing.T) {
	for ctx, want := range map[string][2]string{
		``:                                            {},
		`{"email":"a@example.com","name":"Ada"}`:      {"a@example.com", "Ada"},
		`{"email":"nobody","name":["Ada"]}`:           {},
		`{"EMAIL":"a@example.com","plan":"pro"}`:      {},
		`{"name":"` + strings.Repeat("n", 257) + `"}`: {},
	} {
		draft := feedback.Draft{Text: "x", User: &feedback.SignedUser{Subject: "user_1"}}
		if ctx != "" {
			draft.User.Context = []byte(ctx)
		}
		item, err := feedback.New(draft, itemID, org, app, at)
		if err != nil {
			t.Fatal(err)
		}
		s := item.Submitter
		if s.Mode != feedback.Private || s.ExternalUserID != "user_1" || string(s.Claims) != ctx || s.Email != want[0] || s.Name != want[1] {
			t.Errorf("%s: %+v", ctx, s)
		}
	}
}

func TestEachFaultIsNamedAtItsPath(t *testing.T) {
	long := strings.Repeat("é", 300)
	for _, row := range []struct {
		want  string
		spoil func(*feedback.Draft)
	}{
		{"text too_small", func(d *feedback.Draft) { d.Text = "" }},
		{"text too_big", func(d *feedback.Draft) { d.Text += "é" }},
		{"text invalid_format", func(d *feedback.Draft) { d.Text = "\xff" }},
		{"severity invalid_value", func(d *feedback.Draft) { d.Severity = "urgent" }},
		{"url too_big", func(d *feedback.Draft) { d.URL += "a" }},
		{"url invalid_format", func(d *feedback.Draft) { d.URL = "/path" }},
		{"url invalid_format", func(d *feedback.Draft) { d.URL = "javascript:alert(1)" }},
		{"url invalid_format", func(d *feedback.Draft) { d.URL = "https:///path" }},
		{"url invalid_format", func(d *feedback.Draft) { d.URL = "https://exa mple.com" }},
		{"userAgent too_big", func(d *feedback.Draft) { d.UserAgent += "u" }},
		{"viewport.w too_small", func(d *feedback.Draft) { d.Viewport.Width = -1 }},
		{"viewport.h invalid_value", func(d *feedback.Draft) { d.Viewport.Height = math.Inf(1) }},
		{"viewport.dpr invalid_value", func(d *feedback.Draft) { d.Viewport.PixelRatio = math.NaN() }},
		{"consoleLogs too_big", func(d *feedback.Draft) { d.Console = append(d.Console, feedback.ConsoleLine{At: -1}) }},
		{"consoleLogs.499.level too_big", func(d *feedback.Draft) { d.Console[499].Level += "l" }},
		{"consoleLogs.0.message too_big", func(d *feedback.Draft) { d.Console[0].Message += "m" }},
		{"consoleLogs.7.ts too_small", func(d *feedback.Draft) { d.Console[7].At = -1 }},
		{"attachments too_big", func(d *feedback.Draft) { d.Attachments = append(d.Attachments, attachment.Citation{}) }},
		{"attachments.2.key too_small", func(d *feedback.Draft) { d.Attachments[2].Key = "" }},
		{"attachments.9.key duplicate_value", func(d *feedback.Draft) { d.Attachments[9].Key = "0" }},
		{"attachments.0.kind invalid_value", func(d *feedback.Draft) { d.Attachments[0].Kind = "video" }},
		{"attachments.1.contentType invalid_format", func(d *feedback.Draft) { d.Attachments[1].ContentType = "image/png; a=b" }},
		{"attachments.1.byteSize too_small", func(d *feedback.Draft) { d.Attachments[1].Size = 0 }},
		{"attachments.1.byteSize too_big", func(d *feedback.Draft) { d.Attachments[1].Size++ }},
		{"attachments.3.width too_small", func(d *feedback.Draft) { d.Attachments[3].Width = -1 }},
		{"attachments.3.height too_small", func(d *feedback.Draft) { d.Attachments[3].Height = -1 }},
		{"componentTarget.name too_small", func(d *feedback.Draft) { d.Target.Name = "" }},
		{"componentTarget.name too_big", func(d *feedback.Draft) { d.Target.Name += "n" }},
		{"componentTarget.bbox.x invalid_value", func(d *feedback.Draft) { d.Target.Box.X = math.NaN() }},
		{"componentTarget.bbox.y invalid_value", func(d *feedback.Draft) { d.Target.Box.Y = math.Inf(-1) }},
		{"componentTarget.bbox.w invalid_value", func(d *feedback.Draft) { d.Target.Box.Width = math.NaN() }},
		{"componentTarget.bbox.h invalid_value", func(d *feedback.Draft) { d.Target.Box.Height = math.NaN() }},
		{"componentTarget.meta invalid_type", func(d *feedback.Draft) { d.Target.Meta = []byte(`[]`) }},
		{"componentTarget.screenshotKey too_big", func(d *feedback.Draft) { d.Target.ScreenshotKey = long + long }},
		{"metadata invalid_type", func(d *feedback.Draft) { d.Metadata = []byte(`null`) }},
		{"metadata invalid_format", func(d *feedback.Draft) { d.Metadata = []byte(`{"a":1,"a":2}`) }},
		{"metadata too_big", func(d *feedback.Draft) { d.Metadata = []byte(`{"aa":"` + strings.Repeat("x", 4088) + `"}`) }},
		{"identity not_allowed", func(d *feedback.Draft) { d.User = &feedback.SignedUser{Subject: "u"} }},
		{"identity.email invalid_format", func(d *feedback.Draft) { d.Identity.Email = "d" + d.Identity.Email }},
		{"identity.name too_big", func(d *feedback.Draft) { d.Identity.Name = long }},
		{"identity.externalUserId too_big", func(d *feedback.Draft) { d.Identity.ExternalUserID = long }},
	} {
		draft := full()
		row.spoil(&draft)
		if got := faults(t, draft); !slices.Equal(got, []string{row.want}) {
			t.Errorf("%v, not %s", got, row.want)
		}
	}
}

func TestAllFaultsAreNamedAtOnce(t *testing.T) {
	draft := feedback.Draft{
		Severity: "?", URL: "?", Viewport: &feedback.Viewport{Width: -1, Height: -1}, Target: &feedback.Target{Meta: []byte(`0`)},
		Attachments: []attachment.Citation{png, {}}, Metadata: []byte(`0`), Identity: &feedback.Identity{Email: "?"},
	}
	want := []string{
		"text too_small", "severity invalid_value", "url invalid_format", "viewport.w too_small", "viewport.h too_small",
		"attachments.1.key too_small", "attachments.1.kind invalid_value", "attachments.1.contentType invalid_format",
		"attachments.1.byteSize too_small", "componentTarget.name too_small", "componentTarget.meta invalid_type",
		"metadata invalid_type", "identity.email invalid_format",
	}
	if got := faults(t, draft); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestEmailAddressesArePlausible(t *testing.T) {
	for email, want := range map[string]bool{
		"a@example.com": true, "a.b+c@sub.example.co": true, "jörg@exämple.de": true, "o'hara@example.ie": true,
		"a": false, "@example.com": false, "a@": false, "a@localhost": false, "a@b@example.com": false, "a@.com": false,
		"a@example.": false, "a@ex..com": false, "a b@example.com": false, "a@exa mple.com": false, "Ada <a@example.com>": false,
		"a@example.com\n": false, "a,b@example.com": false, "\"a\"@example.com": false, "\xff@example.com": false,
	} {
		_, err := feedback.New(feedback.Draft{Text: "x", Identity: &feedback.Identity{Email: email}}, itemID, org, app, at)
		if (err == nil) != want {
			t.Errorf("%q: %v", email, err)
		}
	}
}

// faults spells the issues of a refused draft as path and code.
func faults(t *testing.T, draft feedback.Draft) (spelled []string) {
	t.Helper()
	item, err := feedback.New(draft, itemID, org, app, at)
	if err == nil {
		t.Errorf("accepted: %.200s", fmt.Sprint(item))
		return nil
	}
	refusal := apierr.Of(err)
	if refusal.Kind != apierr.Invalid || refusal.Code != apierr.CodeInvalidBody || !item.ID.IsZero() {
		t.Errorf("%v with item %s", err, item.ID)
	}
	for _, issue := range refusal.Issues {
		path := make([]string, len(issue.Path))
		for i, step := range issue.Path {
			path[i] = fmt.Sprint(step)
		}
		if issue.Message == "" {
			t.Errorf("%v says nothing", issue.Path)
		}
		spelled = append(spelled, strings.Join(path, ".")+" "+issue.Code)
	}
	return spelled
}

func BenchmarkNew(b *testing.B) {
	draft := feedback.Draft{
		Text: strings.Repeat("text ", 40), URL: "https://example.com/a/b?c=d", UserAgent: strings.Repeat("u", 100),
		Viewport: &feedback.Viewport{Width: 1, Height: 1, PixelRatio: 1}, Metadata: []byte(`{"plan":"pro","build":"1.2.3"}`),
		Identity: &feedback.Identity{Email: "a@example.com"},
	}
	for range 10 {
		draft.Console = append(draft.Console, feedback.ConsoleLine{Level: "error", Message: strings.Repeat("m", 80), At: 1})
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := feedback.New(draft, itemID, org, app, at); err != nil {
			b.Fatal(err)
		}
	}
}

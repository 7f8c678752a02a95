package heard_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/agentrun"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/usertoken"
	"github.com/heard-dev/heard/pkg/dialect/userz"
)

// Tags are text, so the numbers and names in them can drift from the constants they stand for. The document shows both.
func TestTheWireSaysTheCoresNumbersAndNames(t *testing.T) {
	var document any
	must(t, json.Unmarshal(userz.Dialect{}.About().Document, &document))
	seconds := func(d time.Duration) int { return int(d / time.Second) }
	saysNumbers(t, document, map[string]int{
		"Submission text maxLength":                 feedback.MaxText,
		"Submission url maxLength":                  feedback.MaxURL,
		"Submission userAgent maxLength":            feedback.MaxUserAgent,
		"Submission consoleLogs maxItems":           feedback.MaxConsoleLines,
		"Submission attachments maxItems":           feedback.MaxAttachments,
		"ConsoleLine message maxLength":             feedback.MaxConsoleMessage,
		"ConsoleLine level maxLength":               feedback.MaxConsoleLevel,
		"SubmittedTarget name maxLength":            feedback.MaxTargetName,
		"SubmittedTarget screenshotKey maxLength":   feedback.MaxScreenshotKey,
		"Identity email maxLength":                  feedback.MaxEmail,
		"Identity name maxLength":                   feedback.MaxName,
		"Identity externalUserId maxLength":         feedback.MaxExternalUserID,
		"Citation contentType maxLength":            attachment.MaxContentType,
		"Citation byteSize maximum":                 attachment.MaxSize,
		"UploadRequest contentType maxLength":       attachment.MaxContentType,
		"TokenRequest sub maxLength":                usertoken.MaxSubject,
		"TokenRequest expiresInSeconds minimum":     seconds(usertoken.MinTTL),
		"TokenRequest expiresInSeconds maximum":     seconds(usertoken.MaxTTL),
		"TokenRequest expiresInSeconds default":     seconds(usertoken.DefaultTTL),
		"Viewport w minimum":                        0,
		"SecretRotation overlapSeconds maximum":     seconds(manage.MaxOverlap),
		"KeyRotation overlapSeconds maximum":        seconds(manage.MaxOverlap),
		"InvitationAcceptance password minLength":   tenant.MinPassword,
		"InvitationAcceptance password maxLength":   tenant.MaxPassword,
		"/v1/feedback get parameters limit maximum": 100,
		"/v1/feedback get parameters limit default": 50,
	})
	saysNames(t, document, map[string][]string{
		"Submission severity enum":                  append(names([]feedback.Severity{feedback.Low, feedback.Medium, feedback.High}), "<nil>"),
		"Citation kind enum":                        names(attachment.Kinds()),
		"UploadRequest kind enum":                   names(attachment.Kinds()),
		"FeedbackUpdate status enum":                names(feedback.Settable()),
		"SubmittedBy mode enum":                     names([]feedback.Mode{feedback.Public, feedback.Private}),
		"App processingMode enum":                   names([]tenant.ProcessingMode{tenant.AutoPR, tenant.Manual, tenant.NoPR}),
		"AppDraft processingMode enum":              names([]tenant.ProcessingMode{tenant.AutoPR, tenant.Manual, tenant.NoPR}),
		"KeyDraft scopes items enum":                names(access.Rights()),
		"KeyDraft format enum":                      formats(),
		"APIKey format enum":                        formats(),
		"InvitationDraft role enum":                 names([]access.Role{access.Owner, access.Admin, access.Member}),
		"MemberUpdate status enum":                  names([]tenant.Status{tenant.Active, tenant.Suspended}),
		"OrgUpdate leakPolicy enum":                 names([]tenant.LeakPolicy{tenant.NotifyLeaks, tenant.RevokeLeaks}),
		"AgentRun status enum":                      names([]agentrun.Status{agentrun.Running, agentrun.Succeeded, agentrun.Failed, agentrun.Blocked}),
		"/v1/feedback get parameters status enum":   names(feedback.Statuses()),
		"Receipt status enum":                       {string(feedback.Received)},
		"Citation contentType pattern":              {attachment.ContentTypePattern},
		"UploadRequest contentType pattern":         {attachment.ContentTypePattern},
		"/v1/feedback get parameters appId pattern": {"^[0-9a-f]{24}$"},
	})
	for path, words := range map[string]string{
		"Submission metadata description":    strconv.Itoa(feedback.MaxMetadata>>10) + " KB",
		"SubmittedTarget meta description":   strconv.Itoa(feedback.MaxTargetMeta>>10) + " KB",
		"TokenRequest ctx description":       strconv.Itoa(usertoken.MaxContext>>10) + " KB",
		"UploadRequest byteSize description": fmt.Sprintf("%d MB (%d)", attachment.MaxSize>>20, attachment.MaxSize),
	} {
		if got, _ := at(t, document, path).(string); !strings.Contains(got, words) {
			t.Errorf("%s does not say %q: %s", path, words, got)
		}
	}
}

// Whoever is known is shown its limits with a refusal, too, and one for lack of a right takes nothing of them.
func TestARefusalShowsTheLimitsOfWhoIsKnown(t *testing.T) {
	t.Parallel()
	clock := newClock()
	i := serve(t, embedded(t, sqlite(t), clock.Now), clock.Now)
	org, err := i.manager.CreateOrg(t.Context(), byTest(), manage.OrgDraft{Slug: "acme", Name: "Acme"})
	must(t, err)
	draft := manage.KeyDraft{Name: "little", Scopes: []access.Right{access.KeysManage}}
	_, little, err := i.manager.CreateKey(t.Context(), byTest(), org.ID, draft)
	must(t, err)
	draft = manage.KeyDraft{Name: "afar", Format: apikey.UserBoostLive().Name, Networks: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}}
	_, afar, err := i.manager.CreateKey(t.Context(), byTest(), org.ID, draft)
	must(t, err)
	_, reader, err := i.manager.CreateKey(t.Context(), byTest(), org.ID, manage.KeyDraft{Name: "reader", Scopes: []access.Right{access.FeedbackRead}})
	must(t, err)
	for range 2 {
		w := i.call("GET", "/v1/feedback", little.Reveal(), "")
		if policy, left := w.Header().Get("RateLimit-Policy"), w.Header().Get("RateLimit"); w.Code != 403 || policy != `"reads.key";q=100;w=10` || left != `"reads.key";r=100;t=0` {
			t.Errorf("%d shows %q, %q", w.Code, policy, left)
		}
		w = i.call("POST", "/v1/event", afar.Reveal(), `{}`)
		if limit, left := w.Header().Get("X-RateLimit-Limit"), w.Header().Get("X-RateLimit-Remaining"); w.Code != 403 || limit != "100" || left != "100" {
			t.Errorf("%d shows %q of %q", w.Code, left, limit)
		}
	}
	w := i.call("GET", "/v1/feedback/"+org.ID.String(), reader.Reveal(), "")
	if left := w.Header().Get("RateLimit"); w.Code != 404 || left != `"reads.key";r=99;t=1` {
		t.Errorf("%d shows %q", w.Code, left)
	}
}

// texts are the values that a keyword lists, or the one that it has.
func texts(value any) (all []string) {
	switch value := value.(type) {
	case []any:
		for _, v := range value {
			all = append(all, fmt.Sprint(v))
		}
	case string:
		all = []string{value}
	}
	return all
}

// saysNumbers holds what a document says at these paths to numbers.
func saysNumbers(t *testing.T, document any, wanted map[string]int) {
	t.Helper()
	for path, want := range wanted {
		if got := at(t, document, path); got != float64(want) {
			t.Errorf("%s is %v, not %d", path, got, want)
		}
	}
}

// saysNames holds what a document says at these paths to texts.
func saysNames(t *testing.T, document any, wanted map[string][]string) {
	t.Helper()
	for path, want := range wanted {
		if got := texts(at(t, document, path)); !slices.Equal(got, want) {
			t.Errorf("%s is %q, not %q", path, got, want)
		}
	}
}

func formats() (names []string) {
	for _, format := range apikey.Formats() {
		names = append(names, format.Name)
	}
	return names
}

func names[T ~string](values []T) (list []string) {
	for _, v := range values {
		list = append(list, string(v))
	}
	return list
}

// at finds a keyword of a schema's property ("Submission text maxLength") or of an operation's parameter ("/v1/feedback get
// parameters limit maximum").
func at(t *testing.T, document any, path string) any {
	t.Helper()
	steps := strings.Fields(path)
	if !strings.HasPrefix(path, "/") {
		steps = append([]string{"components", "schemas", steps[0], "properties"}, steps[1:]...)
	} else {
		steps = append([]string{"paths"}, steps...)
	}
	for i, step := range steps {
		switch node := document.(type) {
		case map[string]any:
			document = node[step]
		case []any: // parameters
			n := slices.IndexFunc(node, func(p any) bool { return p.(map[string]any)["name"] == step })
			if n < 0 {
				t.Fatalf("%s: no %s", path, step)
			}
			document = node[n].(map[string]any)["schema"]
		default:
			t.Fatalf("%s: no %s", path, steps[i])
		}
	}
	return document
}

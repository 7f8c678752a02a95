package heard_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/heard-dev/heard/pkg/config"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/leak"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/pkg/telemetry"
	"github.com/heard-dev/heard/services/heard"
	inone "github.com/heard-dev/heard/services/heard/internal/embedded"
	service "github.com/heard-dev/heard/services/keys"
)

// reporter finds keys in the open, and is believed.
type reporter struct {
	i   *installation
	key *ecdsa.PrivateKey
}

// reported is an installation, and a reporter whom it believes.
func reported(t *testing.T) (*installation, reporter) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	must(t, err)
	listed, err := json.Marshal(map[string]any{"public_keys": []any{map[string]any{
		"key_identifier": "the reporter's", "key": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), "is_current": true,
	}}})
	must(t, err)
	clock := newClock()
	parts := embedded(t, sqlite(t), clock.Now)
	parts.Reporters, err = leak.ParseReporters(secret.String(listed))
	must(t, err)
	i := serve(t, parts, clock.Now)
	i.clock = clock
	return i, reporter{i, key}
}

func (r reporter) sign(body string) string {
	r.i.t.Helper()
	sum := sha256.Sum256([]byte(body))
	signature, err := ecdsa.SignASN1(rand.Reader, r.key, sum[:])
	must(r.i.t, err)
	return base64.StdEncoding.EncodeToString(signature)
}

func (r reporter) send(body, signature string) *httptest.ResponseRecorder {
	return r.i.call("POST", "/v1/leaks", "", body, "GITHUB-PUBLIC-KEY-IDENTIFIER", "the reporter's", "GITHUB-PUBLIC-KEY-SIGNATURE", signature)
}

func report(tokens ...string) string {
	found := []map[string]any{}
	for n, token := range tokens {
		found = append(found, map[string]any{
			"token": token, "type": fmt.Sprint("type ", n), "url": "https://example.com/" + fmt.Sprint(n), "source": "commit", "unheard_of": true,
		})
	}
	text, _ := json.Marshal(found)
	return string(text)
}

// policy sets what the Org wants done about leaks.
func (i *installation) policy(h household, policy tenant.LeakPolicy) {
	i.t.Helper()
	_, err := i.manager.UpdateOrg(context.Background(), byTest(), h.org.ID, manage.OrgChange{LeakPolicy: &policy})
	must(i.t, err)
}

func (i *installation) leaked(org, key id.ID) *apikey.Leak {
	i.t.Helper()
	stored, err := i.Store.Key(context.Background(), org, key)
	must(i.t, err)
	return stored.Leak
}

func TestALeakedKeyIsMarkedOrRevokedAsItsOrgWants(t *testing.T) {
	t.Parallel()
	i, r := reported(t)
	lenient, strict := i.found("lenient"), i.found("strict")
	i.policy(strict, tenant.RevokeLeaks)
	tokens := []string{"sk_nonsense", lenient.sk, lenient.sk[:len(lenient.sk)-1] + "!", strict.sk}
	for _, format := range apikey.Formats() {
		_, text, err := i.manager.CreateKey(t.Context(), byTest(), strict.org.ID, manage.KeyDraft{Name: "a " + format.Name, Format: format.Name})
		must(t, err)
		tokens = append(tokens, text.Reveal())
	}
	_, unknown := apikey.Secret().Draw(rand.Reader, i.Hasher, apikey.Key{}) // well spelled, and nobody's
	tokens = append(tokens, unknown.Reveal(), lenient.app.PublicKey)
	body := report(tokens...)
	wants := append([]bool{false, true, false, true}, []bool{true, true, true, true, true, false, false}...)

	w := r.send(body, r.sign(body))
	var verdicts []struct {
		Hash  string `json:"token_hash"`
		Type  string `json:"token_type"`
		Label string `json:"label"`
	}
	i.answer(w, http.StatusOK, &verdicts)
	for n, want := range wants {
		sum := sha256.Sum256([]byte(tokens[n]))
		label := map[bool]string{true: "true_positive", false: "false_positive"}[want]
		if got := verdicts[n]; got.Hash != hex.EncodeToString(sum[:]) || got.Type != fmt.Sprint("type ", n) || got.Label != label {
			t.Errorf("%d, %s: %+v", n, tokens[n][:3], got)
		}
		if strings.Contains(w.Body.String(), tokens[n]) {
			t.Errorf("the answer holds the %dth token", n)
		}
	}
	if found := i.leaked(lenient.org.ID, lenient.key.ID); found == nil || found.URL != "https://example.com/1" || !found.At.Equal(i.Now()) {
		t.Errorf("marked: %+v", found)
	}
	if code := i.call("GET", "/v1/apps", lenient.sk, "").Code; code != http.StatusOK {
		t.Errorf("where the Org is only told, the key opens no more: %d", code)
	}
	if code := i.call("GET", "/v1/apps", strict.sk, "").Code; code != http.StatusUnauthorized {
		t.Errorf("where the Org wants it revoked, the key is answered %d", code)
	}

	entries := func(h household) int {
		t.Helper()
		page, err := i.Store.AuditPage(t.Context(), h.org.ID, audit.Query{Limit: 100})
		must(t, err)
		for _, entry := range page {
			for _, token := range tokens[:len(tokens)-1] { // an App's public key is none
				if strings.Contains(fmt.Sprintf("%s %s %+v", entry.Before, entry.After, entry.Target), token) {
					t.Error("the audit log holds a token")
				}
			}
		}
		return len(page)
	}
	told := entries(lenient) + entries(strict)
	if again := r.send(body, r.sign(body)); again.Body.String() != w.Body.String() || entries(lenient)+entries(strict) != told {
		t.Errorf("again: %d %s; %d entries, and %d before", again.Code, again.Body, entries(lenient)+entries(strict), told)
	}
	// An Org that changes its mind has the next report of the same key revoke it.
	i.policy(lenient, tenant.RevokeLeaks)
	r.send(body, r.sign(body))
	if code := i.call("GET", "/v1/apps", lenient.sk, "").Code; code != http.StatusUnauthorized {
		t.Errorf("reported once more, the key is answered %d", code)
	}
}

func TestAReportIsBelievedOnlyAsItsReporterSignedIt(t *testing.T) {
	t.Parallel()
	i, r := reported(t)
	h := i.found("acme")
	i.policy(h, tenant.RevokeLeaks)
	body := report(h.sk)
	good := r.sign(body)
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	for name, w := range map[string]*httptest.ResponseRecorder{
		"another body":       r.send(" "+body, good),
		"a stranger":         r.send(body, reporter{i, stranger}.sign(body)),
		"no signature":       r.send(body, ""),
		"no headers":         i.call("POST", "/v1/leaks", "", body),
		"a key's owner":      i.call("POST", "/v1/leaks", h.sk, body),
		"another identifier": i.call("POST", "/v1/leaks", "", body, "GITHUB-PUBLIC-KEY-IDENTIFIER", "x", "GITHUB-PUBLIC-KEY-SIGNATURE", good),
	} {
		i.refused(w, http.StatusUnauthorized, "invalid_authorization")
		if found := i.leaked(h.org.ID, h.key.ID); found != nil {
			t.Fatalf("%s is believed: %+v", name, found)
		}
	}
	unconfigured := serve(t, embedded(t, i.Store, i.Now), i.Now)
	unconfigured.refused(reporter{unconfigured, r.key}.send(body, good), http.StatusUnauthorized, "invalid_authorization")
	many := report(make([]string, 1001)...)
	i.refused(r.send(many, r.sign(many)), http.StatusBadRequest, "invalid_body")
	large := `[{"token":"` + strings.Repeat("x", 1<<20) + `"}]`
	i.refused(r.send(large, r.sign(large)), http.StatusRequestEntityTooLarge, "payload_too_large")
}

// A browser says where its page is from, and a server's key has no business there.
func TestASecretKeyInABrowserHasLeaked(t *testing.T) {
	t.Parallel()
	i, _ := reported(t)
	lenient, strict := i.found("lenient"), i.found("strict")
	i.policy(strict, tenant.RevokeLeaks)
	app := i.App(&run.Env{Telemetry: telemetry.Discard()}, heard.Services(i.Platform, slog.New(&i.logged))...)
	i.handler, i.loops = app.Handler, app.Loops
	defer i.run()()
	for _, h := range []household{lenient, strict} {
		i.call("GET", "/v1/apps", h.sk, "")
		if found := i.leaked(h.org.ID, h.key.ID); found != nil {
			t.Fatalf("without a browser: %+v", found)
		}
		if code := i.call("GET", "/v1/apps", h.sk, "", "Origin", "https://page.example").Code; code != http.StatusOK {
			t.Errorf("the request itself is answered %d", code)
		}
		await(t, func() bool { return i.leaked(h.org.ID, h.key.ID) != nil })
		if found := i.leaked(h.org.ID, h.key.ID); found.Source != "browser" || found.URL != "https://page.example" {
			t.Errorf("%+v", found)
		}
	}
	await(t, func() bool { return i.call("GET", "/v1/apps", strict.sk, "").Code == http.StatusUnauthorized })
	if code := i.call("GET", "/v1/apps", lenient.sk, "").Code; code != http.StatusOK {
		t.Errorf("where the Org is only told: %d", code)
	}
}

// Whoever mistypes the reporters hears of it when the process starts, in either shape, and not when a report is refused.
func TestReportersThatCannotBeReadAreAFaultOfEitherShape(t *testing.T) {
	t.Parallel()
	for _, load := range []func([]string) error{
		func(environ []string) error { _, err := config.Load[inone.Config](environ); return err },
		func(environ []string) error { _, err := config.Load[service.Config](environ); return err },
	} {
		var faults config.Faults
		named := func(f config.Fault) bool { return f.Name == "HEARD_LEAK_REPORTERS" }
		stores := []string{
			"HEARD_MONGO_URI=mongodb://db", "HEARD_REDIS_URL=redis://db", "HEARD_S3_ENDPOINT=http://s3", "HEARD_S3_ACCESS_KEY=a", "HEARD_S3_SECRET_KEY=b",
		}
		if err := load(append(stores, `HEARD_LEAK_REPORTERS={"public_keys":[{"key_identifier":"a","key":"b"}]}`)); !errors.As(err, &faults) || !slices.ContainsFunc(faults, named) {
			t.Errorf("mistyped: %v", err)
		}
		if err := load(stores); errors.As(err, &faults) && slices.ContainsFunc(faults, named) {
			t.Errorf("none: %v", err)
		}
	}
}

// Package conformance proves a surface on the wire: it asks a running Heard over HTTP, whatever its shape, and judges the answers.
package conformance

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// Target is a running Heard, and what HTTP alone does not give.
type Target struct {
	BaseURL string
	OrgID   string
	Public  App    // hears anybody
	Private App    // hears end users with a token only
	Key     string // an sk_ key of the Org

	// Heard runs the operator's command line and gives what it printed. A command that fails is an error.
	Heard func(args ...string) ([]byte, error)
	// Sanitize moves an item that was received to sanitized, as a worker does.
	Sanitize func(t *testing.T, item string)
	// Break makes submissions fail by a fault that is the server's, until restore is called.
	Break func(t *testing.T) (restore func())
	// TrustsForwardedFor tells whether the target believes the X-Forwarded-For of this client.
	TrustsForwardedFor bool
}

// App is an App as its owner knows it.
type App struct {
	ID            string `json:"id"`
	PublicKey     string `json:"publicKey"`
	SigningSecret string `json:"signingSecret"`
}

// Userz proves the native surface: acceptance U1–U11 under their names, and decisions D2–D11 where they show. It makes
// Apps, keys and an Org of its own in the target, and leaves them there.
func Userz(t *testing.T, target Target) {
	target.BaseURL = strings.TrimSuffix(target.BaseURL, "/")
	s := &suite{
		Target: target,
		http: &http.Client{
			Timeout:       30 * time.Second,
			Transport:     &http.Transport{MaxIdleConnsPerHost: 16, DisableCompression: true, ExpectContinueTimeout: 5 * time.Second},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		ids: map[string]bool{},
		met: map[occasion]bool{},
	}
	defer s.http.CloseIdleConnections()
	for _, part := range []struct {
		name  string
		prove func(*testing.T)
	}{
		{"U1", s.listsNewestFirst},
		{"U2", s.givesOneItemWhole},
		{"U3", s.movesAnItem}, // D6
		{"U4", s.mintsTokens}, // D9, D10
		{"U5", s.documentsItself},
		{"U6", s.refusesCredentials}, // D3
		{"U7", s.refusesOrigins},     // D3
		{"U8", s.refusesBodies},
		{"U9", s.refusesWhatIsTooLarge}, // D4
		{"U10", s.limitsRates},          // D2
		{"U11", s.tellsItsOwnFaults},    // D5
		{"D5", s.namesEveryAnswer},
		{"D7", s.refusesQueries},
		{"D8", s.filtersByEveryStatus},
		{"D11", s.rotatesSecrets},
		{"Uploads", s.takesFiles},
		{"Idempotency", s.storesOnce},
		{"Tenants", s.keepsTenantsApart},
		{"Revocation", s.forgetsRevokedKeys},
		{"Documented", s.answeredAsDocumented}, // of all the above, so it is the last
	} {
		t.Run(part.name, part.prove)
	}
}

// suite is one run against one target.
type suite struct {
	Target
	http *http.Client

	mu  sync.Mutex
	ids map[string]bool   // every X-Request-Id so far
	met map[occasion]bool // what was answered so far
}

// occasion is a kind of answer: what the document should know of.
type occasion struct {
	method, path string
	status       int
}

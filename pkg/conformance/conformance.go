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
	Slug    string // the Org's
	Admin   Admin
	Public  App               // hears anybody
	Private App               // hears end users with a token only
	Keys    map[string]string // of the Org, by the surface that each opens
	HashKey string            // the installation's, in hex: what it signs subscribers' tokens with follows from it

	// Heard runs the operator's command line and gives what it printed. A command that fails is an error.
	Heard func(args ...string) ([]byte, error)
	// Sanitize moves an item that was received to sanitized, as a worker does.
	Sanitize func(t *testing.T, item string)
	// Break makes submissions fail by a fault that is the server's, until restore is called.
	Break func(t *testing.T) (restore func())
	// TrustsForwardedFor tells whether the target believes the X-Forwarded-For of this client.
	TrustsForwardedFor bool
	// BehindGateway tells that the target is reached through a program of others, which may tidy a path, sends nothing on
	// before it has some of the body, and looks after its clients' connections itself.
	BehindGateway bool
}

// App is an App as its owner knows it.
type App struct {
	ID            string `json:"id"`
	PublicKey     string `json:"publicKey"`
	SigningSecret string `json:"signingSecret"`
}

// Admin is an owner of the Org, as they log in.
type Admin struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

// Userz proves the native surface: acceptance U1–U11 under their names, and decisions D2–D11 where they show. It makes
// Apps, keys and an Org of its own in the target, and leaves them there.
func Userz(t *testing.T, target Target) {
	s := begin(target)
	defer s.http.CloseIdleConnections()
	s.prove(t, []proof{
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
		{"People", s.seesOnePerson},
		{"Merges", s.decidesWhoIsWho},
		{"Documented", s.answeredAsDocumented}, // of all the above, so it is the last
	})
}

// proof is one thing that is proved, under the name that the acceptance list or the decisions give it.
type proof struct {
	name  string
	prove func(*testing.T)
}

func (s *suite) prove(t *testing.T, proofs []proof) {
	for _, part := range proofs {
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

	owners map[string]owner // by the id of their Org
}

func begin(target Target) *suite {
	target.BaseURL = strings.TrimSuffix(target.BaseURL, "/")
	return &suite{
		Target: target,
		http: &http.Client{
			Timeout:       30 * time.Second,
			Transport:     &http.Transport{MaxIdleConnsPerHost: 16, DisableCompression: true, ExpectContinueTimeout: 5 * time.Second},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		ids: map[string]bool{},
		met: map[occasion]bool{},

		owners: map[string]owner{},
	}
}

// occasion is a kind of answer: what the document should know of.
type occasion struct {
	method, path string
	status       int
}

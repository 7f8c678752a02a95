package httpkit_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/incident"
	"github.com/heard-dev/heard/pkg/core/jsonobject"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/dialect/tongues"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/pkg/store/memgate"
	"github.com/heard-dev/heard/pkg/store/sqlitestore"
	"github.com/heard-dev/heard/pkg/telemetry"
)

// site is a Kit with a few routes, an Org, an App and a key.
type site struct {
	*testing.T
	http.Handler
	kit       *httpkit.Kit
	manager   *manage.Manager
	org       tenant.Org
	app       tenant.App
	key       string
	notReady  error
	mu        sync.Mutex
	incidents []incident.Incident
	contexts  chan context.Context // of each note that asks to wait
}

// maxNote is how long a note's body may be, in bytes.
const maxNote = 200 << 10

type noteIn struct {
	Key  string `header:"Idempotency-Key" maxLength:"8" pattern:"^[!-~]+$"`
	Mode string `query:"mode" enum:"loud,quiet"`
	Body note
}

type note struct {
	Text  string            `json:"text" minLength:"1" maxLength:"40"`
	Count int               `json:"count,omitempty"`
	Meta  httpkit.RawObject `json:"meta,omitempty"`
	Tags  []string          `json:"tags,omitempty" nullable:"false" maxItems:"300"`
}

// maxMeta is what no schema says: bytes of JSON.
const maxMeta = 32

func (in *noteIn) Check(auth.Principal) error {
	var issues []apierr.Issue
	if _, issue := jsonobject.Parse(in.Body.Meta, maxMeta, "meta"); issue != nil {
		issues = append(issues, *issue)
	}
	if n := slices.Index(in.Body.Tags, "bad"); n >= 0 {
		issues = append(issues, apierr.Issue{Path: []any{"tags", n}, Code: "not_allowed", Message: "is bad"})
	}
	if len(issues) > 0 {
		return apierr.Body(issues...)
	}
	return nil
}

type noteOut struct {
	Replayed string `header:"Idempotency-Replayed"`
	Body     taken
}

type taken struct {
	Text   string   `json:"text"`
	Absent string   `json:"absent,omitempty"`
	Null   *string  `json:"null"`
	Odd    oddness  `json:"odd,omitzero"`
	Empty  []string `json:"empty" nullable:"false"`
}

// oddness cannot be written.
type oddness string

func (oddness) MarshalJSON() ([]byte, error) { return nil, errors.New("odd") }

const hidden = "mongodb://heard:hunter2@db"

// take does as the note says.
func (s *site) take(ctx context.Context, _ auth.Principal, in *noteIn) (*noteOut, error) {
	switch in.Body.Text {
	case "panic":
		panic(hidden)
	case "fail":
		return nil, errors.New(hidden)
	case "away":
		return nil, apierr.Away(errors.New(hidden))
	case "abort":
		s.contexts <- ctx
		panic(http.ErrAbortHandler)
	case "late panic":
		s.contexts <- ctx
		<-ctx.Done()
		panic(hidden)
	case "wait":
		s.contexts <- ctx
		<-ctx.Done()
		return nil, apierr.Away(ctx.Err())
	case "odd":
		return &noteOut{Body: taken{Text: "half an answer", Odd: "odd"}}, nil
	}
	if err := in.Check(auth.Principal{}); err != nil {
		return nil, err
	}
	return &noteOut{Replayed: "true", Body: taken{Text: in.Body.Text, Empty: []string{}}}, nil
}

type queryIn struct {
	ID    string `path:"id" pattern:"^[a-z]+$"`
	Limit int    `query:"limit" minimum:"1" maximum:"100"`
	Flag  bool   `query:"flag"`
	Kind  string `query:"kind" enum:"a,b"`
}

type queryOut struct{ Body queryIn }

// perAddress lets two requests of an address through.
func perAddress() gate.Policy {
	return gate.Policy{Name: "notes", Limit: 2, Period: time.Hour, Source: gate.FromDefault}
}

func ample(name string) gate.Policy {
	return gate.Policy{Name: name, Limit: 1e9, Period: time.Minute, Source: gate.FromDefault}
}

// the paths of the site's routes beside that of notes.
const (
	notes   = "/v1/feedback"
	scarce  = "/v1/feedback/scarce"
	queries = "/v1/apps/{id}"
)

// pings are a path that each dialect owns and that is served there, to GET.
func pings() map[string]string {
	return map[string]string{
		"userz": "/v1/tokens", "userorbit": "/v1/public/pings", "userboost": "/v1/event", "authworx": "/api/v1/pings", "users": "/v1/users",
	}
}

// byTest is who changes things where a test does not care who.
func byTest() manage.By { return manage.Operator("a test") }

func newSite(t *testing.T, proxies ...netip.Prefix) *site {
	t.Helper()
	s := &site{T: t, contexts: make(chan context.Context, 1)}
	store, err := sqlitestore.Open(t.Context(), sqlitestore.Options{Path: filepath.Join(t.TempDir(), "heard.db")})
	s.must(err)
	t.Cleanup(func() { s.must(store.Close()) })
	hasher, err := apikey.NewHasher(make([]byte, 32))
	s.must(err)
	text, err := secret.NewKeysetJSON()
	s.must(err)
	keyset, err := secret.ParseKeyset(text)
	s.must(err)
	admission := memgate.New(memgate.Options{Now: time.Now})
	ids := id.NewSource(time.Now, rand.Reader)
	s.manager = manage.New(manage.Deps{
		Store: store, Gate: admission, Hasher: hasher, Keyset: keyset, Journal: audit.NewJournal(store, hasher.Derive("audit"), ids, time.Now),
		IDs: ids, Now: time.Now, Random: rand.Reader,
	})
	s.kit = httpkit.New(httpkit.Deps{
		Service: "site",
		Auth: auth.New(auth.Deps{
			Directory: store, Gate: admission, Hasher: hasher, Keyset: keyset, Now: time.Now,
			Used: func(context.Context, id.ID, id.ID) {}, Leaked: func(apikey.Key, string) {},
		}),
		IDs: ids, Now: time.Now, Telemetry: telemetry.Discard(), TrustedProxies: proxies,
		Incidents: func(i incident.Incident) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.incidents = append(s.incidents, i)
		},
		Ready: func(context.Context) error { return s.notReady },
	}, tongues.All())
	s.routes()
	s.kit.ServeDocuments()
	s.Handler = s.kit.Handler()

	s.org, err = s.manager.CreateOrg(t.Context(), byTest(), manage.OrgDraft{Slug: "acme", Name: "Acme"})
	s.must(err)
	s.app = s.newApp("app")
	_, key, err := s.manager.CreateKey(t.Context(), byTest(), s.org.ID, manage.KeyDraft{Name: "a key"})
	s.must(err)
	s.key = key.Reveal()
	return s
}

func (s *site) routes() {
	native := s.kit.API("userz")
	ampleBudget := auth.Budget{Address: ample("ip"), User: ample("user")}
	scarceBudget := auth.Budget{Address: perAddress(), User: perAddress()}
	for path, budget := range map[string]auth.Budget{notes: ampleBudget, scarce: scarceBudget} {
		httpkit.Handle(native, httpkit.Route{
			Method: http.MethodPost, Path: path, ID: "take" + path, Status: http.StatusCreated, Door: httpkit.Widget(budget), MaxBody: maxNote,
		}, s.take)
	}
	httpkit.Handle(native, httpkit.Route{
		Method: http.MethodGet, Path: queries, ID: "query", Status: http.StatusOK, Door: httpkit.Manage(access.FeedbackRead),
	}, func(_ context.Context, _ auth.Principal, in *queryIn) (*queryOut, error) {
		return &queryOut{Body: *in}, nil
	})
	for name, path := range pings() {
		httpkit.Handle(s.kit.API(name), httpkit.Route{Method: http.MethodGet, Path: path, ID: "ping", Status: http.StatusOK},
			func(context.Context, auth.Principal, *struct{}) (*struct{}, error) { panic(hidden) })
	}
}

func (s *site) newApp(slug string) tenant.App {
	s.Helper()
	app, _, err := s.manager.CreateApp(s.Context(), byTest(), s.org.ID, manage.AppDraft{Slug: slug, Name: slug, PublicSubmission: true})
	s.must(err)
	return app
}

func (s *site) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// listen serves the site on a port, within the server's deadlines that how sets.
func (s *site) listen(how func(*http.Server)) *httptest.Server {
	s.Helper()
	server := httptest.NewUnstartedServer(s)
	how(server.Config)
	server.Start()
	s.Cleanup(server.Close)
	return server
}

func (s *site) met() []incident.Incident {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.incidents)
}

// request is one with an App's credential and, if there is a body, JSON.
func (s *site) request(method, target string, body io.Reader, header ...string) *http.Request {
	s.Helper()
	r := httptest.NewRequestWithContext(s.Context(), method, target, body)
	r.Header.Set("Authorization", "Bearer "+s.app.PublicKey)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for pair := range slices.Chunk(header, 2) {
		if pair[1] == "" {
			r.Header.Del(pair[0])
			continue
		}
		r.Header.Set(pair[0], pair[1])
	}
	return r
}

func (s *site) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// post sends a note.
func (s *site) post(body string, header ...string) *httptest.ResponseRecorder {
	s.Helper()
	return s.do(s.request(http.MethodPost, notes, strings.NewReader(body), header...))
}

// fault is a native refusal.
type fault struct {
	Code      string          `json:"code"`
	Message   string          `json:"message"`
	Details   json.RawMessage `json:"details"`
	RequestID string          `json:"requestId"`
	Retry     int64           `json:"retryAfterMs"`
}

func (s *site) fault(body []byte) fault {
	s.Helper()
	var answer struct {
		Error fault `json:"error"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Error.Code == "" || answer.Error.Message == "" {
		s.Fatalf("no refusal: %v: %s", err, body)
	}
	return answer.Error
}

// refused wants that status and code.
func (s *site) refused(w *httptest.ResponseRecorder, status int, code apierr.Code) fault {
	s.Helper()
	f := s.fault(w.Body.Bytes())
	if w.Code != status || f.Code != string(code) {
		s.Fatalf("answered %d %s, want %d %s", w.Code, w.Body, status, code)
	}
	return f
}

// issues spells the faults that a refusal lists.
func (s *site) issues(f fault) (spelled []string) {
	s.Helper()
	var list []struct {
		Path          []any
		Code, Message string
	}
	s.must(json.Unmarshal(f.Details, &list))
	for _, i := range list {
		path := make([]string, len(i.Path))
		for n, step := range i.Path {
			text, err := json.Marshal(step)
			s.must(err)
			path[n] = strings.Trim(string(text), `"`)
		}
		spelled = append(spelled, strings.Join(path, ".")+" "+i.Code)
	}
	return spelled
}

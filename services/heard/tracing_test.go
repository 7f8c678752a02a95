package heard_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	collecttraces "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/heard-dev/heard/pkg/config"
	"github.com/heard-dev/heard/pkg/platform/networked"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/secret"
)

// span is one that was exported.
type span struct {
	name   string
	labels map[string]string
}

func (c *collector) spans(t *testing.T) (spans []span) {
	t.Helper()
	var export collecttraces.ExportTraceServiceRequest
	must(t, proto.Unmarshal(c.traces.Bytes(), &export)) // messages one after the other are one message
	for _, resource := range export.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, exported := range scope.GetSpans() {
				labels := map[string]string{}
				for _, label := range exported.GetAttributes() {
					labels[label.GetKey()] = label.GetValue().GetStringValue()
				}
				spans = append(spans, span{exported.GetName(), labels})
			}
		}
	}
	return spans
}

// Every request's span, and the line of one that failed, say whose Org and App it was about.
func TestSpansAndLinesNameTheTenant(t *testing.T) {
	t.Parallel()
	a := newAviary(t)
	h := a.found("acme")
	say := func() (request string, status int) {
		w := a.call(http.MethodPost, "/v1/feedback", h.app.PublicKey, `{"text":"x"}`)
		return w.Header().Get("X-Request-Id"), w.Code
	}
	if _, status := say(); status != http.StatusCreated {
		t.Fatalf("answered %d", status)
	}
	must(t, a.store.Close())
	failed, status := say()
	if status < http.StatusInternalServerError {
		t.Fatalf("answered %d without a store", status)
	}
	must(t, a.tel.Shutdown(t.Context()))

	want := map[string]string{"heard.org.id": h.org.ID.String(), "heard.app.id": h.app.ID.String()}
	spans := a.traces.spans(t)
	if len(spans) != 2 {
		t.Fatalf("two requests left %+v", spans)
	}
	for _, s := range spans {
		for key, value := range want {
			if s.labels[key] != value {
				t.Errorf("the span of %s: %s is %q, want %q", s.name, key, s.labels[key], value)
			}
		}
	}
	found := false
	for decoder := json.NewDecoder(&a.log); ; {
		var line map[string]any
		if err := decoder.Decode(&line); err == io.EOF {
			break
		} else {
			must(t, err)
		}
		if line["request_id"] != failed {
			continue
		}
		found = true
		for key, value := range want {
			if line[key] != value {
				t.Errorf("the line of a failure: %s is %v, want %q", key, line[key], value)
			}
		}
	}
	if !found {
		t.Error("the failure was not logged")
	}
}

// What the stores are asked for a request is part of its trace, says for whom, and repeats nothing of what was said. What
// they are asked for nobody makes no trace.
func TestWhatStoresAreAskedIsTraced(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	environ := []string{
		"HEARD_MONGO_DATABASE=" + d.database, "HEARD_REDIS_PREFIX=" + d.prefix, "HEARD_HASH_KEY=" + seed().Reveal(), "HEARD_SESSION_KEYS=" + seed().Reveal(),
	}
	for _, name := range []string{"MONGO_URI", "REDIS_URL", "S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY"} {
		value := os.Getenv("HEARD_TEST_" + name)
		if value == "" {
			t.Skip("HEARD_TEST_" + name + " names none")
		}
		environ = append(environ, "HEARD_"+name+"="+value)
	}
	keyset, err := secret.NewKeysetJSON()
	must(t, err)
	cfg, err := config.Load[networked.FilesConfig](append(environ, "HEARD_KEYSET="+keyset.Reveal()))
	must(t, err)
	var heard collector
	var log bytes.Buffer
	tel := heard.listen(t, &log)
	p, err := networked.OpenWithFiles(t.Context(), "heard", cfg, &run.Env{Telemetry: tel})
	must(t, err)
	i := serveObserved(t, p.Parts, time.Now, tel)
	h := i.found("acme")
	file, link := i.reserve(h.app, "content")
	if code := i.cite(h.app, "", file).Code; code != http.StatusBadRequest {
		t.Errorf("a file that was never uploaded: %d", code)
	}
	if code := i.call(http.MethodPost, "/v1/feedback", h.app.PublicKey, `{"text":"a canary"}`).Code; code != http.StatusCreated {
		t.Errorf("answered %d", code)
	}
	must(t, tel.Shutdown(t.Context()))
	must(t, p.Close(t.Context()))

	asked := map[string]bool{}
	for _, s := range heard.spans(t) {
		asked[s.name] = true
		switch s.name {
		case "find apps", "find orgs", "find overrides", "redis.dial": // to learn whose key it is
		default:
			if s.labels["heard.org.id"] != h.org.ID.String() {
				t.Errorf("the span of %s is about %v", s.name, s.labels)
			}
		}
	}
	for _, name := range []string{"POST /v1/feedback", "insert feedback", "evalsha", "HTTP HEAD"} {
		if !asked[name] {
			t.Errorf("no span is called %s: %v", name, asked)
		}
	}
	for _, unsaid := range []string{"a canary", h.app.PublicKey, link, "Signature", cfg.S3.SecretKey.Reveal()} {
		if strings.Contains(heard.took.String(), unsaid) {
			t.Errorf("a trace tells %q", unsaid)
		}
	}
}

package heard_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/platform"
)

// forgetful accepts feedback without storing it, so that what is measured is everything but the store's write.
type forgetful struct{ platform.Store }

func (forgetful) InsertFeedback(context.Context, id.ID, feedback.Item) error { return nil }

// nobody takes an answer and drops it.
type nobody struct {
	header http.Header
	status int
}

func (n *nobody) Header() http.Header         { return n.header }
func (n *nobody) WriteHeader(status int)      { n.status = status }
func (n *nobody) Write(p []byte) (int, error) { return len(p), nil }

const submission = `{"text":"The button does nothing when I press it twice, and then the page goes blank. It worked last week.",
"severity":"high","url":"https://app.example/settings/profile?tab=2","viewport":{"w":1280,"h":720,"dpr":2},
"consoleLogs":[{"level":"error","message":"Uncaught TypeError: undefined is not a function","ts":1772366400000},
{"level":"warn","message":"slow network","ts":1772366400100}],
"metadata":{"release":"1.2.3","flags":["a","b"],"build":{"n":417}},"identity":{"email":"ann@example.com","name":"Ann"}}`

func benchmark(b *testing.B, parts platform.Parts, request func(*installation, household) (method, target, bearer, body string)) {
	i := serve(b, parts, time.Now)
	method, target, bearer, body := request(i, i.found("acme"))
	reader := bytes.NewReader([]byte(body))
	r, err := http.NewRequestWithContext(context.Background(), method, target, nil)
	must(b, err)
	r.RemoteAddr = "192.0.2.1:1234"
	r.Header.Set("Authorization", "Bearer "+bearer)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36")
	r.Header.Set("Origin", "https://app.example")
	r.ContentLength = int64(len(body))
	b.ReportAllocs()
	began := spent()
	for b.Loop() {
		reader.Reset([]byte(body))
		r.Body = io.NopCloser(reader)
		w := &nobody{header: http.Header{}}
		i.handler.ServeHTTP(w, r)
		if w.status/100 != 2 {
			b.Fatalf("status %d", w.status)
		}
	}
	b.ReportMetric(float64((spent()-began).Nanoseconds())/float64(b.N)/1e3, "cpu-µs/op")
}

func spent() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// A submission with everything but the write that stores it, and without a network.
func BenchmarkSubmit(b *testing.B) {
	benchmark(b, embedded(b, forgetful{sqlite(b)}, time.Now), func(_ *installation, h household) (string, string, string, string) {
		return http.MethodPost, "/v1/feedback", h.app.PublicKey, submission
	})
}

// A page of 50 items.
func BenchmarkList(b *testing.B) {
	benchmark(b, embedded(b, sqlite(b), time.Now), func(i *installation, h household) (string, string, string, string) {
		for range 60 {
			if w := i.call(http.MethodPost, "/v1/feedback", h.app.PublicKey, submission); w.Code != http.StatusCreated {
				b.Fatal(w.Body)
			}
		}
		return http.MethodGet, "/v1/feedback?limit=50", h.sk, ""
	})
}

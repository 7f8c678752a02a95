package sqlitestore

import (
	"crypto/rand"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

// sample is a submission of the usual size: some 700 bytes of JSON, no console.
func sample(ids *id.Source, org, app id.ID) feedback.Item {
	return feedback.Item{
		ID: ids.New(), Org: org, App: app, Status: feedback.Received,
		Submitter: feedback.Submitter{
			Mode: feedback.Private, ExternalUserID: "user-12345", Email: "ann@example.com", Claims: []byte(`{"plan":"pro"}`),
		},
		Severity: feedback.High, Text: strings.Repeat("The page broke. ", 12), URL: "https://app.example/path/to/page?x=1",
		UserAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
		Viewport:  &feedback.Viewport{Width: 1280, Height: 720, PixelRatio: 2}, Metadata: []byte(`{"build":"1.2.3","flags":["a","b"]}`),
		CreatedAt: time.Now(), UpdatedAt: time.Now(),
	}
}

func BenchmarkInsertFeedback(b *testing.B) {
	s, ids := open(b), id.NewSource(time.Now, rand.Reader)
	org, app := ids.New(), ids.New()
	for _, callers := range []struct {
		name  string
		times int // of GOMAXPROCS
	}{{"few callers", 1}, {"many callers", 32}} {
		b.Run(callers.name, func(b *testing.B) {
			b.SetParallelism(callers.times)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := s.InsertFeedback(b.Context(), org, sample(ids, org, app)); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// happened is an event of the usual size. Of any hundred in a row no two are the same user's.
func happened(ids *id.Source, n int) event.Event {
	return event.Event{
		ID: ids.New(), Kind: event.Track, Name: "page_" + strconv.Itoa(n%20), User: event.User{ID: "user-" + strconv.Itoa(n*7919%5000)},
		Properties: []byte(`{"path":"/pricing","plan":"pro","value":12.5,"items":["a","b","c"],"campaign":"spring sale","variant":"B"}`),
		At:         time.Now(), ReceivedAt: time.Now(), Address: "192.0.2.1",
		UserAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
	}
}

func BenchmarkInsertEvents(b *testing.B) {
	s, ids := open(b), id.NewSource(time.Now, rand.Reader)
	org, n := ids.New(), 0
	events := make([]event.Event, 100)
	for b.Loop() {
		for i := range events {
			events[i] = happened(ids, n)
			n++
		}
		if _, err := s.InsertEvents(b.Context(), org, events); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkListFeedback(b *testing.B) {
	s, ids := open(b), id.NewSource(time.Now, rand.Reader)
	org, app := ids.New(), ids.New()
	for range 500 {
		if err := s.InsertFeedback(b.Context(), org, sample(ids, org, app)); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		page, err := s.ListFeedback(b.Context(), org, feedback.Query{Limit: 50})
		if err != nil || len(page.Items) != 50 {
			b.Fatal(len(page.Items), err)
		}
	}
}

func BenchmarkFeedback(b *testing.B) {
	s, ids := open(b), id.NewSource(time.Now, rand.Reader)
	item := sample(ids, id.ID{1}, id.ID{2})
	if err := s.InsertFeedback(b.Context(), item.Org, item); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.Feedback(b.Context(), item.Org, item.ID); err != nil {
			b.Fatal(err)
		}
	}
}

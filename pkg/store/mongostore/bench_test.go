package mongostore_test

import (
	"context"
	"testing"

	"github.com/heard-dev/heard/pkg/core/feedback"
)

func BenchmarkInsertFeedback(b *testing.B) {
	s := open(b, server(b), nil)
	one := item()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			more := item()
			if err := s.InsertFeedback(context.Background(), one.Org, more); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func BenchmarkListFeedback(b *testing.B) {
	s := open(b, server(b), nil)
	one := item()
	for range 1000 {
		if err := s.InsertFeedback(b.Context(), one.Org, item()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if page, err := s.ListFeedback(b.Context(), one.Org, feedback.Query{Limit: 50}); err != nil || len(page.Items) != 50 {
			b.Fatal(len(page.Items), err)
		}
	}
}

package userz_test

import (
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/dialect/userz"
)

func TestATimeIsSpelledInUTCWithMilliseconds(t *testing.T) {
	east := time.FixedZone("", 9*3600)
	for _, at := range []time.Time{
		{},
		time.UnixMilli(0), time.UnixMilli(1_790_000_000_007), time.UnixMilli(1_790_000_000_120), time.UnixMilli(-1),
		time.Date(2026, 11, 22, 3, 4, 5, 999_999_999, east),
	} {
		if got, want := userz.Time(at), at.UTC().Format("2006-01-02T15:04:05.000Z"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

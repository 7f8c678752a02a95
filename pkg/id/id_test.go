package id

import (
	"crypto/rand"
	"slices"
	"sync"
	"testing"
	"time"
)

func TestEverySpellingReadsBack(t *testing.T) {
	source := NewSource(time.Now, rand.Reader)
	for range 1000 {
		want := source.New()
		if got, err := Parse(want.String()); err != nil || got != want {
			t.Fatalf("hex %s: %s, %v", want, got, err)
		}
		if got, err := ParsePrefixed("key_", want.Prefixed("key_")); err != nil || got != want {
			t.Fatalf("prefixed %s: %s, %v", want, got, err)
		}
		if got, err := ParseUUID(want.UUID()); err != nil || got != want {
			t.Fatalf("uuid %s: %s, %v", want.UUID(), got, err)
		}
		if u := want.UUID(); u[14] != '8' || u[19] < '8' || u[19] > 'b' {
			t.Fatalf("%s is not a version-8 UUID", u)
		}
	}
}

func TestWhatNoIDSpellsToIsRefused(t *testing.T) {
	for _, text := range []string{"", "zz", "0123456789abcdef0123456", "0123456789ABCDEF01234567", "0123456789abcdef0123456g"} {
		if _, err := Parse(text); err == nil {
			t.Errorf("Parse(%q) was accepted", text)
		}
	}
	for _, text := range []string{"", "00000000-0000-4000-8000-000000000000", "00000000-0000-8000-8000-0000000000ff", "00000000000080008000000000000000----"} {
		if _, err := ParseUUID(text); err == nil {
			t.Errorf("ParseUUID(%q) was accepted", text)
		}
	}
}

func TestIDsRiseEvenWhenTheClockStandsStill(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
	source := NewSource(func() time.Time { return at }, rand.Reader)
	const callers, each = 8, 500
	made := make([][]ID, callers)
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for range each {
				made[c] = append(made[c], source.New())
			}
		})
	}
	wg.Wait()
	seen := map[ID]bool{}
	for _, ids := range made {
		if !slices.IsSortedFunc(ids, func(a, b ID) int { return slices.Compare(a[:], b[:]) }) {
			t.Fatal("a caller saw IDs fall")
		}
		for _, i := range ids {
			seen[i] = true
		}
	}
	if len(seen) != callers*each {
		t.Fatalf("%d distinct IDs of %d", len(seen), callers*each)
	}
	if got := made[0][0].Time(); !got.Equal(at.Truncate(time.Second)) {
		t.Fatalf("time of the first is %s", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("0123456789abcdef01234567")
	f.Add("01234567-89ab-8cde-8f01-234567000000")
	f.Fuzz(func(t *testing.T, text string) {
		if i, err := Parse(text); err == nil && i.String() != text {
			t.Fatalf("%q read as %s", text, i)
		}
		if i, err := ParseUUID(text); err == nil && i.UUID() != text {
			t.Fatalf("%q read as %s", text, i.UUID())
		}
	})
}

func TestAnIDTellsItsMillisecond(t *testing.T) {
	began := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for n := range 2000 {
		at := began.Add(time.Duration(n) * time.Millisecond)
		made, first := NewSource(func() time.Time { return at }, rand.Reader).New(), Since(at.UnixMilli())
		if made.UnixMilli() != at.UnixMilli() {
			t.Fatalf("made at %v, it tells %v", at, time.UnixMilli(made.UnixMilli()).UTC())
		}
		before := first
		for p := len(before) - 1; ; p-- {
			if before[p]--; before[p] != 255 {
				break
			}
		}
		if first.UnixMilli() != at.UnixMilli() || before.UnixMilli() >= at.UnixMilli() || before.Next() != first || string(made[:]) < string(first[:]) {
			t.Fatalf("since %v: %s, after %s", at, first, before)
		}
	}
}

package mongostore_test

import (
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/session"
)

// Whoever asks to refuse access what is refused already may be the second try of one whose answer was lost: it too must not
// return before a majority knows.
func TestARefusalThatStandsIsConfirmedByAMajorityAgain(t *testing.T) {
	var sent commands
	s := open(t, server(t), sent.monitor())
	ctx, one := t.Context(), item()
	key := apikey.Key{ID: one.ID, Org: one.Org, CreatedAt: one.CreatedAt, ExpiresAt: one.CreatedAt}
	must(t, s.CreateKey(ctx, one.Org, key))
	must(t, s.CreateSession(ctx, one.Org, session.Session{ID: one.ID, Org: one.Org, Member: one.App, CreatedAt: one.CreatedAt}))
	later := one.CreatedAt.Add(time.Hour)
	for name, refuse := range map[string]func() error{
		"RevokeKey":   func() error { _, err := s.RevokeKey(ctx, one.Org, one.ID, later); return err },
		"ExpireKey":   func() error { _, err := s.ExpireKey(ctx, one.Org, one.ID, later); return err },
		"EndSession":  func() error { return s.EndSession(ctx, one.Org, one.ID, later, "logout") },
		"EndSessions": func() error { return s.EndSessions(ctx, one.Org, one.App, later, "logout") },
	} {
		for range 2 {
			sent.take()
			must(t, refuse())
			took := sent.take()
			if concern := took[len(took)-1].Lookup("writeConcern").String(); concern != `{"w": "majority","j": true}` {
				t.Errorf("%s ends with %s", name, took[len(took)-1])
			}
		}
	}
}

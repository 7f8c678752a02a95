package heard_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/platform"
)

func TestTheAuditLogTellsWhoChangedWhat(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("acme")
		ann, owner := i.colleague(h, "ann", access.Owner)
		_, member := i.colleague(h, "bob", access.Member)
		i.clock.Advance(5 * time.Minute)
		began := i.clock.Now()
		made := i.ask(201, "POST", "/v1/keys", owner, `{"name":"backend","scopes":["apps:manage","audit:read"]}`)
		i.clock.Advance(5 * time.Minute)
		changed := i.clock.Now()
		i.ask(200, "PATCH", "/v1/apps/"+h.app.ID.String(), made.text("key"), `{"name":"Renamed"}`)
		i.ask(200, "DELETE", "/v1/keys/"+made.text("id"), owner, "")

		list := func(query url.Values) (entries []thing, next string) {
			t.Helper()
			page := i.ask(200, "GET", "/v1/audit?"+query.Encode(), owner, "")
			return page.list("data"), page.text("nextCursor")
		}
		newest, _ := list(url.Values{"limit": {"3"}})
		revoked, renamed, created := newest[0], newest[1], newest[2]
		session := i.ask(200, "GET", "/v1/sessions/current", owner, "").text("id")
		for name, row := range map[string]struct{ got, want any }{
			"action":           {created["action"], "api_key.create"},
			"actor":            {created["actor"], map[string]any{"type": "member", "id": ann.ID.String(), "name": "ann@example.com"}},
			"credential":       {created["credential"], "session:" + session},
			"address":          {created["address"], "192.0.2.1"},
			"target":           {created["target"], map[string]any{"type": "api_key", "id": made.text("id"), "name": "backend"}},
			"outcome":          {created["outcome"], "done"},
			"at":               {created["at"], "2026-03-01T12:05:00.000Z"},
			"before":           {created["before"], nil},
			"scopes":           {thing(created["after"].(map[string]any))["scopes"], []any{"apps:manage", "audit:read"}},
			"a key as actor":   {renamed["actor"], map[string]any{"type": "key", "id": made.text("id"), "name": "backend"}},
			"what was":         {renamed["before"], map[string]any{"name": "App of acme"}},
			"what is":          {renamed["after"], map[string]any{"name": "Renamed"}},
			"the chain":        {renamed["previousHash"], created["hash"]},
			"the chain's end":  {revoked["previousHash"], renamed["hash"]},
			"the numbers":      {revoked["seq"], created["seq"].(float64) + 2},
			"the newest entry": {revoked["action"], "api_key.revoke"},
		} {
			if !same(row.got, row.want) {
				t.Errorf("%s: %v, not %v", name, row.got, row.want)
			}
		}

		for name, row := range map[string]struct {
			query url.Values
			want  []thing
		}{
			"action":        {url.Values{"action": {"app.update"}}, []thing{renamed}},
			"actor":         {url.Values{"actorId": {made.text("id")}}, []thing{renamed}},
			"nobody":        {url.Values{"actorId": {id.Zero.String()}}, nil},
			"type":          {url.Values{"targetType": {"api_key"}, "from": {began.Format(time.RFC3339)}}, []thing{revoked, created}},
			"target":        {url.Values{"targetId": {made.text("id")}}, []thing{revoked, created}},
			"from":          {url.Values{"from": {changed.Format(time.RFC3339)}}, []thing{revoked, renamed}},
			"to, exclusive": {url.Values{"from": {began.Format(time.RFC3339)}, "to": {changed.Format(time.RFC3339)}}, []thing{created}},
			"a zone": {
				url.Values{"from": {began.In(time.FixedZone("", 3600)).Format(time.RFC3339)}, "to": {changed.Format(time.RFC3339)}},
				[]thing{created},
			},
		} {
			got, _ := list(row.query)
			if !same(got, row.want) {
				t.Errorf("%s: %v, not %v", name, got, row.want)
			}
		}

		var walked []thing
		for cursor := ""; ; {
			query := url.Values{"limit": {"1"}}
			if cursor != "" {
				query.Set("cursor", cursor)
			}
			page, next := list(query)
			walked = append(walked, page...)
			if cursor = next; next == "" {
				break
			}
		}
		all, next := list(url.Values{"limit": {"100"}})
		if !same(walked, all) || next != "" || len(all) < 8 || all[len(all)-1]["seq"] != 1.0 || all[len(all)-1]["previousHash"] != strings.Repeat("0", 64) {
			t.Errorf("walked %d of %d: %v", len(walked), len(all), walked)
		}
		if text := fmt.Sprint(all); strings.Contains(text, made.text("key")) || strings.Contains(text, h.sk) || strings.Contains(text, password) {
			t.Error("the log holds a secret")
		}
		i.refuse(403, "forbidden", "GET", "/v1/audit", member, "")
		i.refuse(403, "forbidden", "GET", "/v1/audit/verification", h.sk, "")
		for _, bad := range []string{"limit=0", "limit=101", "cursor=0", "cursor=x", "from=yesterday", "actorId=1", "page=2"} {
			i.refuse(400, "invalid_query", "GET", "/v1/audit?"+bad, owner, "")
		}
	})
}

// tampered is a store whose audit log somebody has been at: it reads as forge makes it.
type tampered struct {
	platform.Store
	forge atomic.Pointer[func([]audit.Entry) []audit.Entry]
}

func (s *tampered) AuditFrom(ctx context.Context, org id.ID, after int64, limit int) ([]audit.Entry, error) {
	all, err := s.Store.AuditFrom(ctx, org, 0, 1000)
	if forge := s.forge.Load(); forge != nil {
		all = (*forge)(all)
	}
	var page []audit.Entry
	for _, entry := range all {
		if entry.Seq > after && len(page) < limit {
			page = append(page, entry)
		}
	}
	return page, err
}

func TestTamperingWithTheAuditLogShows(t *testing.T) {
	onEveryStore(t, func(s platform.Store) platform.Store { return &tampered{Store: s} }, func(t *testing.T, i *installation) {
		h := i.found("acme")
		_, owner := i.colleague(h, "ann", access.Owner)
		for n := range 4 {
			i.ask(200, "PATCH", "/v1/apps/"+h.app.ID.String(), owner, fmt.Sprintf(`{"name":"Name %d"}`, n))
		}
		verify := func(cursor string, limit int) thing {
			t.Helper()
			query := url.Values{"limit": {fmt.Sprint(limit)}}
			if cursor != "" {
				query.Set("cursor", cursor)
			}
			return i.ask(200, "GET", "/v1/audit/verification?"+query.Encode(), owner, "")
		}
		cursorAt := func(head any) string {
			named, _ := head.(map[string]any)
			return fmt.Sprintf("%v.%v", named["seq"], named["hash"])
		}
		whole := verify("", 1000)
		length := int64(whole["checked"].(float64))
		if whole["intact"] != true || whole["nextCursor"] != nil || whole["brokenAt"] != nil || length < 8 {
			t.Fatalf("untouched: %v", whole)
		}
		checked, cursor := 0.0, ""
		for {
			stretch := verify(cursor, 2)
			checked += stretch["checked"].(float64)
			if stretch["intact"] != true {
				t.Fatalf("untouched, from %q: %v", cursor, stretch)
			}
			if cursor = stretch.text("nextCursor"); cursor == "" {
				break
			}
		}
		if int64(checked) != length {
			t.Errorf("checked %v of %d by stretches", checked, length)
		}

		fourth := verify("", 4)
		forge := func(change func(all []audit.Entry) []audit.Entry) { i.Store.(*tampered).forge.Store(&change) }
		for name, row := range map[string]struct {
			change   func([]audit.Entry) []audit.Entry
			brokenAt int64
		}{
			"changed":              {func(all []audit.Entry) []audit.Entry { all[3].Actor.Name = "somebody else"; return all }, 4},
			"changed in detail":    {func(all []audit.Entry) []audit.Entry { all[3].After = []byte(`{}`); return all }, 4},
			"taken out":            {func(all []audit.Entry) []audit.Entry { return append(all[:3:3], all[4:]...) }, 4},
			"taken out and closed": {func(all []audit.Entry) []audit.Entry { return renumbered(append(all[:3:3], all[4:]...)) }, 4},
			"put in again":         {func(all []audit.Entry) []audit.Entry { return renumbered(append(all[:4:4], all[3:]...)) }, 5},
			"another Org's":        {func(all []audit.Entry) []audit.Entry { all[3].Org = id.ID{1}; return all }, 4},
		} {
			forge(row.change)
			if got := verify("", 1000); got["intact"] != false || got["brokenAt"] != float64(row.brokenAt) || got["nextCursor"] != nil {
				t.Errorf("%s: %v", name, got)
			}
			if got := verify(cursorAt(fourth["head"]), 1000); got["intact"] != false {
				t.Errorf("%s, and a cursor that vouches for it: %v", name, got)
			}
		}
		forge(func(all []audit.Entry) []audit.Entry { return all[:len(all)-1] })
		if got := verify(cursorAt(whole["head"]), 1000); got["intact"] != false || got["brokenAt"] != float64(length) {
			t.Errorf("cut off: %v", got)
		}
		forge(func(all []audit.Entry) []audit.Entry { return all })
		if got := verify(cursorAt(whole["head"]), 1000); got["intact"] != true || got["checked"] != 0.0 || !same(got["head"], whole["head"]) {
			t.Errorf("from the end: %v", got)
		}
		for name, forged := range map[string]string{
			"of another hash": "4." + strings.Repeat("0", 64),
			"past the end":    fmt.Sprintf("%d.%s", length+1, strings.Repeat("0", 64)),
		} {
			if got := verify(forged, 1000); got["intact"] != false || got["checked"] != 0.0 {
				t.Errorf("a cursor %s: %v", name, got)
			}
		}
	})
}

// renumbered closes the gaps in a forged log, without the key that seals it.
func renumbered(all []audit.Entry) []audit.Entry {
	for n := range all {
		all[n].Seq = int64(n + 1)
		if n > 0 {
			all[n].Previous = all[n-1].Hash
		}
	}
	return all
}

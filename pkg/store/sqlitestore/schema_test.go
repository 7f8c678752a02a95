package sqlitestore

import (
	"encoding/hex"
	"fmt"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitemigration"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

// writtenAtVersion1 makes a database as the first version left it, with one of what later versions changed.
func writtenAtVersion1(t *testing.T, org, thing id.ID) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "heard.db")
	conn, err := sqlite.OpenConn(path)
	if err != nil {
		t.Fatal(err)
	}
	first, err := schema.ReadFile("schema/1.sql")
	if err != nil {
		t.Fatal(err)
	}
	step := sqlitemigration.Schema{AppID: applicationID, Migrations: []string{string(first)}}
	if err := sqlitemigration.Migrate(t.Context(), conn, step); err != nil {
		t.Fatal(err)
	}
	o, i := "x'"+hex.EncodeToString(org[:])+"'", "x'"+hex.EncodeToString(thing[:])+"'"
	if err := sqlitex.ExecScript(conn, fmt.Sprintf(`
		INSERT INTO org VALUES (%[1]s, 'acme', 'Acme', 'default', '{"reads.key":{"limit":1,"burst":0}}', 1000);
		INSERT INTO app VALUES (%[1]s, %[2]s, 'web', 'Web', '', 'pub_1', 1, 'manual', 0, 24, NULL, NULL, 1000, 7);
		INSERT INTO member VALUES (%[1]s, %[2]s, 'Ann@Example.com', 'ann@example.com', 'Ann', 'owner', 'hash', 1000);
		INSERT INTO api_key VALUES (%[1]s, %[2]s, 'k', x'%064[3]x', 'sk_abcd', 'wxyz', 'ann', 1000, NULL, NULL, 5, 6);
		INSERT INTO feedback (org, id, app, status, duplicate, mode, external_id, email, name, severity, url, user_agent, text)
			VALUES (%[1]s, %[2]s, %[2]s, 'received', 0, 'public', 'u1', 'ÖLAF@example.com', '', '', '', '', 'It broke');
		INSERT INTO run VALUES (%[1]s, %[2]s, NULL, %[2]s, 'running', '', '', 0, 0, 0, '', '', NULL, NULL);`, o, i, 0xff)); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestADatabaseOfTheFirstVersionReadsSensibly(t *testing.T) {
	org, thing, then := id.ID{1}, id.ID{2}, time.UnixMilli(1000).UTC()
	s, err := Open(t.Context(), Options{Path: writtenAtVersion1(t, org, thing)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	equal(t, tenant.Org{
		ID: org, Slug: "acme", Name: "Acme", Plan: "default", LeakPolicy: tenant.NotifyLeaks, CreatedAt: then, Version: 1,
	})(s.Org(t.Context(), org))
	equal(t, tenant.App{
		ID: thing, Org: org, Slug: "web", Name: "Web", PublicKey: "pub_1", PublicSubmission: true, ProcessingMode: tenant.Manual,
		BatchWindowHours: 24, CreatedAt: then, Version: 7,
	})(s.App(t.Context(), org, thing))
	equal(t, []tenant.Member{{
		ID: thing, Org: org, Email: "Ann@Example.com", Name: "Ann", Role: access.Owner, Status: tenant.Active, PasswordHash: "hash",
		CreatedAt: then, UpdatedAt: then, Version: 1,
	}})(s.Owners(t.Context(), org))
	equal(t, apikey.Key{
		ID: thing, Org: org, Format: "sk", Name: "k", Hash: apikey.Hash{31: 0xff}, Prefix: "sk_abcd", Last4: "wxyz",
		Scopes: []access.Right{
			access.FeedbackRead, access.FeedbackWrite, access.EventsRead, access.EventsWrite, access.TokensMint, access.AppsRead,
			access.UsersRead, access.UsersManage,
		},
		CreatedBy: "ann", CreatedAt: then, Limit: &tenant.Rate{Limit: 5, Burst: 6},
	})(s.KeyByHash(t.Context(), apikey.Hash{31: 0xff}))
	for _, subject := range []erasure.Subject{{ExternalUserID: "u1"}, {Email: "ölaf@example.com"}} {
		if found, err := s.FeedbackOf(t.Context(), org, subject, 10); err != nil || len(found) != 1 || found[0].ID != thing {
			t.Errorf("%+v finds %+v, %v", subject, found, err)
		}
	}
	for _, sort := range []feedback.Sort{feedback.Newest, feedback.Top, feedback.Trending} {
		page, err := s.BoardFeedback(t.Context(), org, feedback.BoardQuery{Sort: sort, Stage: feedback.InReview})
		if err != nil || page.Total != 1 || page.Items[0].ID != thing || page.Items[0].Text != "It broke" {
			t.Errorf("by %s: %+v, %v", sort, page, err)
		}
	}
	if removed, err := s.DeleteOrg(t.Context(), org); err != nil || removed != 6 {
		t.Errorf("%d removed, %v", removed, err)
	}
}

// What an item stood for before there were boards is what the core would say of it.
func TestAnOlderItemStandsWhereItsStatusPutsIt(t *testing.T) {
	org, thing := id.ID{1}, id.ID{2}
	path := writtenAtVersion1(t, org, thing)
	conn, err := sqlite.OpenConn(path)
	if err != nil {
		t.Fatal(err)
	}
	const created = 1_700_000_000_999
	want := map[feedback.Stage]int64{}
	for n, status := range feedback.Statuses() {
		for _, duplicate := range []int{0, 1} {
			err := sqlitex.ExecuteTransient(conn, `INSERT INTO feedback (org, id, app, status, duplicate, mode, external_id, email, name,
				severity, url, user_agent, text, created_at) VALUES (?, ?, x'', ?, ?, '', '', '', '', '', '', '', '', ?)`,
				&sqlitex.ExecOptions{Args: []any{org[:], []byte{3, byte(n), byte(duplicate)}, string(status), duplicate, created}})
			if err != nil {
				t.Fatal(err)
			}
		}
		want[status.Stage()]++
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	got := map[feedback.Stage]int64{}
	err = s.read(t.Context(), func(conn *sqlite.Conn) error {
		return each(conn, "SELECT ifnull(stage, ''), duplicate, heat FROM feedback WHERE created_at IS NOT NULL", noParams, func(r *row) {
			stage, duplicate, heat := feedback.Stage(r.text()), r.bool(), r.int()
			if !duplicate {
				got[stage]++
			} else if stage != "" {
				t.Errorf("a duplicate stands in %s", stage)
			}
			if heat != feedback.Heat(0, time.UnixMilli(created)) {
				t.Errorf("a heat of %d", heat)
			}
		})
	})
	equal(t, want)(got, err)
}

func equal[T any](t *testing.T, want T) func(got T, err error) {
	t.Helper()
	return func(got T, err error) {
		t.Helper()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("\n got %+v, %v\nwant %+v", got, err, want)
		}
	}
}

package httpapi

import (
	"context"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/dialect/userz"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/services/keys/internal/trail"
)

const (
	// nobody is the id that nothing has. To a query of the core it means all.
	nobody = "000000000000000000000000"

	defaultEntries  = 50
	defaultVerified = 1000
)

// Audit adds the routes that tell who changed what.
func Audit(api *httpkit.API, reader *trail.Reader) {
	door := httpkit.Manage(access.AuditRead)

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/audit", ID: "listAudit", Tag: "Audit", Status: http.StatusOK,
		Summary: "Tell who changed what, newest first",
		Notes: "Pass `nextCursor` as `cursor` to go on; it is null on the last page. No entry holds a secret. An entry is written before its " +
			"change; one that failed is followed by another that says so.",
		Door: door, Errors: []httpkit.Fault{badQuery()},
	}, func(ctx context.Context, caller auth.Principal, in *auditIn) (*auditOut, error) {
		if in.ActorID == nobody {
			return &auditOut{Body: auditPage{Data: []auditEntry{}}}, nil
		}
		entries, next, err := reader.Page(ctx, caller.Org.ID, in.query())
		if err != nil {
			return nil, err
		}
		out := &auditOut{Body: auditPage{Data: make([]auditEntry, len(entries))}}
		for i := range entries {
			out.Body.Data[i] = entryView(&entries[i])
		}
		if next > 0 {
			cursor := strconv.FormatInt(next, 10)
			out.Body.NextCursor = &cursor
		}
		return out, nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/audit/verification", ID: "verifyAudit", Tag: "Audit", Status: http.StatusOK,
		Summary: "Check that no entry was changed, put in or taken out",
		Notes: "Each entry's `hash` covers the entry and the `previousHash`, under a key that only the installation has. The check goes oldest first, " +
			"a stretch at a time: pass `nextCursor` as `cursor` until it is null. Entries that were cut off the end leave no gap: keep the " +
			"last `head`, and begin the next check at it with the cursor `<seq>.<hash>`. The entry that a cursor names is checked anew.",
		Door: door, Errors: []httpkit.Fault{badQuery()},
	}, func(ctx context.Context, caller auth.Principal, in *verifyIn) (*verifyOut, error) {
		check, err := reader.Verify(ctx, caller.Org.ID, in.head(), in.limit())
		if err != nil {
			return nil, err
		}
		return &verifyOut{Body: checkView(check)}, nil
	})
}

type auditIn struct {
	Action     string `query:"action" minLength:"1" maxLength:"100" doc:"Such as api_key.revoke."`
	ActorID    string `query:"actorId" pattern:"^[0-9a-f]{24}$" doc:"Of a member or an API key."`
	TargetType string `query:"targetType" minLength:"1" maxLength:"100" doc:"Such as api_key."`
	TargetID   string `query:"targetId" minLength:"1" maxLength:"100"`
	From       string `query:"from" format:"date-time" doc:"Not before."`
	To         string `query:"to" format:"date-time" doc:"Before."`
	Cursor     string `query:"cursor" pattern:"^[1-9][0-9]{0,17}$" doc:"The nextCursor of the page before."`
	Limit      int    `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

// query reads what its schema has let in.
func (in *auditIn) query() audit.Query {
	query := audit.Query{
		Action: in.Action, Actor: userz.ID(in.ActorID), TargetKind: in.TargetType, TargetID: in.TargetID, From: instant(in.From),
		To: instant(in.To), Before: number(in.Cursor), Limit: in.Limit,
	}
	if query.Limit == 0 {
		query.Limit = defaultEntries
	}
	return query
}

type verifyIn struct {
	Cursor string `query:"cursor" pattern:"^[1-9][0-9]{0,17}\\.[0-9a-f]{64}$" doc:"The nextCursor of the stretch before, or the seq and the hash of an entry."`
	Limit  int    `query:"limit" minimum:"1" maximum:"10000" default:"1000"`
}

func (in *verifyIn) head() (head trail.Head) {
	seq, hash, _ := strings.Cut(in.Cursor, ".")
	head.Seq = number(seq)
	_, _ = hex.Decode(head.Hash[:], []byte(hash)) // its schema saw to that
	return head
}

func (in *verifyIn) limit() int {
	if in.Limit == 0 {
		return defaultVerified
	}
	return in.Limit
}

// number is 0 for text that is none.
func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

// instant is zero for text that spells none.
func instant(text string) time.Time {
	t, _ := time.Parse(time.RFC3339, text)
	return t
}

package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/heard-dev/heard/services/heard/internal/client"
)

func audits() noun {
	return noun{"audit", "Read who did what", []verb{
		{
			name: "list", short: "List what was done, newest first", method: http.MethodGet, path: "/v1/audit",
			flags: append([]param{
				{flag: "action", field: "action", usage: "only this, such as api_key.revoke"},
				{flag: "actor", field: "actorId", usage: "only by this member or API key, by id"},
				{flag: "target-type", field: "targetType", usage: "only to this kind of thing, such as api_key"},
				{flag: "target", field: "targetId", usage: "only to this thing, by id"},
				{flag: "from", field: "from", usage: "not before this time"},
				{flag: "to", field: "to", usage: "before this time"},
			}, paging()...),
			columns: []string{"at", "actor.name", "action", "target.type", "target.name", "outcome", "address"},
		},
		{
			name: "verify", short: "Check that no entry was changed or removed", method: http.MethodGet, path: "/v1/audit/verification",
			flags: []param{{flag: "after", field: "cursor", usage: "the seq and the hash, with a dot between, of an entry that is known to be whole"}},
			do:    verifyAudit,
		},
	}}
}

// verification is what the API tells of a stretch of the log.
type verification struct {
	Checked    int    `json:"checked"`
	Intact     bool   `json:"intact"`
	BrokenAt   int64  `json:"brokenAt"`
	NextCursor string `json:"nextCursor"`
	Head       *struct {
		Seq  int64  `json:"seq"`
		Hash string `json:"hash"`
	} `json:"head"`
}

// verified is what it tells of the whole. Whoever keeps Head elsewhere notices a log that was cut short.
type verified struct {
	Checked int    `json:"checked"`
	Intact  bool   `json:"intact"`
	Head    string `json:"head"`
}

// verifyAudit goes on to the end of the log. One that is broken is an error.
func verifyAudit(ctx context.Context, api *client.Client, call client.Call) (json.RawMessage, error) {
	var all verified
	for {
		answer, err := api.Do(ctx, call)
		if err != nil {
			return nil, err
		}
		var stretch verification
		if err := json.Unmarshal(answer, &stretch); err != nil {
			return nil, err
		}
		if !stretch.Intact {
			return nil, broken(stretch.BrokenAt)
		}
		all.Checked, all.Intact = all.Checked+stretch.Checked, true
		if stretch.Head != nil {
			all.Head = fmt.Sprintf("%d.%s", stretch.Head.Seq, stretch.Head.Hash)
		}
		if stretch.NextCursor == "" {
			return json.Marshal(all)
		}
		call.Query.Set("cursor", stretch.NextCursor)
	}
}

func broken(seq int64) error {
	return fmt.Errorf("entry %d of the audit log is not as it was written, or is missing", seq)
}

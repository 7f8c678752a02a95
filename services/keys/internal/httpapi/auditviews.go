package httpapi

import (
	"encoding/hex"
	"strconv"

	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/dialect/userz"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/services/keys/internal/trail"
)

type auditOut struct{ Body auditPage }

type auditPage struct {
	Data       []auditEntry `json:"data" nullable:"false"`
	NextCursor *string      `json:"nextCursor" doc:"null on the last page."`
}

type auditEntry struct {
	ID           string            `json:"id"`
	Seq          int64             `json:"seq" doc:"1, 2, 3, … within the Org."`
	At           string            `json:"at" format:"date-time"`
	Actor        auditActor        `json:"actor"`
	Credential   *string           `json:"credential" doc:"session:<id>, key:<id>, or shell for a command on the machine itself."`
	Address      *string           `json:"address"`
	Action       string            `json:"action"`
	Target       auditTarget       `json:"target"`
	Outcome      string            `json:"outcome" enum:"done,failed"`
	Before       httpkit.RawObject `json:"before" nullable:"true" doc:"What differs, as it was."`
	After        httpkit.RawObject `json:"after" nullable:"true" doc:"What differs, as it is from then on."`
	Hash         string            `json:"hash" pattern:"^[0-9a-f]{64}$"`
	PreviousHash string            `json:"previousHash" pattern:"^[0-9a-f]{64}$" doc:"Zeros for the first entry."`
}

type auditActor struct {
	Type string  `json:"type" enum:"member,key,operator,system"`
	ID   *string `json:"id"`
	Name string  `json:"name"`
}

type auditTarget struct {
	Type string  `json:"type"`
	ID   string  `json:"id"`
	Name *string `json:"name"`
}

type verifyOut struct{ Body auditCheck }

type auditCheck struct {
	Checked    int        `json:"checked" doc:"Entries that follow the cursor and are whole."`
	Intact     bool       `json:"intact" doc:"Whether all of this stretch is."`
	BrokenAt   *int64     `json:"brokenAt" doc:"The seq of the first entry that is not as it was written, or is missing."`
	Head       *auditHead `json:"head" doc:"The last entry that is whole; null when there is none."`
	NextCursor *string    `json:"nextCursor" doc:"null at the end of the log, and where it is broken."`
}

type auditHead struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
}

// entryView points into the entry.
func entryView(e *audit.Entry) auditEntry {
	view := auditEntry{
		ID: e.ID.String(), Seq: e.Seq, At: userz.Time(e.At), Actor: auditActor{Type: string(e.Actor.Kind), Name: e.Actor.Name},
		Credential: userz.Optional(&e.Actor.Credential), Address: userz.Optional(&e.Actor.Address), Action: e.Action,
		Target:  auditTarget{Type: e.Target.Kind, ID: e.Target.ID, Name: userz.Optional(&e.Target.Name)},
		Outcome: string(e.Outcome), Before: e.Before, After: e.After, Hash: hex.EncodeToString(e.Hash[:]),
		PreviousHash: hex.EncodeToString(e.Previous[:]),
	}
	if !e.Actor.ID.IsZero() {
		actor := e.Actor.ID.String()
		view.Actor.ID = &actor
	}
	return view
}

func checkView(check trail.Check) auditCheck {
	view := auditCheck{Checked: check.Checked, Intact: check.BrokenAt == 0}
	if !view.Intact {
		view.BrokenAt = &check.BrokenAt
	}
	if check.Head.Seq > 0 {
		view.Head = &auditHead{Seq: check.Head.Seq, Hash: hex.EncodeToString(check.Head.Hash[:])}
	}
	if check.More {
		cursor := strconv.FormatInt(view.Head.Seq, 10) + "." + view.Head.Hash
		view.NextCursor = &cursor
	}
	return view
}

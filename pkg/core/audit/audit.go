// Package audit is the memory of who changed what: append-only, and chained so that tampering shows.
package audit

import (
	"context"
	"reflect"
	"time"

	"github.com/heard-dev/heard/pkg/id"
)

// Actor is who does something, from where and with which credential.
type Actor struct {
	Kind       ActorKind
	ID         id.ID  // of the member or the API key; zero for others
	Name       string // the member's e-mail, the key's name, the operator's command
	Credential string // "session:<id>", "key:<id>", "shell"
	Address    string // of the client, empty for a command
}

// ActorKind is what sort of actor it is.
type ActorKind string

// The kinds of actors. System is Heard itself.
const (
	ByMember   ActorKind = "member"
	ByKey      ActorKind = "key"
	ByOperator ActorKind = "operator"
	BySystem   ActorKind = "system"
)

// Operator is the actor of a command on the machine itself.
func Operator(command string) Actor {
	return Actor{Kind: ByOperator, Name: command, Credential: "shell"}
}

// System is the actor of what Heard does on its own.
func System(what string) Actor { return Actor{Kind: BySystem, Name: what} }

// Target is the thing that is changed: its kind is one of the nouns of the API, in the singular.
type Target struct {
	Kind string
	ID   string
	Name string
}

// Change is what is about to happen. Before and After hold what differs, without secrets; nil where there is none.
type Change struct {
	Action string // "api_key.revoke"
	Target Target
	Before map[string]any
	After  map[string]any
}

// Outcome tells what became of a change.
type Outcome string

// The outcomes. An entry is written before its change, so that no change is without one; a change that then fails is
// followed by an entry that says so.
const (
	Done   Outcome = "done"
	Failed Outcome = "failed"
)

// Entry is one link of an Org's chain. Before and After are JSON objects as they were hashed, or nil. Hash covers
// everything else and Previous, the Hash of the entry before.
type Entry struct {
	Org      id.ID
	ID       id.ID
	Seq      int64 // 1, 2, 3, …
	At       time.Time
	Actor    Actor
	Action   string
	Target   Target
	Outcome  Outcome
	Before   []byte
	After    []byte
	Previous Hash
	Hash     Hash
}

// Hash is an HMAC-SHA256 under a key that only the installation has.
type Hash [32]byte

// Query selects a page of entries, newest first. Zero fields do not select. Before is the Seq of the last entry of the
// page before; From and To bound At, To exclusive.
type Query struct {
	Action     string
	Actor      id.ID
	TargetKind string
	TargetID   string
	From, To   time.Time
	Before     int64
	Limit      int
}

// Store keeps entries. There is no way to change one.
type Store interface {
	// AppendAudit stores the entry; a Seq that is taken is apierr.Conflict. One of many racing entries wins.
	AppendAudit(ctx context.Context, org id.ID, entry Entry) error
	// LastAudit gives the Org's newest entry; apierr.NotFound when there is none.
	LastAudit(ctx context.Context, org id.ID) (Entry, error)
	// AuditPage gives up to Limit entries, newest first.
	AuditPage(ctx context.Context, org id.ID, query Query) ([]Entry, error)
	// AuditFrom gives up to limit entries with a Seq above after, oldest first.
	AuditFrom(ctx context.Context, org id.ID, after int64, limit int) ([]Entry, error)
}

// Diff leaves of two descriptions of a thing what differs.
func Diff(before, after map[string]any) (was, is map[string]any) {
	was, is = map[string]any{}, map[string]any{}
	for name, value := range after {
		if former := before[name]; !reflect.DeepEqual(former, value) {
			was[name], is[name] = former, value
		}
	}
	return was, is
}

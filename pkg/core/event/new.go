package event

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/id"
)

// The limits of an event; UserBoost documents none. Text is counted in characters, JSON in bytes of its shortest spelling.
const (
	MaxName      = 256
	MaxUserID    = 256 // as for a token's sub
	MaxClientID  = 256
	MaxObject    = 32 << 10
	MaxDepth     = 64  // of objects and arrays within each other: whoever reads them must get to the bottom
	MaxUserAgent = 512 // the rest is cut off: the caller does not write it
	MaxLate      = 7 * 24 * time.Hour
	MaxEarly     = 10 * time.Minute
)

// Draft is an event as its sender says it. Empty strings, a nil Timestamp and nil JSON are unsaid. ClientID is the sender's
// own name for it, by which a repeat is recognised. The JSON is copied.
type Draft struct {
	Kind       Kind
	Name       string
	User       User
	Properties []byte
	Timestamp  *time.Time
	ClientID   string
	App        id.ID
	Test       bool
	Address    string
	UserAgent  string
}

// New makes an event that was just received. Every fault of the draft is an issue, at the path where the UserBoost surface
// has the field. A ClientID always gives the same ID.
func New(org id.ID, draft Draft, now time.Time, ids *id.Source) (Event, error) {
	now = now.UTC().Truncate(time.Millisecond)
	var c checklist
	c.kind(draft)
	c.text(draft.User.ID, 1, MaxUserID, "user", "id")
	c.email(draft.User.Email)
	traits := c.object(draft.User.Traits, "user", "traits")
	properties := c.object(draft.Properties, "properties")
	at := c.timestamp(draft.Timestamp, now)
	c.text(draft.ClientID, 0, MaxClientID, "event_id")
	if len(c.issues) > 0 {
		return Event{}, apierr.Body(c.issues...)
	}
	event := Event{
		Org: org, App: draft.App, Kind: draft.Kind, Name: draft.Name, Properties: properties,
		User: User{ID: draft.User.ID, Email: draft.User.Email, Traits: traits},
		At:   at, ReceivedAt: now, Test: draft.Test, Address: draft.Address, UserAgent: cut(draft.UserAgent, MaxUserAgent),
	}
	if draft.ClientID == "" {
		event.ID = ids.New()
	} else {
		event.ID = Derived(org, draft.Test, draft.ClientID, 0)
	}
	return event, nil
}

// Derived is the ID of the event that a client named. The nth is for when the name is used again, after it was forgotten n
// times. Test events have names of their own: a rehearsal takes nothing from what is real.
func Derived(org id.ID, test bool, clientID string, nth int) id.ID {
	domain := "heard event of a client\x00"
	if test {
		domain = "heard test event of a client\x00"
	}
	named := binary.BigEndian.AppendUint32(append([]byte(domain), org[:]...), uint32(nth))
	sum := sha256.Sum256(append(named, clientID...))
	return id.ID(sum[:len(id.ID{})])
}

// cut shortens text to at most so many bytes of valid UTF-8.
func cut(text string, most int) string {
	if len(text) > most {
		text = text[:most]
	}
	return strings.ToValidUTF8(text, "")
}

package httpapi

import (
	"encoding/binary"
	"encoding/hex"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/dialect/userz"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/services/read/internal/timeline"
)

type eventsIn struct {
	AppID  string `query:"appId" pattern:"^[0-9a-f]{24}$" doc:"Only those that came by keys bound to this App; all of the Org without it."`
	Name   string `query:"name" minLength:"1" maxLength:"256"`
	UserID string `query:"userId" minLength:"1" maxLength:"256" doc:"The end user's externalUserId."`
	From   string `query:"from" format:"date-time" doc:"Received then or later."`
	To     string `query:"to" format:"date-time" doc:"Received before then."`
	Cursor string `query:"cursor" pattern:"^[0-9a-f]{40}$" doc:"The nextCursor of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

type endUserIn struct {
	ExternalUserID string `path:"externalUserId" minLength:"1" maxLength:"256" doc:"As events spell user.id."`
}

type endUserEventsIn struct {
	ExternalUserID string `path:"externalUserId" minLength:"1" maxLength:"256" doc:"As events spell user.id."`
	AppID          string `query:"appId" pattern:"^[0-9a-f]{24}$" doc:"Only those that came by keys bound to this App; all of the Org without it."`
	Name           string `query:"name" minLength:"1" maxLength:"256"`
	From           string `query:"from" format:"date-time" doc:"Received then or later."`
	To             string `query:"to" format:"date-time" doc:"Received before then."`
	Cursor         string `query:"cursor" pattern:"^[0-9a-f]{40}$" doc:"The nextCursor of the page before."`
	Limit          int    `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

// eventListIn is what the lists have in common.
type eventListIn struct {
	AppID, Name, From, To, Cursor string
	Limit                         int
}

type eventOut struct{ Body storedEvent }

type eventListOut struct{ Body eventPage }

type eventPage struct {
	Data       []storedEvent `json:"data" nullable:"false"`
	NextCursor *string       `json:"nextCursor" doc:"null on the last page."`
}

type storedEvent struct {
	ID         string            `json:"id"`
	EventID    string            `json:"eventId" format:"uuid" doc:"The same id as the one who sent the event was told it."`
	AppID      *string           `json:"appId" doc:"Of the key that brought it, where that is bound to one."`
	Type       string            `json:"type" enum:"event,identify"`
	Name       *string           `json:"name" doc:"null for an identify."`
	User       storedEventUser   `json:"user"`
	Properties httpkit.RawObject `json:"properties" nullable:"true"`
	Timestamp  string            `json:"timestamp" format:"date-time" doc:"When it happened."`
	ReceivedAt string            `json:"receivedAt" format:"date-time"`
	Test       bool              `json:"test" doc:"It came by a test key."`
	IPAddress  string            `json:"ipAddress"`
	UserAgent  *string           `json:"userAgent"`
}

type storedEventUser struct {
	ID     string            `json:"id"`
	Email  *string           `json:"email"`
	Traits httpkit.RawObject `json:"traits" nullable:"true" doc:"As this event told them."`
}

type profileOut struct{ Body endUser }

type endUser struct {
	UserID    string            `json:"userId"`
	Email     *string           `json:"email"`
	Traits    httpkit.RawObject `json:"traits"`
	CreatedAt string            `json:"createdAt" format:"date-time"`
	UpdatedAt string            `json:"updatedAt" format:"date-time"`
}

func eventPageView(page timeline.Page) eventPage {
	body := eventPage{Data: make([]storedEvent, len(page.Events))}
	for i := range page.Events {
		body.Data[i] = eventView(&page.Events[i])
	}
	if page.Next != (event.Place{}) {
		next := spellPlace(page.Next)
		body.NextCursor = &next
	}
	return body
}

// eventView points into e.
func eventView(e *event.Event) storedEvent {
	view := storedEvent{
		ID: e.ID.String(), EventID: e.ID.UUID(), Type: string(e.Kind), Name: userz.Optional(&e.Name),
		User:       storedEventUser{ID: e.User.ID, Email: userz.Optional(&e.User.Email), Traits: e.User.Traits},
		Properties: e.Properties, Timestamp: userz.Time(e.At), ReceivedAt: userz.Time(e.ReceivedAt), Test: e.Test,
		IPAddress: e.Address, UserAgent: userz.Optional(&e.UserAgent),
	}
	if !e.App.IsZero() {
		app := e.App.String()
		view.AppID = &app
	}
	return view
}

// profileView points into p.
func profileView(p *event.Profile) endUser {
	return endUser{
		UserID: p.UserID, Email: userz.Optional(&p.Email), Traits: p.Traits, CreatedAt: userz.Time(p.CreatedAt), UpdatedAt: userz.Time(p.UpdatedAt),
	}
}

// moment reads a time that its schema accepted; the zero time where none was said. Events are as exact as a millisecond:
// one between two counts as the later, so that what was received before it is before it.
func moment(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return at.Add(time.Millisecond - 1).Truncate(time.Millisecond).UTC()
}

// spellPlace spells where a page ended: milliseconds and id, so that no other event is at the same place.
func spellPlace(place event.Place) string {
	return hex.EncodeToString(binary.BigEndian.AppendUint64(nil, uint64(place.ReceivedAt.UnixMilli()))) + place.ID.String()
}

// parsePlace reads what spellPlace spelled.
func parsePlace(text string) (event.Place, error) {
	at, err := hex.DecodeString(text[:16])
	if err != nil {
		return event.Place{}, badCursor()
	}
	last, err := id.Parse(text[16:])
	millis := binary.BigEndian.Uint64(at)
	if err != nil || millis > lastMilli {
		return event.Place{}, badCursor()
	}
	return event.Place{ReceivedAt: time.UnixMilli(int64(millis)).UTC(), ID: last}, nil
}

// lastMilli is the end of the year 9999, in unix milliseconds: no event is of a later time.
const lastMilli = 253402300799999

func badCursor() error {
	return apierr.Query(apierr.Issue{Path: []any{"cursor"}, Code: "invalid_format", Message: "must be a nextCursor"})
}

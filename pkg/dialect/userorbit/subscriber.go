package userorbit

import (
	"encoding/json"
	"strings"

	"github.com/heard-dev/heard/pkg/core/enduser"
)

// Subscriber is an end user's row. Of the metadata the vendor lifts these six into the row, and no others; "mmr" is as it is
// printed there.
type Subscriber struct {
	ID            string                     `json:"id"`
	Email         *string                    `json:"email"`
	Name          string                     `json:"name" doc:"As it was told; else what the e-mail address begins with, or the id in your own systems."`
	TeamID        string                     `json:"teamId"`
	Source        string                     `json:"source" enum:"subscriber,widget,events,users" doc:"Where they were met first."`
	CreatedAt     string                     `json:"createdAt" format:"date-time"`
	UpdatedAt     string                     `json:"updatedAt" format:"date-time"`
	DeactivatedAt *string                    `json:"deactivatedAt" format:"date-time"`
	Metadata      map[string]json.RawMessage `json:"metadata" nullable:"false"`
	MMR           json.RawMessage            `json:"mmr,omitempty"`
	MRR           json.RawMessage            `json:"mrr,omitempty"`
	Plan          json.RawMessage            `json:"plan,omitempty"`
	Role          json.RawMessage            `json:"role,omitempty"`
	Team          json.RawMessage            `json:"team,omitempty"`
	Created       json.RawMessage            `json:"created_at,omitempty"`
}

// SubscriberView shows a person.
func SubscriberView(p *enduser.Person) Subscriber {
	known := map[string]json.RawMessage{}
	if len(p.Attributes) > 0 {
		_ = json.Unmarshal(p.Attributes, &known) // the core keeps objects only
	}
	return Subscriber{
		ID: p.ID.UUID(), Email: Optional(&p.Email), Name: called(p), TeamID: p.Org.UUID(), Source: string(p.Source),
		CreatedAt: Time(p.CreatedAt), UpdatedAt: Time(p.UpdatedAt), DeactivatedAt: OptionalTime(p.DeactivatedAt), Metadata: known,
		MMR: known["mmr"], MRR: known["mrr"], Plan: known["plan"], Role: known["role"], Team: known["team"], Created: known["created_at"],
	}
}

func called(p *enduser.Person) string {
	local, _, _ := strings.Cut(p.Email, "@")
	for _, name := range []string{p.Name, local} {
		if name != "" {
			return name
		}
	}
	return p.ExternalID
}

package httpapi

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/dialect/userz"
)

type keyOut struct{ Body APIKey }

type keysOut struct{ Body keyList }

type keyList struct {
	Data       []APIKey `json:"data" nullable:"false"`
	NextCursor *string  `json:"nextCursor" doc:"null: all are here."`
}

// APIKey is an API key as the API shows it: everything but the key. It is exported for huma, like all that is embedded.
type APIKey struct {
	ID              string         `json:"id"`
	Format          string         `json:"format" enum:"sk,ub_live,ub_test,pk_live,userorbit"`
	Name            string         `json:"name"`
	Prefix          string         `json:"prefix" doc:"The key's first characters, to tell keys apart."`
	Last4           string         `json:"last4"`
	Scopes          []access.Right `json:"scopes" nullable:"false"`
	EffectiveScopes []access.Right `json:"effectiveScopes" nullable:"false" doc:"What the creator's present role leaves of the scopes."`
	AppID           *string        `json:"appId" doc:"The only App that exists for the key; null for all."`
	AllowedNetworks []string       `json:"allowedNetworks" nullable:"false" doc:"From where the key may be used; empty for anywhere."`
	Limit           *keyLimit      `json:"limit,omitempty"`
	CreatedBy       string         `json:"createdBy"`
	CreatedAt       string         `json:"createdAt" format:"date-time"`
	NotBefore       *string        `json:"notBefore" format:"date-time"`
	ExpiresAt       *string        `json:"expiresAt" format:"date-time"`
	RevokedAt       *string        `json:"revokedAt" format:"date-time"`
	LastUsedAt      *string        `json:"lastUsedAt" format:"date-time" doc:"The first use at once, later ones within a minute."`
	Replaces        *string        `json:"replaces" doc:"The key that this one was rotated from."`
	Leak            *keyLeak       `json:"leak,omitempty" doc:"Where the key was found in the open."`
	IsActive        bool           `json:"isActive" doc:"Neither revoked, nor expired, nor before its time."`
}

type keyLimit struct {
	Limit int64 `json:"limit" minimum:"1" doc:"Requests a minute; for pk_live keys, in 15 minutes. At most what the Org has."`
	Burst int64 `json:"burst,omitempty" minimum:"1" doc:"At once; in proportion without."`
}

type keyLeak struct {
	At     string `json:"at" format:"date-time"`
	Source string `json:"source"`
	URL    string `json:"url"`
}

type freshKeyOut struct{ Body freshKey }

type freshKey struct {
	APIKey
	Key string `json:"key" doc:"Shown this once."`
}

type createKeyIn struct{ Body keyDraft }

type keyDraft struct {
	Format          string         `json:"format,omitempty" enum:"sk,ub_live,ub_test,pk_live,userorbit" default:"sk"`
	Name            string         `json:"name" minLength:"1" maxLength:"200"`
	Scopes          []access.Right `json:"scopes,omitempty" nullable:"false" minItems:"1" enum:"feedback:read,feedback:write,feedback:moderate,documents:read,documents:write,people:read,people:write,events:read,events:write,tokens:mint,apps:read,apps:manage,users:read,users:manage,keys:manage,members:read,members:manage,audit:read,people:erase,usage:read,org:read,org:manage,org:delete,orgs:administer" doc:"Without, what keys of the format are given by default."`
	AppID           string         `json:"appId,omitempty" pattern:"^[0-9a-f]{24}$" doc:"Binds the key to one App: others do not exist for it."`
	AllowedNetworks []string       `json:"allowedNetworks,omitempty" nullable:"false" maxItems:"100" format:"cidr"`
	NotBefore       string         `json:"notBefore,omitempty" format:"date-time"`
	ExpiresAt       string         `json:"expiresAt,omitempty" format:"date-time"`
	Limit           *keyLimit      `json:"limit,omitempty"`
}

type rotateKeyIn struct {
	ID   string `path:"id"`
	Body keyRotation
}

type keyRotation struct {
	OverlapSeconds int `json:"overlapSeconds,omitempty" minimum:"0" maximum:"2592000" default:"0" doc:"For how long the former key still works."`
}

// Check names what the schema cannot say, but for what depends on the time.
func (in *createKeyIn) Check(caller auth.Principal) error { return in.faults(caller, time.Time{}) }

// faults names everything that is wrong at once.
func (in *createKeyIn) faults(caller auth.Principal, now time.Time) error {
	draft, misspelled := in.draft()
	faults := append(apierr.Issues(draft.Check(caller.By(), now)), misspelled...)
	if most := ceiling(caller.Numbers, draft.Format); draft.Limit != nil && draft.Limit.Limit > most {
		faults = append(faults, apierr.Issue{
			Path: []any{"limit", "limit"}, Code: "too_big", Message: fmt.Sprintf("must be at most %d, which is what the Org has", most),
		})
	}
	if len(faults) > 0 {
		return apierr.Body(faults...)
	}
	return nil
}

// ceiling is what keys of that format may do at most: a key's own limit takes from the Org's, and adds nothing.
func ceiling(numbers limit.Numbers, format string) int64 {
	if format == apikey.AuthWorx().Name {
		return numbers.Policy(gate.AuthWorxByKey()).Limit
	}
	return numbers.Policy(gate.APIByKey()).Limit
}

func (in *createKeyIn) draft() (draft manage.KeyDraft, misspelled []apierr.Issue) {
	said := in.Body
	fault := func(message string, path ...any) {
		misspelled = append(misspelled, apierr.Issue{Path: path, Code: "invalid_format", Message: message})
	}
	read := func(text, field string) time.Time {
		if text == "" {
			return time.Time{}
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			fault("must be an RFC 3339 date and time", field)
		}
		return at.UTC().Truncate(time.Millisecond)
	}
	draft = manage.KeyDraft{
		Format: said.Format, Name: said.Name, Scopes: said.Scopes, App: userz.ID(said.AppID),
		NotBefore: read(said.NotBefore, "notBefore"), ExpiresAt: read(said.ExpiresAt, "expiresAt"),
	}
	for i, text := range said.AllowedNetworks {
		network, err := netip.ParsePrefix(text)
		if err != nil || network.Addr().Is4In6() { // which no address is compared as
			fault("must be a network in CIDR notation", "allowedNetworks", i)
		}
		draft.Networks = append(draft.Networks, network.Masked())
	}
	if l := said.Limit; l != nil {
		draft.Limit = &tenant.Rate{Limit: l.Limit, Burst: l.Burst}
	}
	return draft, misspelled
}

func keyView(key apikey.Key, rights []access.Right, used, now time.Time) APIKey {
	view := APIKey{
		ID: key.ID.String(), Format: key.Format, Name: key.Name, Prefix: key.Prefix, Last4: key.Last4,
		Scopes: append([]access.Right{}, key.Scopes...), EffectiveScopes: append([]access.Right{}, rights...),
		AllowedNetworks: make([]string, len(key.Networks)), CreatedBy: key.CreatedBy, CreatedAt: userz.Time(key.CreatedAt),
		NotBefore: moment(key.NotBefore), ExpiresAt: moment(key.ExpiresAt), RevokedAt: moment(key.RevokedAt),
		LastUsedAt: moment(used), IsActive: key.Live(now),
	}
	for i, network := range key.Networks {
		view.AllowedNetworks[i] = network.String()
	}
	if !key.App.IsZero() {
		app := key.App.String()
		view.AppID = &app
	}
	if !key.Replaces.IsZero() {
		former := key.Replaces.String()
		view.Replaces = &former
	}
	if key.Limit != nil {
		view.Limit = &keyLimit{Limit: key.Limit.Limit, Burst: key.Limit.Burst}
	}
	if key.Leak != nil {
		view.Leak = &keyLeak{At: userz.Time(key.Leak.At), Source: key.Leak.Source, URL: key.Leak.URL}
	}
	return view
}

package manage

import (
	"net/netip"
	"slices"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

// KeyDraft is an API key as it is asked for.
type KeyDraft struct {
	Format    string // empty: sk
	Name      string
	Scopes    []access.Right // nil: what its format is given by default
	App       id.ID
	Networks  []netip.Prefix
	NotBefore time.Time
	ExpiresAt time.Time
	Limit     *tenant.Rate
}

const maxNetworks = 100

// Check names every fault of the draft that can be told without a store, at once.
func (d KeyDraft) Check(by By, now time.Time) error {
	format, settled, err := d.settled(by)
	if err != nil {
		return err
	}
	return settled.check(by, format, now)
}

// settled is the draft with what it leaves out, and its format.
func (d KeyDraft) settled(by By) (apikey.Format, KeyDraft, error) {
	if d.Format == "" {
		d.Format = apikey.Secret().Name
	}
	format, known := apikey.FormatNamed(d.Format)
	if !known {
		return format, d, invalid("invalid_value", "must be sk, ub_live, ub_test, pk_live or userorbit", "format")
	}
	if d.Scopes == nil {
		d.Scopes = access.Both(format.Default, by.Rights)
		if !d.App.IsZero() {
			d.Scopes = access.Both(d.Scopes, access.InApp())
		}
	}
	return format, d, nil
}

func (d KeyDraft) check(by By, format apikey.Format, now time.Time) error {
	faults := apierr.Issues(checkName(d.Name))
	fault := func(code, message string, path ...any) {
		faults = append(faults, apierr.Issue{Path: path, Code: code, Message: message})
	}
	for i, scope := range d.Scopes {
		switch {
		case !slices.Contains(format.Scopes, scope):
			fault("invalid_value", "is no scope of keys of this format", "scopes", i)
		case !slices.Contains(by.Rights, scope):
			fault("forbidden", "is a scope that you do not have yourself", "scopes", i)
		case !d.App.IsZero() && !slices.Contains(access.InApp(), scope):
			fault("invalid_value", "concerns the whole Org, and this key is for one App", "scopes", i)
		}
	}
	if format.Name == apikey.Userorbit().Name && !d.App.IsZero() {
		fault("invalid_value", "must be left out: keys of this format are for the whole Org", "appId")
	}
	if len(d.Scopes) == 0 {
		fault("too_small", "leaves nothing that the key might do", "scopes")
	}
	if !d.ExpiresAt.IsZero() && !d.ExpiresAt.After(now) {
		fault("out_of_range", "must be in the future", "expiresAt")
	}
	if !d.ExpiresAt.IsZero() && !d.ExpiresAt.After(d.NotBefore) {
		fault("out_of_range", "must be before expiresAt", "notBefore")
	}
	if len(d.Networks) > maxNetworks {
		fault("too_big", "must have at most 100 items", "allowedNetworks")
	}
	if d.Limit != nil && (d.Limit.Limit < 0 || d.Limit.Burst < 0) {
		fault("out_of_range", "must not be negative", "limit")
	}
	if len(faults) > 0 {
		return apierr.Body(faults...)
	}
	return nil
}

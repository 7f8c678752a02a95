package auth

import (
	"context"
	"errors"
	"slices"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/tenant"
)

// KeyDoor is a door that API keys open.
type KeyDoor struct {
	Formats []apikey.Format
	Right   access.Right // empty: none in particular
	Budgets []gate.Policy
	PerOrg  bool // all keys of an Org draw from the same buckets (D21), within which each may have a limit of its own
	Slug    bool // the request names the key's Org, too (D27)
	Secret  bool // its keys are for servers: one that a browser presents has leaked
}

// Key admits an Org's own backend by an API key. It refuses text that is no key of the door's formats offline, with
// apierr.CodeInvalidKeyFormat, and every key that opens nothing (unknown, revoked, expired, not valid yet, of an Org that was
// given up) alike, with apierr.CodeInvalidKey; then keys presented from a network that is none of theirs, for an Org that is
// not theirs, or without the right.
func (a *Authenticator) Key(ctx context.Context, cred Credential, door KeyDoor) (Principal, gate.Verdict, error) {
	if !slices.ContainsFunc(door.Formats, func(f apikey.Format) bool { return f.Check(cred.Token) == nil }) {
		return Principal{}, gate.Verdict{}, a.misspelled(cred.Token, door)
	}
	hash := a.Hasher.Hash(cred.Token)
	judge := func(e *entry) (Principal, []gate.Draw, error) {
		caller := Principal{Org: e.org, Numbers: e.numbers, Key: e.key, Member: e.member, Rights: within(e.org, e.key.Rights(e.member)), Address: cred.Address, used: e.key.ID}
		if !e.key.Live(a.Now()) || !e.org.Open() { // it may have ended since it was loaded
			return caller, nil, invalidKey()
		}
		draws := door.draws(e)
		if !e.key.Admits(cred.Address) {
			return caller, draws, apierr.New(apierr.Forbidden, apierr.CodeAddressNotAllowed, "This API key may not be used from this address.")
		}
		if door.Slug && cred.OrgSlug != e.org.Slug {
			return caller, draws, wrongOrg()
		}
		return caller, draws, caller.permit(door.Right)
	}
	load := func(ctx context.Context) (*entry, error) { return a.loadKey(ctx, hash) }
	caller, verdict, err := a.admit(ctx, string(hash[:]), load, judge)
	if was, ok := errors.AsType[dead](err); ok {
		if err = invalidKey(); was.key != nil {
			caller = Principal{Org: tenant.Org{ID: was.key.Org}, Key: was.key, Address: cred.Address}
		}
	}
	if err == nil && door.Secret && cred.Origin != "" && caller.Key.Leak == nil {
		a.Leaked(*caller.Key, cred.Origin)
	}
	return caller, verdict, err
}

// draws are what one request costs. Where all keys share a bucket, one with numbers of its own has another besides.
func (d KeyDoor) draws(e *entry) []gate.Draw {
	draws := make([]gate.Draw, 0, 2*len(d.Budgets))
	for _, policy := range d.Budgets {
		own := gate.Draw{Policy: e.numbers.ForKey(policy, e.key.Limit), Bucket: e.key.ID.String(), Cost: 1}
		if d.PerOrg {
			draws = append(draws, gate.Draw{Policy: e.numbers.Policy(policy), Cost: 1})
		}
		if !d.PerOrg || own.Policy.Source == gate.FromKey {
			draws = append(draws, own)
		}
	}
	return draws
}

func (a *Authenticator) loadKey(ctx context.Context, hash apikey.Hash) (*entry, error) {
	key, err := a.Directory.KeyByHash(ctx, hash)
	if err != nil {
		return nil, err
	}
	if !key.Live(a.Now()) { // no more is looked up than of one that never was: how long it takes must not tell them apart
		return nil, dead{&key}
	}
	e := &entry{key: &key}
	if err := a.tenant(ctx, e, key.Org); err != nil {
		return nil, err
	}
	if key.Creator.IsZero() {
		return e, nil
	}
	creator, err := a.Directory.Member(ctx, key.Org, key.Creator)
	if err != nil && apierr.KindOf(err) != apierr.NotFound {
		return nil, err
	}
	e.member = &creator // one that is gone has no role, and leaves the key no right
	return e, nil
}

// misspelled tells a text with the wrong beginning from one that was mistyped.
func (a *Authenticator) misspelled(token string, door KeyDoor) error {
	for _, f := range door.Formats {
		if len(token) >= len(f.Prefix) && token[:len(f.Prefix)] == f.Prefix {
			return invalidKey()
		}
	}
	return apierr.New(apierr.Unauthenticated, apierr.CodeInvalidKeyFormat, "This is not an API key of this surface.")
}

func invalidKey() error {
	return apierr.New(apierr.Unauthenticated, apierr.CodeInvalidKey, "This API key is not valid.")
}

func wrongOrg() error {
	return apierr.New(apierr.Forbidden, apierr.CodeForbidden, "X-Org-Slug must name the organization of the credential.")
}

package auth

import (
	"context"
	"errors"
	"strings"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/core/tenant"
)

// SessionDoor is a door that logged-in members open.
type SessionDoor struct {
	Right  access.Right // empty: none in particular
	Budget gate.Policy
	Slug   bool // the request names the session's Org, too
	Closed bool // opens for an Org that was given up, so that it can be taken back
}

// Session admits a logged-in member by an access token. A token that is forged, or whose session has ended, is
// apierr.CodeInvalidAuthorization; one that is only too old, apierr.CodeTokenExpired.
func (a *Authenticator) Session(ctx context.Context, cred Credential, door SessionDoor) (Principal, gate.Verdict, error) {
	claims, err := a.Keyring.VerifyAccess(cred.Token, a.Now())
	if err != nil {
		return Principal{}, gate.Verdict{}, err
	}
	judge := func(e *entry) (Principal, []gate.Draw, error) {
		caller, err := a.speaker(e)
		caller.Address = cred.Address
		if err != nil {
			return caller, nil, err
		}
		draws := []gate.Draw{{Policy: e.numbers.Policy(door.Budget), Bucket: e.member.ID.String(), Cost: 1}}
		switch {
		case !e.org.Open() && !door.Closed:
			return caller, draws, apierr.New(apierr.Forbidden, apierr.CodeOrgClosing, "This organisation was given up; only its owner can take it back.")
		case door.Slug && cred.OrgSlug != e.org.Slug:
			return caller, draws, wrongOrg()
		}
		return caller, draws, caller.permit(door.Right)
	}
	load := func(ctx context.Context) (*entry, error) { return a.loadSession(ctx, claims) }
	caller, verdict, err := a.admit(ctx, sessionEntry(claims), load, judge)
	if errors.Is(err, errUnknown) {
		err = ended()
	}
	return caller, verdict, err
}

// Manage admits whoever manages an Org: a member by an access token, or a backend by an sk_ key.
func (a *Authenticator) Manage(ctx context.Context, cred Credential, member SessionDoor, key KeyDoor) (Principal, gate.Verdict, error) {
	if IsJWT(cred.Token) {
		return a.Session(ctx, cred, member)
	}
	return a.Key(ctx, cred, key)
}

// IsJWT tells a token that is a JWT from one that is a key: by its two dots (D15).
func IsJWT(token string) bool { return strings.Count(token, ".") == 2 }

// Verify tells whose access token a caller asks about, if it is a live one of the caller's own Org. It asks the gate
// nothing: what was current when the caller was admitted still is.
func (a *Authenticator) Verify(ctx context.Context, caller Principal, token string) (Principal, error) {
	claims, err := a.Keyring.VerifyAccess(token, a.Now())
	if err != nil {
		return Principal{}, err
	}
	if claims.Org != caller.Org.ID {
		return Principal{}, ended()
	}
	name := sessionEntry(claims)
	e, known := a.known.Get(name)
	if !known || caller.generation == 0 || e.generation != caller.generation || a.Now().Sub(e.loadedAt) >= entryLife {
		at := a.Now()
		if e, err = a.loadSession(ctx, claims); err != nil {
			if apierr.KindOf(err) == apierr.NotFound {
				err = ended()
			}
			return Principal{}, err
		}
		if caller.generation != 0 {
			e.generation, e.loadedAt = caller.generation, at
			a.known.Add(name, e)
		}
	}
	return a.speaker(e)
}

// speaker is who a session speaks for, while it does.
func (a *Authenticator) speaker(e *entry) (Principal, error) {
	caller := Principal{Org: e.org, Numbers: e.numbers, Member: e.member, Session: e.session, Rights: within(e.org, access.Of(e.member.Role)), generation: e.generation}
	if !e.session.Live(a.Now()) || e.member.Status != tenant.Active {
		return caller, ended()
	}
	return caller, nil
}

func (a *Authenticator) loadSession(ctx context.Context, claims session.Claims) (*entry, error) {
	live, err := a.Directory.Session(ctx, claims.Org, claims.Session)
	if err != nil {
		return nil, err
	}
	member, err := a.Directory.Member(ctx, claims.Org, live.Member)
	if err != nil {
		return nil, err
	}
	e := &entry{member: &member, session: &live}
	return e, a.tenant(ctx, e, claims.Org)
}

// sessionEntry is the cache's name for a session; no key's hash is spelled like it.
func sessionEntry(of session.Claims) string {
	return "session:" + of.Org.String() + of.Session.String()
}

func ended() error {
	return apierr.New(apierr.Unauthenticated, apierr.CodeInvalidAuthorization, "This token is not valid.")
}

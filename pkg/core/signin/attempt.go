package signin

import (
	"context"
	"encoding/hex"
	"errors"
	"net/netip"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

// staleTries bounds the repeats of a draw while the gate keeps losing its memory.
const staleTries = 8

var errRestless = errors.New("signin: the gate keeps forgetting")

// attempt lets somebody try a secret. It counts as failed, for the account and for the address, before the secret is looked
// at, so that racing guesses cannot pass together; what was no wrong guess is given back. All are counted under the zero id:
// an address has as many tries as it has, at however many Orgs, and what it meets does not tell which of them there are.
func (i *Issuer) attempt(ctx context.Context, address netip.Addr, account string, try func() error) error {
	numbers, err := limit.Find(ctx, i.Store, i.Plans, tenant.Org{})
	if err != nil {
		return err
	}
	draws := []gate.Draw{
		{Policy: numbers.Policy(gate.LoginByAccount()), Bucket: i.bucket("account", account), Cost: 1},
		{Policy: numbers.Policy(gate.LoginByAddress()), Bucket: i.bucket("address", gate.Neighbourhood(address)), Cost: 1},
	}
	if err := i.draw(ctx, draws); err != nil {
		return err
	}
	err = try()
	if err == nil || !guessed(err) {
		for n := range draws {
			draws[n].Cost = -1
		}
		// Should it fail, one try less is left for a while: no reason to turn anybody away who was right.
		_ = i.draw(context.WithoutCancel(ctx), draws)
	}
	return err
}

// guessed tells a wrong guess from any other way to fail.
func guessed(err error) bool {
	code := apierr.Of(err).Code
	return code == apierr.CodeInvalidCredentials || code == apierr.CodeInvalidCode
}

func (i *Issuer) draw(ctx context.Context, draws []gate.Draw) error {
	for range staleTries {
		generation, err := i.Gate.Generation(ctx, id.Zero)
		if err != nil {
			return apierr.Away(err)
		}
		verdict, err := i.Gate.Check(ctx, gate.Ask{Org: id.Zero, Generation: generation, Draws: draws})
		switch {
		case err != nil:
			return apierr.Away(err)
		case verdict.Stale:
			continue
		case !verdict.Allowed():
			return verdict.Refusal("Too many failed attempts; please try again later.")
		}
		return nil
	}
	return apierr.Away(errRestless)
}

// bucket names a bucket without telling whose it is, at a length that nobody chooses.
func (i *Issuer) bucket(kind, whose string) string {
	sum := i.Hasher.Hash("login:" + kind + ":" + whose)
	return hex.EncodeToString(sum[:12])
}

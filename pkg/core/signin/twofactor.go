package signin

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

// Enroll draws a TOTP secret for a member, in base32 and as the URL of a QR code. It asks for nothing until Enable; enrolling
// again before draws another. While one is enabled it is apierr.Conflict.
func (i *Issuer) Enroll(ctx context.Context, by audit.Actor, org, member id.ID) (key, link secret.String, err error) {
	owned, err := i.Store.Org(ctx, org)
	if err != nil {
		return "", "", err
	}
	plain := i.random(totpSize)
	changed, err := i.change(ctx, by, org, member, "two_factor.enroll", func(m *tenant.Member) error {
		if m.TwoFactor.Enabled() {
			return enabled()
		}
		sealed, err := i.Keyset.Seal(plain, owner(*m))
		m.TwoFactor = &tenant.TwoFactor{Sealed: sealed}
		return err
	})
	if err != nil {
		return "", "", err
	}
	key = secret.String(spellKey(plain))
	return key, linkTo(owned, changed, key), nil
}

// Enable asks for the enrolled second factor from now on, if code proves that the member has it. The recovery codes are
// shown once.
func (i *Issuer) Enable(ctx context.Context, by audit.Actor, org, member id.ID, code secret.String) (recovery []secret.String, err error) {
	err = i.guarded(ctx, by, org, member, func(tenant.Member) error {
		_, err := i.change(ctx, by, org, member, "two_factor.enable", func(m *tenant.Member) error {
			switch {
			case m.TwoFactor.Enabled():
				return enabled()
			case m.TwoFactor == nil:
				return apierr.New(apierr.Conflict, apierr.CodeChanged, "Enrol a second factor first.")
			}
			left, _, err := i.redeem(*m, code)
			if err != nil {
				return err
			}
			left.EnabledAt = i.now()
			recovery, left.Recovery = i.drawRecovery(*m)
			m.TwoFactor = left
			return nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return recovery, nil
}

// Disable makes the password alone log in again, for who proves both. Where there is no second factor the password alone is
// asked for, so that the call is safe to repeat.
func (i *Issuer) Disable(ctx context.Context, by audit.Actor, org, member id.ID, password, code secret.String) error {
	return i.guarded(ctx, by, org, member, func(stored tenant.Member) error {
		if err := i.verify(ctx, stored, password); err != nil {
			return err
		}
		_, err := i.change(ctx, by, org, member, "two_factor.disable", func(m *tenant.Member) error {
			if m.TwoFactor.Enabled() {
				if _, _, err := i.redeem(*m, code); err != nil {
					return err
				}
			}
			m.TwoFactor = nil
			return nil
		})
		return err
	})
}

// guarded lets a member try a secret, within the limits of failed log-ins.
func (i *Issuer) guarded(ctx context.Context, by audit.Actor, org, member id.ID, try func(tenant.Member) error) error {
	stored, err := i.Store.Member(ctx, org, member)
	if err != nil {
		return err
	}
	address, _ := netip.ParseAddr(by.Address)
	return i.attempt(ctx, address, member.String(), func() error { return try(stored) })
}

// change is one of a member's second factor: written down before it happens, repeated when it meets another one of the same
// member, and announced.
func (i *Issuer) change(ctx context.Context, by audit.Actor, org, member id.ID, action string, edit func(*tenant.Member) error) (tenant.Member, error) {
	for try := 1; ; try++ {
		changed, err := i.Store.Member(ctx, org, member)
		if err != nil {
			return changed, err
		}
		if err := edit(&changed); err != nil {
			return changed, err
		}
		what := audit.Change{Action: action, Target: audit.Target{Kind: "member", ID: member.String(), Name: changed.Email}}
		err = i.Journal.Record(ctx, org, by, what, func() error { return i.Store.ReplaceMember(ctx, org, changed) })
		if err == nil {
			return changed, i.announce(ctx, org)
		}
		if apierr.Of(err).Code != apierr.CodeChanged || try == changeTries {
			return changed, err
		}
	}
}

// announce makes whatever was loaded before stale, everywhere. Should it fail the call fails as apierr.Unavailable; the
// change is stored by then.
func (i *Issuer) announce(ctx context.Context, org id.ID) error {
	if err := i.Gate.Bump(ctx, org); err != nil {
		return apierr.Away(fmt.Errorf("signin: the change is stored but could not be announced: %w", err))
	}
	return nil
}

// linkTo spells what authenticator apps read from a QR code.
func linkTo(org tenant.Org, member tenant.Member, key secret.String) secret.String {
	issuer := "Heard (" + org.Slug + ")"
	query := url.Values{"secret": {key.Reveal()}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	link := url.URL{
		Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + member.Email,
		RawQuery: strings.ReplaceAll(query.Encode(), "+", "%20"), // apps show a plus as it stands
	}
	return secret.String(link.String())
}

func enabled() error {
	return apierr.New(apierr.Conflict, apierr.CodeAlreadyExists, "A second factor is enabled already.")
}

package signin

import (
	"context"
	"strings"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

// Login takes an e-mail address and a password, and the code of a second factor where one is known already. A member who
// has a second factor and sent no code is given a partial token to go on with. An unknown Org, an unknown address and a
// wrong password are the same refusal and take as long; that an account is suspended learns only who knows its password. An
// Org that was given up lets in its owners alone. The Login tells the Org also of who is refused, for its ledger alone.
func (i *Issuer) Login(ctx context.Context, from From, email string, password, code secret.String) (Login, error) {
	org, member, err := i.find(ctx, from.Org, email)
	if err != nil {
		return Login{Org: org}, err
	}
	account := member.ID.String()
	if member.ID.IsZero() {
		account = from.Org + "\x00" + strings.ToLower(email)
	}
	var login Login
	err = i.attempt(ctx, from.Address, account, func() error {
		if err := i.verify(ctx, member, password); err != nil {
			return err
		}
		if err := admit(org, member); err != nil {
			return err
		}
		if member.TwoFactor.Enabled() && code == "" {
			login, err = i.partly(org, member)
			return err
		}
		login, err = i.prove(ctx, from, org, member, code)
		return err
	})
	login.Org = org
	return login, err
}

// VerifySecondFactor completes a log-in with a code of six digits or a recovery code. Neither works twice, whoever races. A
// partial token that is too old is apierr.CodeTokenExpired. The Login tells the Org that was named also of who is refused, for
// its ledger alone.
func (i *Issuer) VerifySecondFactor(ctx context.Context, from From, partial, code secret.String) (Login, error) {
	org, err := i.called(ctx, from.Org)
	if err != nil {
		return Login{}, err
	}
	login, err := i.complete(ctx, from, partial, code)
	if err != nil {
		login.Org = org
	}
	return login, err
}

func (i *Issuer) complete(ctx context.Context, from From, partial, code secret.String) (Login, error) {
	claims, err := i.Keyring.VerifyPartial(partial.Reveal(), i.Now())
	if err != nil {
		return Login{}, err
	}
	org, member, err := i.named(ctx, from, claims.Org, claims.Member)
	if err != nil {
		return Login{}, err
	}
	if err := admit(org, member); err != nil {
		return Login{}, err
	}
	if !member.TwoFactor.Enabled() { // not any more: back to the password
		return Login{}, refused()
	}
	var login Login
	err = i.attempt(ctx, from.Address, member.ID.String(), func() error {
		login, err = i.prove(ctx, from, org, member, code)
		return err
	})
	return login, err
}

// find looks for a member by what people type. Who is not there is a zero Member, and costs as many reads as who is.
func (i *Issuer) find(ctx context.Context, slug, email string) (tenant.Org, tenant.Member, error) {
	org, err := i.called(ctx, slug)
	if err != nil {
		return org, tenant.Member{}, err
	}
	member, err := i.Store.MemberByEmail(ctx, org.ID, email)
	if err != nil && apierr.KindOf(err) != apierr.NotFound {
		return org, tenant.Member{}, err
	}
	return org, member, nil
}

// called is the Org of a slug, or the zero Org.
func (i *Issuer) called(ctx context.Context, slug string) (tenant.Org, error) {
	org, err := i.Store.OrgBySlug(ctx, slug)
	if err != nil && apierr.KindOf(err) == apierr.NotFound {
		return tenant.Org{}, nil
	}
	return org, err
}

// named finds whom a token speaks for. Who is gone is refused like a token that never was.
func (i *Issuer) named(ctx context.Context, from From, org, member id.ID) (tenant.Org, tenant.Member, error) {
	o, errOrg := i.Store.Org(ctx, org)
	m, errMember := i.Store.Member(ctx, org, member)
	for _, err := range []error{errOrg, errMember} {
		switch {
		case err == nil:
		case apierr.KindOf(err) == apierr.NotFound:
			return o, m, refused()
		default:
			return o, m, err
		}
	}
	if from.Org != "" && from.Org != o.Slug {
		return o, m, refused()
	}
	return o, m, nil
}

// verify refuses a password that is not the member's; a zero Member's takes as long.
func (i *Issuer) verify(ctx context.Context, member tenant.Member, password secret.String) error {
	right, err := i.Passwords.Verify(ctx, member.PasswordHash, password)
	if err == nil && !right {
		err = apierr.New(apierr.Unauthenticated, apierr.CodeInvalidCredentials, "Invalid email or password.")
	}
	return err
}

// prove uses up a code, if the member has a second factor, and opens a session.
func (i *Issuer) prove(ctx context.Context, from From, org tenant.Org, member tenant.Member, code secret.String) (Login, error) {
	second := none
	if member.TwoFactor.Enabled() {
		var err error
		if member, second, err = i.spend(ctx, member, code); err != nil {
			return Login{}, err
		}
	}
	return i.open(ctx, from, org, member, second)
}

func (i *Issuer) partly(org tenant.Org, member tenant.Member) (Login, error) {
	now := i.now()
	token, err := i.Keyring.SignPartial(org.ID, member.ID, now)
	return Login{Org: org, Member: member, Partial: token, ExpiresAt: now.Add(session.PartialLife)}, err
}

func refused() error {
	return apierr.New(apierr.Unauthenticated, apierr.CodeInvalidAuthorization, "This token is not valid.")
}

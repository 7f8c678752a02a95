package signin

import (
	"context"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/secret"
)

// factor is what somebody proved besides the password.
type factor string

const (
	none         factor = "none"
	totpCode     factor = "totp"
	recoveryCode factor = "recovery_code"
)

const (
	totpSize   = 20 // bytes of a TOTP secret [RFC 4226, 4: 160 bits]
	totpPeriod = 30 * time.Second
	totpSkew   = 1 // steps that a phone's clock may be off
	totpDigits = 6

	recoveryCodes = 10
	recoveryHalf  = 5 // characters, of 5 bits each
)

// readable are 32 characters that nobody takes for one another.
const readable = "abcdefghijkmnpqrstuvwxyz23456789"

// changeTries bounds the retries of a change that meets others of the same member.
const changeTries = 5

// spend uses a code up, and gives the member as stored then. Of many who race with one code, one is let through.
func (i *Issuer) spend(ctx context.Context, member tenant.Member, code secret.String) (tenant.Member, factor, error) {
	for try := 1; ; try++ {
		if !member.TwoFactor.Enabled() {
			return member, none, refused()
		}
		left, second, err := i.redeem(member, code)
		if err != nil {
			return member, none, err
		}
		member.TwoFactor = left
		err = i.Store.ReplaceMember(ctx, member.Org, member)
		if err == nil {
			member.Version++
			return member, second, nil
		}
		if apierr.Of(err).Code != apierr.CodeChanged || try == changeTries {
			return member, none, err
		}
		if member, err = i.Store.Member(ctx, member.Org, member.ID); err != nil {
			return member, none, err
		}
	}
}

// redeem gives the member's second factor as it is when the code is used up, or refuses the code.
func (i *Issuer) redeem(member tenant.Member, code secret.String) (*tenant.TwoFactor, factor, error) {
	left := *member.TwoFactor
	typed := strings.ToLower(strings.NewReplacer(" ", "", "-", "").Replace(code.Reveal()))
	if len(typed) == totpDigits {
		step, err := i.step(member, typed)
		left.LastStep = step
		return &left, totpCode, err
	}
	hash := i.recoveryHash(member, typed)
	n := slices.IndexFunc(left.Recovery, func(one []byte) bool { return subtle.ConstantTimeCompare(one, hash) == 1 })
	if n < 0 {
		return nil, none, wrongCode()
	}
	left.Recovery = slices.Delete(slices.Clone(left.Recovery), n, n+1)
	return &left, recoveryCode, nil
}

// step finds the time step whose code was typed, among those that are neither too far off nor used up.
func (i *Issuer) step(member tenant.Member, typed string) (int64, error) {
	key, err := i.Keyset.Open(member.TwoFactor.Sealed, owner(member))
	if err != nil {
		return 0, fmt.Errorf("signin: a second factor does not open: %w", err)
	}
	present := i.Now().Unix() / int64(totpPeriod.Seconds())
	for step := present - totpSkew; step <= present+totpSkew; step++ {
		code, err := hotp.GenerateCodeCustom(spellKey(key), uint64(step), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			return 0, fmt.Errorf("signin: make a code: %w", err)
		}
		if step > member.TwoFactor.LastStep && subtle.ConstantTimeCompare([]byte(code), []byte(typed)) == 1 {
			return step, nil
		}
	}
	return 0, wrongCode()
}

// drawRecovery draws recovery codes, and what is stored of them.
func (i *Issuer) drawRecovery(member tenant.Member) (codes []secret.String, hashes [][]byte) {
	for range recoveryCodes {
		text := i.random(2 * recoveryHalf)
		for n, b := range text {
			text[n] = readable[int(b)%len(readable)] // 256 is a multiple of 32
		}
		codes = append(codes, secret.String(string(text[:recoveryHalf])+"-"+string(text[recoveryHalf:])))
		hashes = append(hashes, i.recoveryHash(member, string(text)))
	}
	return codes, hashes
}

func (i *Issuer) recoveryHash(member tenant.Member, typed string) []byte {
	sum := i.Hasher.Hash("recovery:" + owner(member) + ":" + typed)
	return sum[:]
}

func (i *Issuer) random(n int) []byte {
	bytes := make([]byte, n)
	if _, err := io.ReadFull(i.Random, bytes); err != nil {
		panic("signin: no randomness: " + err.Error())
	}
	return bytes
}

// owner binds what is sealed or hashed to its member.
func owner(m tenant.Member) string { return "totp/" + m.Org.String() + "/" + m.ID.String() }

// spellKey spells a TOTP secret as authenticator apps take it.
func spellKey(key []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(key)
}

func wrongCode() error {
	return apierr.New(apierr.Unauthenticated, apierr.CodeInvalidCode, "This code is not valid.")
}

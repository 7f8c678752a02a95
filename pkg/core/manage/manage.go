// Package manage changes tenants and their credentials. No change is without an entry in the audit log, and each is
// effective everywhere when its call returns.
package manage

import (
	"context"
	"encoding/base32"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/plan"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

// Store is what a Manager keeps its changes in.
type Store interface {
	tenant.Store
	apikey.Store
	session.Store
	erasure.Store
	limit.Store
}

// Deps are what a Manager works with.
type Deps struct {
	Store     Store
	Gate      gate.Gate
	Plans     plan.Plans
	Hasher    apikey.Hasher
	Keyset    secret.Keyset
	Passwords *tenant.Passwords
	Journal   *audit.Journal
	IDs       *id.Source
	Now       func() time.Time
	Random    io.Reader
}

// Manager changes tenants and credentials.
type Manager struct{ Deps }

// New makes a Manager.
func New(deps Deps) *Manager { return &Manager{deps} }

// By is who makes a change, and how far that goes: nobody gives more than they have, or decides about those above them.
type By struct {
	audit.Actor
	Role     access.Role
	Rights   []access.Right
	OnBehalf id.ID // for an API key: the member who made it; zero when an operator did
}

// Operator is the By of a command on the machine itself: nothing is above it.
func Operator(command string) By {
	return By{Actor: audit.Operator(command), Role: access.Owner, Rights: access.Rights()}
}

// system is the By of what Heard does on its own.
func system(what string) By {
	return By{Actor: audit.System(what), Role: access.Owner, Rights: access.Rights()}
}

// changeTries bounds the retries of a change that meets others of the same thing.
const changeTries = 5

// change writes down what is about to happen, lets it happen, and makes whatever was loaded before stale, everywhere. A
// change that fails leaves an entry that says so.
func (m *Manager) change(ctx context.Context, org id.ID, by By, what audit.Change, write func() error) error {
	if err := m.Journal.Record(ctx, org, by.Actor, what, write); err != nil {
		return err
	}
	return m.announce(ctx, org)
}

// retried repeats a change that met another one of the same thing.
func retried(attempt func() error) error {
	for try := 1; ; try++ {
		err := attempt()
		if err == nil || apierr.Of(err).Code != apierr.CodeChanged || try == changeTries {
			return err
		}
	}
}

// announce makes whatever was loaded before stale, everywhere. Should it fail the call fails as apierr.Unavailable; the
// change is stored by then, and the call is safe to repeat.
func (m *Manager) announce(ctx context.Context, org id.ID) error {
	if err := m.Gate.Bump(ctx, org); err != nil {
		return apierr.Away(fmt.Errorf("manage: the change is stored but could not be announced: %w", err))
	}
	return nil
}

// now is the time as stores keep it.
func (m *Manager) now() time.Time { return m.Now().UTC().Truncate(time.Millisecond) }

func required(field string) error { return invalid("required", "is required", field) }

func invalid(code, message string, path ...any) error {
	return apierr.Body(apierr.Issue{Path: path, Code: code, Message: message})
}

// maxName is the longest name of anything, in characters.
const maxName = 200

func checkName(name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return required("name")
	case utf8.RuneCountInString(name) > maxName:
		return invalid("too_big", fmt.Sprintf("must have at most %d characters", maxName), "name")
	}
	return nil
}

// NewPassword is 120 random bits, spelled to be typed.
func NewPassword(random io.Reader) secret.String {
	var bits [15]byte
	if _, err := io.ReadFull(random, bits[:]); err != nil {
		panic("manage: no randomness: " + err.Error())
	}
	return secret.String(strings.ToLower(base32.StdEncoding.EncodeToString(bits[:])))
}

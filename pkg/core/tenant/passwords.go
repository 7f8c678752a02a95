package tenant

import (
	"context"
	"io"
	"unicode/utf8"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/secret"
)

// Passwords checks and hashes passwords, a few at a time: each hash takes 19 MiB and a core's whole attention.
type Passwords struct {
	random io.Reader
	turns  chan struct{}
}

// NewPasswords makes a Passwords that hashes at most atOnce of them at the same time.
func NewPasswords(random io.Reader, atOnce int) *Passwords {
	return &Passwords{random: random, turns: make(chan struct{}, atOnce)}
}

// Check refuses a password of unfit length, one that is known to be weak, and one that says who its owner is.
func (p *Passwords) Check(password secret.String, known ...string) error {
	issue := apierr.Issue{Path: []any{"password"}}
	switch plain := password.Reveal(); {
	case utf8.RuneCountInString(plain) < MinPassword:
		issue.Code, issue.Message = "too_small", "must have at least 8 characters"
	case len(plain) > MaxPassword:
		issue.Code, issue.Message = "too_big", "must have at most 1024 bytes"
	case weak(plain, known):
		issue.Code, issue.Message = "too_weak", "is among the first that anybody would guess"
	default:
		return nil
	}
	return apierr.Body(issue)
}

// Hash is HashPassword when its turn comes.
func (p *Passwords) Hash(ctx context.Context, password secret.String) (hash string, err error) {
	if err := p.wait(ctx); err != nil {
		return "", err
	}
	defer p.done()
	return HashPassword(password, p.random)
}

// Verify is VerifyPassword when its turn comes.
func (p *Passwords) Verify(ctx context.Context, hash string, password secret.String) (bool, error) {
	if err := p.wait(ctx); err != nil {
		return false, err
	}
	defer p.done()
	return VerifyPassword(hash, password), nil
}

func (p *Passwords) wait(ctx context.Context) error {
	select {
	case p.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return apierr.Away(ctx.Err())
	}
}

func (p *Passwords) done() { <-p.turns }

// Package usertoken is the end user's token: what an App's own backend says, signed, about who sits before the screen.
package usertoken

import (
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/jsonobject"
	"github.com/heard-dev/heard/pkg/id"
)

// What a token may hold and how long it lives [Userz /docs/api/tokens].
const (
	DefaultTTL = time.Hour
	MinTTL     = time.Minute
	MaxTTL     = 24 * time.Hour
	MaxSubject = 256     // characters
	MaxContext = 2 << 10 // bytes of JSON
)

// Skew is how far the clock of whoever minted a token may be off.
const Skew = 30 * time.Second

// MaxToken bounds the text of a token, in bytes, before anything reads it. A token of the largest claims is shorter.
const MaxToken = 8 << 10

// Claims is what a token says. Context is a JSON object in its shortest spelling, or nil. Times are whole seconds when New
// made them.
type Claims struct {
	Subject   string
	App       id.ID
	Context   []byte
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// New makes the claims of a token that lives for ttl from now on. Its issues are spelled as the mint route names its fields.
func New(sub string, app id.ID, ctx []byte, ttl time.Duration, now time.Time) (Claims, error) {
	var issues []apierr.Issue
	refuse := func(code, message, field string) {
		issues = append(issues, apierr.Issue{Path: []any{field}, Code: code, Message: message})
	}
	switch n := utf8.RuneCountInString(sub); {
	case !utf8.ValidString(sub):
		refuse("invalid_format", "must be valid UTF-8", "sub")
	case n < 1:
		refuse("too_small", "must have at least 1 character", "sub")
	case n > MaxSubject:
		refuse("too_big", "must have at most "+strconv.Itoa(MaxSubject)+" characters", "sub")
	}
	ctx, issue := jsonobject.Parse(ctx, MaxContext, "ctx")
	if issue != nil {
		issues = append(issues, *issue)
	}
	switch {
	case ttl < MinTTL:
		refuse("too_small", fmt.Sprintf("must be at least %d", MinTTL/time.Second), "expiresInSeconds")
	case ttl > MaxTTL:
		refuse("too_big", fmt.Sprintf("must be at most %d", MaxTTL/time.Second), "expiresInSeconds")
	}
	if len(issues) > 0 {
		return Claims{}, apierr.Body(issues...)
	}
	now = now.UTC().Truncate(time.Second)
	return Claims{Subject: sub, App: app, Context: ctx, IssuedAt: now, ExpiresAt: now.Add(ttl.Truncate(time.Second))}, nil
}

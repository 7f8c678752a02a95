package gate

import (
	"errors"

	"github.com/heard-dev/heard/pkg/apierr"
)

// spent is the private cause of a refusal: the Verdict that it rests on.
type spent struct{ verdict Verdict }

func (spent) Error() string { return "gate: a limit is reached" }

// Refusal says that the Verdict does not allow what was asked: by which policy, and for how long.
func (v Verdict) Refusal(message string) error {
	tightest, _ := v.Tightest()
	refusal := apierr.Wrap(spent{v}, apierr.Limited, apierr.CodeRateLimited, message)
	refusal.RetryAfter = tightest.RetryAfter
	refusal.Details = map[string]any{"policy": tightest.Policy.Name}
	return refusal
}

// Refused gives the Verdict whose Refusal an error is.
func Refused(err error) (Verdict, bool) {
	cause, ok := errors.AsType[spent](err)
	return cause.verdict, ok
}

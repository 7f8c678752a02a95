// Package secret holds what must never be shown: text that prints as stars, and values sealed at rest.
package secret

import (
	"crypto/subtle"
	"log/slog"
)

const stars = "***"

// String is a secret that prints, marshals and logs as stars. Only Reveal gives it away.
type String string

// Reveal gives the secret itself. Every call is a place to look at.
func (s String) Reveal() string { return string(s) }

// Equal compares in constant time.
func (s String) Equal(other String) bool {
	return subtle.ConstantTimeCompare([]byte(s), []byte(other)) == 1
}

func (s String) String() string { return stars }

// GoString keeps %#v from showing the secret.
func (s String) GoString() string { return stars }

// MarshalText keeps encoders from showing the secret.
func (s String) MarshalText() ([]byte, error) { return []byte(stars), nil }

// LogValue keeps slog from showing the secret.
func (s String) LogValue() slog.Value { return slog.StringValue(stars) }

package authworx

import (
	"net/http"
	"time"

	"github.com/heard-dev/heard/pkg/secret"
)

// Names of the cookies [AuthWorx /api-reference/tokens].
const (
	AccessCookie  = "access_token"
	RefreshCookie = "refresh_token"
	PartialCookie = "partial_token"
)

// Cookie is the Set-Cookie line of a token that lives that long: sent back to this API alone, over TLS, from pages of its own
// site, and never shown to a script.
func Cookie(name string, token secret.String, life time.Duration) string {
	return cookie(name, token.Reveal(), int(life.Seconds()))
}

// Forget is the line that makes a browser drop a cookie.
func Forget(name string) string { return cookie(name, "", -1) }

func cookie(name, value string, maxAge int) string {
	c := http.Cookie{Name: name, Value: value, Path: "/api/v1", MaxAge: maxAge, HttpOnly: true, Secure: true, SameSite: http.SameSiteStrictMode}
	return c.String()
}

package dialect

import (
	"net/http"
	"strings"

	"github.com/heard-dev/heard/pkg/apierr"
)

// Bearer reads `Authorization: Bearer <token>`: missing_authorization without the header, invalid_authorization when it
// says anything else.
func Bearer(header http.Header) (string, error) {
	values := header.Values("Authorization")
	if len(values) == 0 {
		return "", apierr.New(apierr.Unauthenticated, apierr.CodeMissingAuthorization, "The Authorization header is missing.")
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") || token == "" || strings.ContainsAny(token, " \t,") {
		return "", apierr.New(apierr.Unauthenticated, apierr.CodeInvalidAuthorization, "The Authorization header must be: Bearer <key>.")
	}
	return token, nil
}

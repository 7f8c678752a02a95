package dialect

import (
	"net/http"

	"github.com/heard-dev/heard/pkg/apierr"
)

// Status is the HTTP status of a Kind, for every vendor that documents no other.
func Status(kind apierr.Kind) int {
	switch kind {
	case apierr.Invalid:
		return http.StatusBadRequest
	case apierr.Unauthenticated:
		return http.StatusUnauthorized
	case apierr.Forbidden:
		return http.StatusForbidden
	case apierr.NotFound:
		return http.StatusNotFound
	case apierr.MethodNotAllowed:
		return http.StatusMethodNotAllowed
	case apierr.Timeout:
		return http.StatusRequestTimeout
	case apierr.Conflict:
		return http.StatusConflict
	case apierr.TooLarge:
		return http.StatusRequestEntityTooLarge
	case apierr.UnsupportedMedia:
		return http.StatusUnsupportedMediaType
	case apierr.Mismatch:
		return http.StatusUnprocessableEntity
	case apierr.Limited:
		return http.StatusTooManyRequests
	case apierr.Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

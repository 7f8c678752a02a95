package s3store

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/heard-dev/heard/pkg/apierr"
)

// sealed are the headers that would make something else of an upload: a copy of any object that our keys can read, whatever
// its size, and a body that unpacks to more. Amazon refuses the first unless it is signed, MinIO heeds both.
var sealed = [...]string{"X-Amz-Copy-Source", "Content-Encoding"}

// seal signs those headers as empty. MinIO takes a signed header that a request lacks from the query, so a plain PUT still
// works and one that brings such a header does not match. What other servers make of that is not known: it is for MinIO only.
func seal(query url.Values, bound http.Header) {
	for _, name := range sealed {
		query.Set(strings.ToLower(name), "")
		bound.Set(name, "")
	}
}

// isMinIO asks the server for its name, which it tells to anybody.
func (s *Store) isMinIO(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.s3.EndpointURL().String(), nil)
	if err != nil {
		return false, err
	}
	response, err := s.transport.RoundTrip(request)
	if err != nil {
		return false, apierr.Away(err)
	}
	if err := response.Body.Close(); err != nil {
		return false, apierr.Away(err)
	}
	return strings.HasPrefix(response.Header.Get("Server"), "MinIO"), nil
}

package diskstore

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/incident"
)

// refusal is an answer other than 200. S3 answers these requests on the other stores, so they are no API's errors: only
// their envelope is the native one.
type refusal struct {
	status  int
	code    apierr.Code
	message string
}

func (r refusal) Error() string { return string(r.code) + ": " + r.message }

var (
	errSignature = refusal{http.StatusForbidden, "invalid_signature", "This link was not given out for such a request."}
	errExpired   = refusal{http.StatusForbidden, "expired_signature", "This link has expired. Please ask for a new one."}
	errNoFile    = refusal{http.StatusNotFound, apierr.CodeNotFound, "No such attachment."}
	errMethod    = refusal{http.StatusMethodNotAllowed, apierr.CodeMethodNotAllowed, "Links take PUT or GET."}
	errNoLength  = refusal{http.StatusLengthRequired, "length_required", "The upload needs a Content-Length."}
	errTooLong   = refusal{http.StatusRequestEntityTooLarge, apierr.CodePayloadTooLarge, "The file is larger than was declared."}
	errTooShort  = refusal{http.StatusBadRequest, apierr.CodeInvalidBody, "The file is smaller than was declared."}
	errCutShort  = refusal{http.StatusBadRequest, apierr.CodeInvalidBody, "The upload ended before the file did."}
	errType      = refusal{http.StatusUnsupportedMediaType, apierr.CodeUnsupportedMedia, "The Content-Type is not the one that was declared."}
	errTaken     = refusal{http.StatusConflict, "conflict", "This link has been used: the file is there already."}
	errOurs      = refusal{http.StatusInternalServerError, apierr.CodeInternal, "Something went wrong on our side."}
)

type errorBody struct {
	Error struct {
		Code      apierr.Code `json:"code"`
		Message   string      `json:"message"`
		RequestID string      `json:"requestId,omitempty"` // of a 5xx (D5)
	} `json:"error"`
}

// requestID is the header in which whoever serves the Store has named the answer.
const requestID = "X-Request-Id"

func (s *Store) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var body errorBody
	answer, known := errors.AsType[refusal](err)
	switch {
	case known:
	case apierr.KindOf(err) == apierr.NotFound:
		answer = errNoFile
	default:
		answer = errOurs
		body.Error.RequestID = w.Header().Get(requestID)
		s.report(r, body.Error.RequestID, err)
	}
	body.Error.Code, body.Error.Message = answer.code, answer.message
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(answer.status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		s.log.DebugContext(r.Context(), "the client left before it was refused", "error", err)
	}
}

// report records and logs an answer that was our fault, with the cause the client never sees.
func (s *Store) report(r *http.Request, request string, cause error) {
	s.failed(incident.Incident{
		RequestID: request, Method: r.Method, Route: s.mount, Org: attachment.Owner(strings.TrimPrefix(r.URL.Path, s.mount)),
		Cause: cause.Error(), At: s.now(),
	})
	s.log.ErrorContext(r.Context(), "a file could not be served", "request_id", request, "method", r.Method, "path", r.URL.Path, "error", cause)
}

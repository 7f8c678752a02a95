package apierr

import "time"

// The codes of the native surface (https://userz.ai/docs/api and the decisions written in its OpenAPI document).
const (
	CodeInvalidBody          Code = "invalid_body"
	CodeInvalidQuery         Code = "invalid_query"
	CodeMissingAuthorization Code = "missing_authorization"
	CodeInvalidAuthorization Code = "invalid_authorization"
	CodeUnknownApp           Code = "unknown_app"
	CodeInvalidUserToken     Code = "invalid_user_token"
	CodeOriginNotAllowed     Code = "origin_not_allowed"
	CodePublicDisabled       Code = "public_disabled"
	CodeNotFound             Code = "not_found"
	CodeMethodNotAllowed     Code = "method_not_allowed"
	CodeRequestTimeout       Code = "request_timeout"
	CodeInvalidTransition    Code = "invalid_transition"
	CodeIdempotencyRunning   Code = "idempotency_in_progress"
	CodeIdempotencyMismatch  Code = "idempotency_mismatch"
	CodeAlreadyExists        Code = "already_exists"
	CodeChanged              Code = "changed_meanwhile"
	CodeForbidden            Code = "forbidden"
	CodeLastOwner            Code = "last_owner"
	CodeLimitReached         Code = "limit_reached"
	CodeAddressNotAllowed    Code = "address_not_allowed"
	CodeInvalidCredentials   Code = "invalid_credentials"
	CodeInvalidCode          Code = "invalid_code"
	CodeOrgClosing           Code = "org_closing"
	CodePayloadTooLarge      Code = "payload_too_large"
	CodeUnsupportedMedia     Code = "unsupported_media_type"
	CodeRateLimited          Code = "rate_limited"
	CodeInternal             Code = "internal_error"
)

// The codes that another surface tells apart where the native one does not.
const (
	CodeInvalidKeyFormat Code = "invalid_key_format" // the credential is not spelled like a key of this surface
	CodeInvalidKey       Code = "invalid_key"        // it is, but opens nothing: unknown, revoked, expired
	CodeTokenExpired     Code = "token_expired"
	CodeQuotaExceeded    Code = "quota_exceeded" // what a plan includes is used up, unlike a rate that recovers by itself
)

// Body is a 400 that names every fault found in a request body.
func Body(issues ...Issue) *Error {
	return &Error{Kind: Invalid, Code: CodeInvalidBody, Message: "The request body is not valid.", Issues: issues}
}

// Query is a 400 that names every fault found in the path, the query string or the headers.
func Query(issues ...Issue) *Error {
	return &Error{Kind: Invalid, Code: CodeInvalidQuery, Message: "The request's parameters are not valid.", Issues: issues}
}

// Missing is the answer for what does not exist and for what is another tenant's, so that neither can be told apart.
func Missing(what string) *Error {
	return New(NotFound, CodeNotFound, "No such "+what+".")
}

// Away is a store that cannot be reached or did not answer: whether a write took place is unknown, and the caller may try
// again.
func Away(cause error) *Error {
	e := Wrap(cause, Unavailable, CodeInternal, "A part of the service is away for a moment; please try again.")
	e.RetryAfter = time.Second
	return e
}

package httpkit

import (
	"io"
	"net/http"
	"strings"
)

// Linger makes the server close only its own half once it has answered, and wait a moment before the other: a client that
// is still sending then reads the answer rather than a reset. By itself net/http does so unless the client had asked with
// Expect: 100-continue; it can be told by nothing but an http.MaxBytesReader that was read too far.
func Linger(w http.ResponseWriter) {
	for wrapped, ok := w.(wrapper); ok; wrapped, ok = w.(wrapper) {
		w = wrapped.Unwrap()
	}
	tooLong := http.MaxBytesReader(w, io.NopCloser(strings.NewReader("x")), 0)
	_, _ = tooLong.Read(make([]byte, 1)) // it fails, which is what it is for
}

type wrapper interface{ Unwrap() http.ResponseWriter }

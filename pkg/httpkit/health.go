package httpkit

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/heard-dev/heard/pkg/dialect"
)

// readyWithin bounds how long the stores may take to say that they are there.
const readyWithin = 2 * time.Second

// ready answers whether requests should be sent here. /healthz never asks a store: a restart does not mend one. Who routes by
// the answer asks for /readyz?exclude=stores: a store that is away is away for every replica, and without any the gateway
// would answer in words of its own.
func (k *Kit) ready(w http.ResponseWriter, r *http.Request) {
	if k.Draining != nil && k.Draining() {
		health(w, http.StatusServiceUnavailable, "unavailable")
		return
	}
	if r.URL.Query().Get("exclude") == "stores" {
		health(w, http.StatusOK, "ok")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), readyWithin)
	defer cancel()
	switch {
	case k.Ready(ctx) != nil:
		health(w, http.StatusServiceUnavailable, "unavailable")
	case k.Degraded != nil && k.Degraded(ctx):
		health(w, http.StatusOK, "degraded") // a reason to look, and none to send requests elsewhere
	default:
		health(w, http.StatusOK, "ok")
	}
}

func health(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", dialect.JSON)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	io.WriteString(w, `{"status":"`+text+`"}`+"\n") //nolint:errcheck // the prober is gone; there is nobody to tell
}

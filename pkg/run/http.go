package run

import (
	"context"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
)

// maxHeaderBytes is ample for the largest header we read, a user token of some 3 KB; net/http grants 4 KiB on top.
const maxHeaderBytes = 16 << 10

func newHTTPServer(requests context.Context, cfg Config, handler http.Handler, env *Env) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Server{
		Handler:           lastAnswers(handler, env),
		Protocols:         protocols,
		ReadHeaderTimeout: cfg.ReadHeaderTimeout,
		ReadTimeout:       cfg.ReadTimeout,
		WriteTimeout:      cfg.WriteTimeout,
		IdleTimeout:       cfg.IdleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		BaseContext:       func(net.Listener) context.Context { return requests },
		ErrorLog:          log.New(serverLog{env.Telemetry.Logger}, "", 0),
	}
}

// lastAnswers tells clients, while the process drains, to send their next request elsewhere.
func lastAnswers(handler http.Handler, env *Env) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if env.Draining() {
			w.Header().Set("Connection", "close")
		}
		handler.ServeHTTP(w, r)
	})
}

// serverLog takes the lines of http.Server. Strangers can cause most of them, so they are for debugging; a panic that no
// middleware caught, or a listener that cannot accept, is ours.
type serverLog struct{ log *slog.Logger }

func (s serverLog) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line))
	level := slog.LevelDebug
	if strings.HasPrefix(text, "http: panic") || strings.HasPrefix(text, "http: Accept") {
		level = slog.LevelError
	}
	s.log.Log(context.Background(), level, text)
	return len(line), nil
}

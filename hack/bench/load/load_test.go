package load_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heard-dev/heard/hack/bench/load"
)

func TestEveryRequestIsAnsweredAndCountedOnce(t *testing.T) {
	for name, size := range map[string]int{"an empty body": 0, "a length": 100, "chunks": 100_000} {
		t.Run(name, func(t *testing.T) {
			var served atomic.Int64
			address := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if body, err := io.ReadAll(r.Body); err != nil || string(body) != "said" {
					t.Errorf("%q, %v", body, err)
				}
				served.Add(1)
				w.WriteHeader(http.StatusCreated)
				io.WriteString(w, strings.Repeat("x", size)) //nolint:errcheck // the client sees it
			})
			client, err := load.Dial(address, 4)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close() //nolint:errcheck // nothing is under way
			request := load.Request{Status: http.StatusCreated, Bytes: []byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nsaid")}
			for range 2 {
				served.Store(0)
				sample, err := client.Run(request, 20*time.Millisecond)
				if err != nil {
					t.Fatal(err)
				}
				if counted := len(sample.Latencies); counted < 4 || int64(counted) != served.Load() {
					t.Errorf("counted %d, served %d", counted, served.Load())
				}
				if sample.Percentile(50) > sample.Percentile(99) || sample.Percentile(100) > sample.Elapsed {
					t.Errorf("half within %s, all within %s of %s", sample.Percentile(50), sample.Percentile(100), sample.Elapsed)
				}
			}
		})
	}
}

func TestAnAnswerOfAnotherStatusIsAnError(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "slow down", http.StatusTooManyRequests) })
	client, err := load.Dial(address, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close() //nolint:errcheck // nothing is under way
	_, err = client.Run(load.Request{Status: http.StatusOK, Bytes: []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")}, time.Second)
	if err == nil || !strings.Contains(err.Error(), "429: slow down") {
		t.Error(err)
	}
}

func serve(t *testing.T, handler http.HandlerFunc) (address string) {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

package run_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/config"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/telemetry"
)

// patience is how long a test waits for what must happen.
const patience = 10 * time.Second

// process is an App that is being served.
type process struct {
	addr  string
	stop  context.CancelFunc
	ended chan error
}

func defaults(t *testing.T) run.Config {
	t.Helper()
	cfg, err := config.Load[run.Config]([]string{"HEARD_ADDR=127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func newEnv() *run.Env { return &run.Env{Telemetry: telemetry.Discard()} }

func serve(t *testing.T, cfg run.Config, env *run.Env, app run.App) *process {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	p := &process{stop: stop, ended: make(chan error, 1)}
	ready := make(chan net.Addr, 1)
	app.Ready = func(addr net.Addr) { ready <- addr }
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		p.ended <- run.Serve(ctx, cfg, app, env)
	}()
	t.Cleanup(func() { stop(); <-gone })
	p.addr = receive(t, ready).String()
	return p
}

func receive[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case value := <-from:
		return value
	case <-time.After(patience):
		t.Fatal("waited in vain")
		panic("unreachable")
	}
}

func (p *process) url(path string) string { return "http://" + p.addr + path }

func newClient(keepAlive bool) *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: !keepAlive}, Timeout: patience}
}

// get asks on a connection of its own.
func get(url string) (string, error) {
	answer, err := newClient(false).Get(url)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}

func TestStoppingUnderLoadAnswersEveryRequestAndRefusesNewConnections(t *testing.T) {
	var begun, answered atomic.Int64
	enough := make(chan struct{})
	p := serve(t, defaults(t), newEnv(), run.App{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := begun.Add(1)
		if n == 300 {
			close(enough)
		}
		time.Sleep(time.Duration(n%20) * time.Millisecond) // so that the stop meets requests at every stage
		if r.Context().Err() == nil {
			_, _ = io.Copy(w, r.Body)
		}
	})})

	var clients sync.WaitGroup
	for i := range 24 {
		clients.Go(func() {
			client := newClient(i%3 > 0)
			defer client.CloseIdleConnections()
			for {
				time.Sleep(time.Duration(i) * time.Millisecond) // so that the stop meets connections between two requests
				var reused atomic.Bool
				ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
					GotConn: func(info httptrace.GotConnInfo) { reused.Store(info.Reused) },
				})
				// A POST is not repeated by the client: what it meets is what the server did.
				request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url("/"), strings.NewReader("hello"))
				if err != nil {
					t.Error(err)
					return
				}
				answer, err := client.Do(request)
				if err != nil {
					if reused.Load() {
						t.Errorf("a request on a connection that had been accepted failed: %v", err)
					}
					return
				}
				body, err := io.ReadAll(answer.Body)
				_ = answer.Body.Close()
				if err != nil || string(body) != "hello" {
					t.Errorf("answer = %q, %v", body, err)
				}
				answered.Add(1)
			}
		})
	}
	receive(t, enough)
	p.stop()
	if err := receive(t, p.ended); err != nil {
		t.Errorf("Serve = %v", err)
	}
	clients.Wait()
	if begun.Load() != answered.Load() {
		t.Errorf("%d requests were begun, %d answered", begun.Load(), answered.Load())
	}
	if _, err := net.Dial("tcp", p.addr); err == nil {
		t.Error("a new connection was accepted after the end")
	}
}

func TestDrainDelayAnnouncesTheEndWhileConnectionsAreStillAccepted(t *testing.T) {
	cfg := defaults(t)
	cfg.DrainDelay = 300 * time.Millisecond
	env := newEnv()
	p := serve(t, cfg, env, run.App{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, env.Draining())
	})})
	if body, err := get(p.url("/readyz")); body != "false" || err != nil {
		t.Fatalf("before: draining = %s, %v", body, err)
	}
	p.stop()
	for body := "false"; body != "true"; {
		var err error
		if body, err = get(p.url("/readyz")); err != nil {
			t.Fatalf("refused before the delay was announced: %v", err)
		}
	}
	if _, err := get(p.url("/readyz")); err != nil {
		t.Errorf("refused in the delay: %v", err)
	}
	if err := receive(t, p.ended); err != nil {
		t.Errorf("Serve = %v", err)
	}
}

func TestARequestThatOutlivesTheDrainIsCutAndReported(t *testing.T) {
	cfg := defaults(t)
	cfg.DrainTimeout = 50 * time.Millisecond
	inside, left, closed := make(chan struct{}), make(chan struct{}), make(chan struct{})
	p := serve(t, cfg, newEnv(), run.App{
		Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			defer close(left)
			close(inside)
			<-r.Context().Done()
			time.Sleep(20 * time.Millisecond) // to roll back, say
		}),
		Close: func(context.Context) error {
			select {
			case <-left:
			default:
				t.Error("the App was closed under a handler")
			}
			close(closed)
			return nil
		},
	})
	// With a body left unread, the server does not notice that the connection is gone.
	if _, err := io.WriteString(dial(t, p), "POST / HTTP/1.1\r\nHost: heard\r\nContent-Length: 9\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	receive(t, inside)
	p.stop()
	if err := receive(t, p.ended); err == nil {
		t.Error("Serve returned nil although a request was cut off")
	}
	receive(t, closed)
}

func TestALoopThatFailsStopsTheProcessInOrder(t *testing.T) {
	broken := errors.New("broken")
	for name, fail := range map[string]func() error{
		"error": func() error { return broken },
		"panic": func() error { panic(broken) },
	} {
		t.Run(name, func(t *testing.T) {
			inside, done := make(chan struct{}), make(chan string, 3)
			env := newEnv()
			p := serve(t, defaults(t), env, run.App{
				Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					close(inside)
					for !env.Draining() {
						time.Sleep(time.Millisecond)
					}
					_, _ = fmt.Fprint(w, "answered")
					done <- "request"
				}),
				Loops: []func(context.Context) error{
					func(context.Context) error { return nil }, // done, which is no reason to stop
					func(context.Context) error { <-inside; return fail() },
					func(ctx context.Context) error {
						<-ctx.Done()
						done <- "loop"
						return fmt.Errorf("stopped: %w", ctx.Err())
					},
				},
				Close: func(context.Context) error { done <- "close"; return nil },
			})
			if body, err := get(p.url("/")); body != "answered" || err != nil {
				t.Errorf("the request in flight got %q, %v", body, err)
			}
			err := receive(t, p.ended)
			if err == nil || !strings.Contains(err.Error(), broken.Error()) || errors.Is(err, context.Canceled) {
				t.Errorf("Serve = %v", err)
			}
			if order := []string{<-done, <-done, <-done}; !slices.Equal(order, []string{"request", "loop", "close"}) {
				t.Errorf("order = %v", order)
			}
		})
	}
}

func TestTheAppIsClosedEvenIfItCannotListen(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	cfg := defaults(t)
	cfg.Addr = taken.Addr().String()
	closed := false
	err = run.Serve(t.Context(), cfg, run.App{Close: func(context.Context) error { closed = true; return nil }}, newEnv())
	if err == nil || !closed {
		t.Errorf("Serve = %v, closed = %v", err, closed)
	}
}

func TestDeadlinesMustLeaveRoomForEachOther(t *testing.T) {
	for _, setting := range []string{
		"HEARD_MAX_CONNECTIONS=0", "HEARD_READ_HEADER_TIMEOUT=-1s", "HEARD_READ_TIMEOUT=1s", "HEARD_WRITE_TIMEOUT=40s",
		"HEARD_IDLE_TIMEOUT=0s", "HEARD_DRAIN_DELAY=-1s", "HEARD_DRAIN_TIMEOUT=20s",
	} {
		_, err := config.Load[run.Config]([]string{setting})
		faults, _ := errors.AsType[config.Faults](err)
		if name, _, _ := strings.Cut(setting, "="); len(faults) != 1 || faults[0].Name != name {
			t.Errorf("%s: %v", setting, err)
		}
	}
}

// Package hostile proves, on the built product, that clients who mean ill cost others nothing, and that its end costs no
// answer.
package hostile

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/heard-dev/heard/hack/stack"
)

// patience is how long an honest answer may take on a machine that is busy with the attack, and how late a deadline may be.
const patience = 10 * time.Second

// product is the all-in-one as a process.
type product struct {
	*stack.AllInOne
	t    *testing.T
	addr string
}

func TestMain(m *testing.M) {
	bin, err := programs()
	if err == nil {
		err = stack.Build(context.Background(), bin, stack.AllInOneProgram)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func programs() (string, error) {
	root, err := stack.Root()
	return filepath.Join(root, "bin", "split"), err
}

// start starts the product with these variables, for as long as the test lasts.
func start(t *testing.T, env ...string) *product {
	t.Helper()
	bin, err := programs()
	must(t, err)
	running, err := stack.StartAllInOne(t.Context(), stack.Options{Bin: bin, Env: env})
	must(t, err)
	t.Cleanup(func() { must(t, running.Close()) })
	return &product{AllInOne: running, t: t, addr: strings.TrimPrefix(running.URL, "http://")}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// submission begins a submission whose body has that length, or is chunked where it is negative. Each comes from an address
// of its own, so that none is refused for its rate.
func (p *product) submission(length int) string {
	framing := "Transfer-Encoding: chunked"
	if length >= 0 {
		framing = fmt.Sprintf("Content-Length: %d", length)
	}
	return fmt.Sprintf("POST /v1/feedback HTTP/1.1\r\nHost: heard\r\nAuthorization: Bearer %s\r\nX-Forwarded-For: 10.%d.%d.%d\r\n"+
		"Content-Type: application/json\r\n%s\r\n\r\n", p.Demo.Apps[0].PublicKey, rand.IntN(256), rand.IntN(256), rand.IntN(256), framing)
}

// list is a request for the largest page.
func (p *product) list() string {
	return "GET /v1/feedback?limit=100 HTTP/1.1\r\nHost: heard\r\nAuthorization: Bearer " + p.Demo.Keys["userz"] + "\r\n\r\n"
}

const health = "GET /healthz HTTP/1.1\r\nHost: heard\r\n\r\n"

// said is a submission's body.
func said(text string) string { return `{"text":` + strconv.Quote(text) + `}` }

// conn is one client's connection.
type conn struct {
	net.Conn
	in *bufio.Reader
}

func (p *product) dial() (*conn, error) {
	c, err := net.DialTimeout("tcp", p.addr, patience)
	if err != nil {
		return nil, err
	}
	// Thousands of closed connections would keep their ports for a minute.
	return &conn{c, bufio.NewReaderSize(c, 512)}, c.(*net.TCPConn).SetLinger(0)
}

// ask sends a whole request and reads its whole answer.
func (c *conn) ask(request string) (status int, last bool, err error) {
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return 0, false, err
	}
	if _, err := io.WriteString(c, request); err != nil {
		return 0, false, err
	}
	return c.answer()
}

func (c *conn) answer() (status int, last bool, err error) {
	response, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return 0, false, err
	}
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, response.Close, err
}

// limit is how long the connection may be used from now on.
func (p *product) limit(c net.Conn, within time.Duration) {
	if err := c.SetDeadline(time.Now().Add(within)); err != nil {
		p.t.Error(err)
	}
}

// resident is the memory that a process has, in bytes; 0 where the system does not tell.
func resident(t *testing.T, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if os.IsNotExist(err) {
		return 0
	}
	must(t, err)
	for line := range strings.Lines(string(status)) {
		if kib, found := strings.CutPrefix(line, "VmRSS:"); found {
			n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(kib), " kB"), 10, 64)
			must(t, err)
			return n << 10
		}
	}
	return 0
}

// descriptors lets this process, and those it starts, open so many files.
func descriptors(t *testing.T, want uint64) {
	t.Helper()
	var limit syscall.Rlimit
	must(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	if limit.Cur >= want {
		return
	}
	// Beyond the hard limit only root may go.
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: want, Max: max(want, limit.Max)}); err != nil {
		t.Fatalf("this needs %d open files, and the system's hard limit is %d (ulimit -Hn): %v", want, limit.Max, err)
	}
}

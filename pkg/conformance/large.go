package conformance

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const maxSubmission = 8 << 20

// refusesWhatIsTooLarge is U9 and D4.
func (s *suite) refusesWhatIsTooLarge(t *testing.T) {
	app := s.app(t, s.OrgID, anybody())
	who := user(t, app)
	s.submit(t, who, `{"text":"x"}`+strings.Repeat(" ", maxSubmission-len(`{"text":"x"}`)))
	key := as{token: s.key(t, s.OrgID).Text}
	item := s.submit(t, who, said("x"))
	for _, row := range []struct {
		who          as
		method, path string
		length       int
	}{
		{who, "POST", "/v1/feedback", maxSubmission + 1},
		{who, "POST", "/v1/feedback", 1 << 40},
		{who, "POST", "/v1/feedback/upload-url", 20_000},
		{key, "PATCH", "/v1/feedback/" + item, 20_000},
		{key, "POST", "/v1/tokens/mint?appId=" + app.ID, 20_000},
	} {
		// The headers alone are sent, so whoever reads the body first never answers.
		start := ""
		if s.BehindGateway {
			start = strings.Repeat("x", 0x1000)
		}
		got, closes := s.raw(t, row.who, row.method, row.path, fmt.Sprintf("Content-Length: %d", row.length), start)
		got.refused(t, http.StatusRequestEntityTooLarge, "payload_too_large")
		if !closes && !s.BehindGateway {
			t.Errorf("%s does not say that it closes the connection", got)
		}
		got, _ = s.raw(t, row.who, row.method, row.path, "Transfer-Encoding: chunked", "10000\r\n"+strings.Repeat("x", 0x10000)+"\r\n")
		got.refused(t, http.StatusRequestEntityTooLarge, "payload_too_large")
		if !s.BehindGateway {
			s.endless(t, row.who, row.method, row.path)
		}
	}
	reserve := func(size int) answer {
		t.Helper()
		return s.ask(t, who, "POST", "/v1/feedback/upload-url", map[string]any{"contentType": "image/png", "byteSize": size, "kind": "screenshot"})
	}
	reserve(15<<20).is(t, http.StatusOK)
	reserve(15<<20+1).refused(t, http.StatusRequestEntityTooLarge, "payload_too_large")
	reserve(1<<40).refused(t, http.StatusRequestEntityTooLarge, "payload_too_large")
}

// endless sends a body without an end by an ordinary client, which must get its answer rather than a broken connection.
func (s *suite) endless(t *testing.T, who as, method, path string) {
	t.Helper()
	for _, expect := range []string{"", "100-continue"} { // curl asks so before every large body
		got := s.ask(t, who, method, path, spaces{}, "Expect", expect)
		got.refused(t, http.StatusRequestEntityTooLarge, "payload_too_large")
	}
}

// spaces is white space without an end.
type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// raw sends headers and then that chunk for ever, or nothing, and gives the answer and whether it ends the connection.
func (s *suite) raw(t *testing.T, who as, method, path, length, chunk string) (got answer, closes bool) {
	t.Helper()
	conn := s.dial(t)
	defer conn.Close() //nolint:errcheck // there is nothing left to say
	if err := conn.SetDeadline(time.Now().Add(15 * time.Second)); err != nil {
		t.Fatal(err)
	}
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: heard\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n%s\r\n", method, path, who.token, length)
	if who.user != "" {
		head += "X-Userz-User-Token: " + who.user + "\r\n"
	}
	if _, err := io.WriteString(conn, head+"\r\n"); err != nil {
		t.Fatal(err)
	}
	if chunk != "" {
		go func() {
			for {
				if _, err := io.WriteString(conn, chunk); err != nil {
					return
				}
			}
		}()
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%s %s with %s: no answer: %v", method, path, length, err)
	}
	got, err = s.read(method, path, response)
	if err != nil {
		t.Fatal(err)
	}
	return got, response.Close
}

func (s *suite) dial(t *testing.T) net.Conn {
	t.Helper()
	base, err := url.Parse(s.BaseURL)
	if err != nil {
		t.Fatal(err)
	}
	port := base.Port()
	if port == "" {
		port = base.Scheme
	}
	address := net.JoinHostPort(base.Hostname(), port)
	var conn net.Conn
	if base.Scheme == "https" {
		conn, err = tls.Dial("tcp", address, nil)
	} else {
		conn, err = net.Dial("tcp", address)
	}
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

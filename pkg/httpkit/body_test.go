package httpkit_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
)

// patience is far longer than anything here takes.
const patience = 20 * time.Second

// connect opens a connection and begins a POST of a note, its body's length announced, or chunked.
func (s *site) connect(server *httptest.Server, length int64) *net.TCPConn {
	s.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	s.must(err)
	s.Cleanup(func() { _ = conn.Close() })
	s.must(conn.SetDeadline(time.Now().Add(patience)))
	framing := fmt.Sprintf("Content-Length: %d", length)
	if length < 0 {
		framing = "Transfer-Encoding: chunked"
	}
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: heard\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n%s\r\n\r\n",
		notes, s.app.PublicKey, framing)
	s.must(err)
	return conn.(*net.TCPConn)
}

// answer reads a refusal from a connection.
func (s *site) answer(conn net.Conn) (*http.Response, fault) {
	s.Helper()
	w, err := http.ReadResponse(bufio.NewReader(conn), nil)
	s.must(err)
	body, err := io.ReadAll(w.Body)
	s.must(err)
	return w, s.fault(body)
}

func TestABodyWithoutEndIsCutAsSoonAsItIsTooLong(t *testing.T) {
	s := newSite(t)
	conn := s.connect(s.listen(func(*http.Server) {}), -1)
	sent := make(chan int)
	go func() {
		chunk, n := fmt.Appendf(nil, "1000\r\n%s\r\n", bytes.Repeat([]byte(" "), 4096)), 0
		for {
			written, err := conn.Write(chunk)
			if n += written; err != nil {
				sent <- n
				return
			}
		}
	}()
	w, f := s.answer(conn)
	if w.StatusCode != 413 || f.Code != string(apierr.CodePayloadTooLarge) || !w.Close {
		t.Errorf("%d %+v, closed %t", w.StatusCode, f, w.Close)
	}
	if n := <-sent; n > 64<<20 { // what sockets buffer, and what the server reads on for a moment
		t.Errorf("%d bytes were taken", n)
	}
}

func TestABodyOfTheLargestSizeIsTakenAndNoneLarger(t *testing.T) {
	s := newSite(t)
	const text = `{"text":"x"}`
	for length, status := range map[int]int{maxNote: 201, maxNote + 1: 413} {
		body := text + strings.Repeat(" ", length-len(text))
		announced, chunked := s.request(http.MethodPost, notes, strings.NewReader(body)), s.request(http.MethodPost, notes, strings.NewReader(body))
		chunked.ContentLength = -1
		for _, r := range []*http.Request{announced, chunked} {
			w := s.do(r)
			if w.Code != status || (w.Header().Get("Connection") == "close") != (status == 413) {
				t.Errorf("%d bytes, length announced %d: %d %v", length, r.ContentLength, w.Code, w.Header())
			}
		}
	}
}

func TestABodyThatStopsHalfwayIsRefused(t *testing.T) {
	s := newSite(t)
	server := s.listen(func(c *http.Server) { c.ReadTimeout = 300 * time.Millisecond })
	slow, short := s.connect(server, 100), s.connect(server, 100)
	for _, conn := range []net.Conn{slow, short} {
		_, err := io.WriteString(conn, `{"text":`)
		s.must(err)
	}
	s.must(short.CloseWrite())
	if w, f := s.answer(short); w.StatusCode != 400 || f.Code != string(apierr.CodeInvalidBody) {
		t.Errorf("cut short: %d %+v", w.StatusCode, f)
	}
	if w, f := s.answer(slow); w.StatusCode != 408 || f.Code != string(apierr.CodeRequestTimeout) || !w.Close {
		t.Errorf("too slow: %d %+v", w.StatusCode, f)
	}
	if met := s.met(); len(met) > 0 {
		t.Errorf("%+v", met)
	}
}

// Large bodies that trickle hold no more than what they sent, and nobody up.
func TestTricklingBodiesHoldNobodyUp(t *testing.T) {
	s := newSite(t)
	server := s.listen(func(*http.Server) {})
	beginning := []byte(`{"text":"` + strings.Repeat(" ", 70<<10))
	for range 100 {
		conn := s.connect(server, maxNote)
		_, err := conn.Write(beginning)
		s.must(err)
	}
	small := s.connect(server, 12)
	_, err := io.WriteString(small, `{"text":"x"}`)
	s.must(err)
	w, err := http.ReadResponse(bufio.NewReader(small), nil)
	s.must(err)
	if w.StatusCode != http.StatusCreated {
		t.Errorf("a small body among them: %d", w.StatusCode)
	}
}

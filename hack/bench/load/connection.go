package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// connection speaks just enough HTTP/1.1 to send one request and to find the end of its answer.
type connection struct {
	net.Conn
	answers *bufio.Reader
}

func newConnection(conn net.Conn) *connection {
	return &connection{Conn: conn, answers: bufio.NewReaderSize(conn, 64<<10)}
}

// repeat gives the latency of each request.
func (c *connection) repeat(request Request, until time.Time) ([]time.Duration, error) {
	if err := c.SetDeadline(until.Add(answerWithin)); err != nil {
		return nil, err
	}
	taken := make([]time.Duration, 0, 1<<14)
	for now := time.Now(); now.Before(until); {
		if _, err := c.Write(request.Bytes); err != nil {
			return taken, err
		}
		if err := c.answer(request.Status); err != nil {
			return taken, err
		}
		answered := time.Now()
		taken = append(taken, answered.Sub(now))
		now = answered
	}
	return taken, nil
}

var errNoLength = errors.New("load: an answer without a length")

// answer reads one answer and forgets it, unless its status is another than expected.
func (c *connection) answer(expected int) error {
	line, err := c.answers.ReadSlice('\n')
	if err != nil {
		return err
	}
	if len(line) < len("HTTP/1.1 200") {
		return fmt.Errorf("load: not HTTP: %q", line)
	}
	status, err := strconv.Atoi(string(line[9:12]))
	if err != nil {
		return fmt.Errorf("load: not HTTP: %q", line)
	}
	length, chunked := -1, false
	for {
		line, err := c.answers.ReadSlice('\n')
		if err != nil {
			return err
		}
		name, value, _ := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(": "))
		switch {
		case len(name) == 0:
			return c.body(status, expected, length, chunked)
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		}
	}
}

func (c *connection) body(status, expected, length int, chunked bool) error {
	if status != expected {
		text := make([]byte, min(max(length, 0), 1<<10))
		_, err := io.ReadFull(c.answers, text)
		return errors.Join(fmt.Errorf("load: answered %d: %s", status, text), err)
	}
	if chunked {
		return c.chunks()
	}
	if length < 0 {
		return errNoLength
	}
	_, err := c.answers.Discard(length)
	return err
}

func (c *connection) chunks() error {
	for {
		line, err := c.answers.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseUint(string(bytes.TrimRight(line, "\r\n")), 16, 31)
		if err != nil {
			return err
		}
		if _, err := c.answers.Discard(int(size) + len("\r\n")); err != nil || size == 0 {
			return err
		}
	}
}

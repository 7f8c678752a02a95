package strictjson

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/heard-dev/heard/pkg/apierr"
)

// segment is a step of the path: a position, a field's name, or a caller's key as it stands in the document.
type segment struct {
	index int // -1: a name or a key
	name  string
	key   []byte
}

// respelling is an integer written with a fraction or an exponent, or as -0: not every Go integer decodes from that.
type respelling struct {
	start, end int
	value      int64
}

// offset is where the token read last ends.
func (c *checker) offset() int { return int(c.tokens.InputOffset()) }

// token reads a bracket or a literal. It reports false when the document ends there for good.
func (c *checker) token() bool {
	if _, err := c.tokens.ReadToken(); err != nil {
		c.malformed(err)
		return false
	}
	return true
}

// open reads the bracket that opens an object or an array.
func (c *checker) open() bool {
	if len(c.path) >= MaxDepth {
		c.refuse(TooDeep, fmt.Sprintf("is nested deeper than %d levels", MaxDepth), c.where())
		return false
	}
	return c.token()
}

// scalar reads a string or a number as it stands in the document.
func (c *checker) scalar() ([]byte, bool) {
	raw, err := c.tokens.ReadValue()
	if err != nil {
		c.malformed(err)
		return nil, false
	}
	// The decoder's slice is good only until it reads on; ours lasts as long as the body.
	end := c.offset()
	return c.body[end-len(raw) : end], true
}

// unquote gives a string without quotes and escapes, until the next call.
func (c *checker) unquote(raw []byte) []byte {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1]
	}
	c.plain, _ = jsontext.AppendUnquote(c.plain[:0], raw) // the decoder has found it valid
	return c.plain
}

// report adds a fault of the value at hand.
func (c *checker) report(code, message string) {
	if c.done {
		return
	}
	c.issues = append(c.issues, apierr.Issue{Path: c.where(), Code: code, Message: message})
	c.done = len(c.issues) == MaxIssues
}

// refuse ends the reading with a fault that makes all others pointless.
func (c *checker) refuse(code, message string, path []any) {
	c.issues, c.done = []apierr.Issue{{Path: path, Code: code, Message: message}}, true
}

// malformed tells in our own words what the decoder stumbled on: its words quote the document.
func (c *checker) malformed(err error) {
	at := len(c.body)
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		at = int(syntax.ByteOffset)
	}
	message := "is not valid JSON at byte %d"
	switch rest := c.body[min(at, len(c.body)):]; {
	case errors.Is(err, io.EOF):
		message = "is empty, up to byte %d"
	case errors.Is(err, io.ErrUnexpectedEOF):
		message = "ends too early, at byte %d"
	case startsBadly(rest):
		message = "is not valid UTF-8 at byte %d"
	}
	c.refuse(InvalidJSON, fmt.Sprintf(message, at), []any{})
}

func startsBadly(text []byte) bool {
	r, size := utf8.DecodeRune(text)
	return r == utf8.RuneError && size == 1
}

func (c *checker) where() []any {
	path := make([]any, len(c.path))
	for i := range c.path {
		step := &c.path[i]
		if step.index >= 0 {
			path[i] = step.index
			continue
		}
		if step.key != nil { // once: the key of an object with many faults may be long
			plain, _ := jsontext.AppendUnquote(make([]byte, 0, len(step.key)), step.key)
			step.name, step.key = clip(string(plain)), nil
		}
		path[i] = step.name
	}
	return path
}

// nameSet tells whether a name has been seen in one object. It keeps 64-bit hashes under a random seed: two names that
// differ are taken for one less often than memory fails, and nobody can aim for it.
type nameSet struct {
	base int // of its part of checker.names
	many map[uint64]struct{}
}

// fewNames is how many are looked through one by one, which beats a map up to about there.
const fewNames = 32

// add reports whether name is new to the set.
func (c *checker) add(set *nameSet, name []byte) bool {
	hash := maphash.Bytes(c.seed, name)
	if set.many == nil {
		few := c.names[set.base:]
		if slices.Contains(few, hash) {
			return false
		}
		if len(few) < fewNames {
			c.names = append(c.names, hash)
			return true
		}
		set.many = make(map[uint64]struct{}, 2*fewNames)
		for _, seen := range few {
			set.many[seen] = struct{}{}
		}
	}
	_, seen := set.many[hash]
	set.many[hash] = struct{}{}
	return !seen
}

var errNotWhole = errors.New("not a whole number")

// isPlain reports whether an integer is spelled so that every Go integer of its range decodes from it.
func isPlain(raw []byte) bool {
	return !bytes.ContainsAny(raw, ".eE") && string(raw) != "-0"
}

// parseInteger reads a JSON number of any spelling exactly: 1.0 and 1e3 are whole. What does not fit is
// strconv.ErrRange and the end of int64 it lies beyond.
func parseInteger(raw []byte) (int64, error) {
	if isPlain(raw) {
		return strconv.ParseInt(string(raw), 10, 64)
	}
	mantissa, power := raw, 0
	if i := bytes.IndexAny(raw, "eE"); i >= 0 {
		mantissa = raw[:i]
		power, _ = strconv.Atoi(string(raw[i+1:])) // an overflow comes as the end it lies beyond
		power = min(max(power, -1<<32), 1<<32)     // and then is not to overflow below
	}
	digits, negative := bytes.CutPrefix(mantissa, []byte("-"))
	before, after, _ := bytes.Cut(digits, []byte("."))
	digits = bytes.TrimLeft(slices.Concat(before, after), "0")
	significant := bytes.TrimRight(digits, "0")
	power += len(digits) - len(significant) - len(after)
	switch {
	case len(significant) == 0:
		return 0, nil
	case power < 0:
		return 0, errNotWhole
	}
	plain := make([]byte, 0, 24)
	if negative {
		plain = append(plain, '-')
	}
	plain = append(plain, significant...)
	plain = append(plain, bytes.Repeat([]byte("0"), min(power, 20))...) // 20 digits are beyond int64 already
	return strconv.ParseInt(string(plain), 10, 64)
}

// respell gives the body with every integer spelled plainly.
func (c *checker) respell() []byte {
	plain := make([]byte, 0, len(c.body))
	from := 0
	for _, r := range c.respelled {
		plain = append(plain, c.body[from:r.start]...)
		plain = strconv.AppendInt(plain, r.value, 10)
		from = r.end
	}
	return append(plain, c.body[from:]...)
}

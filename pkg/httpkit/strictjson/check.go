package strictjson

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/heard-dev/heard/pkg/apierr"
)

// checker is one pass over one document.
type checker struct {
	body   []byte
	source bytes.Buffer // a bytes.Buffer is what the decoder reads without a copy
	tokens jsontext.Decoder
	seed   maphash.Seed

	path      []segment
	names     []uint64 // the hashed names of every open object, the innermost last
	plain     []byte   // a string without its escapes
	issues    []apierr.Issue
	respelled []respelling
	done      bool
}

func (c *checker) run(s *Schema, body []byte) {
	c.seed, c.body, c.done = s.seed, body, false
	c.source = *bytes.NewBuffer(body)
	c.tokens.Reset(&c.source, jsontext.AllowDuplicateNames(true))
	c.value(s.root)
	if c.done {
		return
	}
	end := c.offset()
	if rest := bytes.TrimLeft(body[end:], " \t\r\n"); len(rest) > 0 {
		c.refuse(InvalidJSON, fmt.Sprintf("has more data after its end, at byte %d", len(body)-len(rest)), []any{})
	}
}

// forget lets go of the document, and of memory that only a huge one needed.
func (c *checker) forget() {
	c.body, c.issues, c.source = nil, nil, bytes.Buffer{}
	c.tokens.Reset(&c.source)
	clear(c.path[:cap(c.path)])
	c.path, c.names, c.respelled = c.path[:0], c.names[:0], nil
	if cap(c.plain) > 64<<10 {
		c.plain = nil
	}
}

// value checks the next value. What has the wrong type is still read, for the rules that hold everywhere.
func (c *checker) value(n *node) {
	kind := c.tokens.PeekKind()
	if n != nil && !n.takes(kind) {
		c.report(InvalidType, n.wrongType)
		n = nil
	}
	if c.done {
		return
	}
	switch kind {
	case '{':
		c.object(n)
	case '[':
		c.array(n)
	case '"':
		c.text(n)
	case '0':
		c.number(n)
	default: // a literal, or what begins no value
		c.token()
	}
}

func (n *node) takes(kind jsontext.Kind) bool {
	switch kind {
	case 'n':
		return n.nullable
	case 't', 'f':
		return n.kind == 't'
	case '{', '[', '"', '0':
		return n.kind == kind
	}
	return true // no value at all: a fault of syntax, not of type
}

func (c *checker) object(n *node) {
	rule := &objectRule{size: sizes{max: math.MaxInt}}
	if n != nil {
		rule = n.object
	}
	if !c.open() {
		return
	}
	var seen uint64
	others := nameSet{base: len(c.names)}
	count := 0
	for c.tokens.PeekKind() == '"' {
		key, ok := c.scalar()
		if !ok {
			return
		}
		count++
		name := c.unquote(key)
		i, known := rule.index[string(name)]
		var child *node
		var repeated bool
		if known {
			c.path = append(c.path, segment{index: -1, name: rule.fields[i].name})
			child = rule.fields[i].node
			repeated = seen&(1<<i) != 0
			seen |= 1 << i
		} else {
			c.path = append(c.path, segment{index: -1, key: key})
			child = rule.others
			repeated = !c.add(&others, name)
		}
		switch {
		case repeated:
			c.report(DuplicateKey, "appears twice")
		case !known && rule.closed:
			c.report(UnrecognizedKeys, "is not a known field")
		}
		if c.value(child); c.done {
			return
		}
		c.path = c.path[:len(c.path)-1]
	}
	c.names = c.names[:others.base]
	if !c.token() {
		return
	}
	for _, i := range rule.required {
		if seen&(1<<i) == 0 {
			c.path = append(c.path, segment{index: -1, name: rule.fields[i].name})
			c.report(Required, "is required")
			c.path = c.path[:len(c.path)-1]
		}
	}
	if count < rule.size.min {
		c.report(TooSmall, rule.size.tooSmall)
	}
	if count > rule.size.max {
		c.report(TooBig, rule.size.tooBig)
	}
}

func (c *checker) array(n *node) {
	rule := &arrayRule{size: sizes{max: math.MaxInt}}
	if n != nil {
		rule = n.array
	}
	items, size, check := rule.items, rule.size, c.value
	if rule.apart {
		check = c.pass
	}
	if !c.open() {
		return
	}
	count := 0
	for ; c.tokens.PeekKind() != ']'; count++ {
		if count == size.max {
			c.report(TooBig, size.tooBig)
			items = nil
		}
		c.path = append(c.path, segment{index: count})
		if check(items); c.done {
			return
		}
		c.path = c.path[:len(c.path)-1]
	}
	if c.token() && count < size.min {
		c.report(TooSmall, size.tooSmall)
	}
}

// pass reads a value that is checked elsewhere.
func (c *checker) pass(*node) {
	if _, err := c.tokens.ReadValue(); err != nil {
		c.malformed(err)
	}
}

func (c *checker) text(n *node) {
	raw, ok := c.scalar()
	if !ok || n == nil {
		return
	}
	rule := n.text
	text := c.unquote(raw)
	if len(text) > rule.size.max && utf8.RuneCount(text) > rule.size.max {
		c.report(TooBig, rule.size.tooBig)
		return // and spend nothing more on it
	}
	if rule.size.min > 0 && utf8.RuneCount(text) < rule.size.min {
		c.report(TooSmall, rule.size.tooSmall)
	}
	if rule.pattern != nil && !rule.pattern.Match(text) {
		c.report(InvalidFormat, rule.wrongPattern)
	}
	if rule.format != nil && !rule.format(string(text)) {
		c.report(InvalidFormat, rule.wrongFormat)
	}
	if rule.enum != nil && !slices.ContainsFunc(rule.enum, func(value string) bool { return value == string(text) }) {
		c.report(InvalidValue, rule.wrongValue)
	}
}

func (c *checker) number(n *node) {
	raw, ok := c.scalar()
	switch {
	case !ok:
	case n == nil:
		if _, err := strconv.ParseFloat(string(raw), 64); err != nil {
			c.report(TooBig, "is too large a number")
		}
	case n.integer != nil:
		c.integer(n, raw)
	default:
		c.float(n.number, raw)
	}
}

func (c *checker) integer(n *node, raw []byte) {
	value, err := parseInteger(raw)
	if errors.Is(err, errNotWhole) {
		c.report(InvalidType, n.wrongType)
		return
	}
	rule := n.integer
	switch outside := err != nil; {
	case value > rule.max || outside && value > 0:
		c.report(TooBig, rule.tooBig)
	case value < rule.min || outside:
		c.report(TooSmall, rule.tooSmall)
	case !isPlain(raw):
		end := c.offset()
		c.respelled = append(c.respelled, respelling{start: end - len(raw), end: end, value: value})
	}
	if err != nil {
		return
	}
	if rule.step > 0 && value%rule.step != 0 {
		c.report(NotMultipleOf, rule.wrongStep)
	}
	if rule.enum != nil && !slices.Contains(rule.enum, float64(value)) {
		c.report(InvalidValue, rule.wrongValue)
	}
}

func (c *checker) float(rule *numberRule, raw []byte) {
	value, err := strconv.ParseFloat(string(raw), 64)
	switch {
	case value > rule.max:
		c.report(TooBig, rule.tooBig)
	case value < rule.min:
		c.report(TooSmall, rule.tooSmall)
	}
	if err != nil { // beyond float64: an infinity, which is outside of every bound
		return
	}
	if rule.step > 0 && !isMultiple(value, rule.step) {
		c.report(NotMultipleOf, rule.wrongStep)
	}
	if rule.enum != nil && !slices.Contains(rule.enum, value) {
		c.report(InvalidValue, rule.wrongValue)
	}
}

package outcome

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	// MaxSample bounds a sample, in bytes.
	MaxSample = 1 << 10
	// shapeRoom is what of it the closing brackets and the marks never need.
	shapeRoom = MaxSample - 128
	// shapeDepth and shapeItems bound what is shown of what is nested, and of a list.
	shapeDepth = 8
	shapeItems = 3
)

// Shape tells what JSON looks like and nothing that it says: of each value its type, of a string its length, of a list its
// first items and how many more there are. A name is shown if known, by which the names of people and secrets are none; of
// another, its length.
func Shape(raw []byte, known func(name string) bool) string {
	s := shaper{
		known: known,
		from:  jsontext.NewDecoder(bytes.NewBuffer(raw), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)),
	}
	s.value(0)
	return string(s.out)
}

// shaper reads one document.
type shaper struct {
	known func(string) bool
	from  *jsontext.Decoder
	out   []byte
	over  bool // nothing more is read: there is no room, or it is not JSON any more
}

func (s *shaper) value(depth int) {
	switch kind := s.from.PeekKind(); kind {
	case '{', '[':
		if depth == shapeDepth {
			s.skip(map[jsontext.Kind]string{'{': `"object"`, '[': `"array"`}[kind])
			return
		}
		s.token()
		if kind == '{' {
			s.object(depth)
		} else {
			s.array(depth)
		}
	case '"':
		value, err := s.from.ReadValue()
		s.write(`"string(`+strconv.Itoa(length(value))+`)"`, err)
	case '0':
		s.skip(`"number"`)
	case 't', 'f':
		s.skip(`"boolean"`)
	default:
		s.skip(`null`)
	}
}

func (s *shaper) object(depth int) {
	s.out = append(s.out, '{')
	for first := true; s.more('}'); first = false {
		s.separate(first)
		name, err := s.from.ReadValue()
		s.write(s.name(name)+":", err)
		if !s.over {
			s.value(depth + 1)
		}
	}
	s.out = append(s.out, '}')
}

func (s *shaper) array(depth int) {
	s.out = append(s.out, '[')
	count := 0
	for ; s.more(']'); count++ {
		if count < shapeItems {
			s.separate(count == 0)
			s.value(depth + 1)
		} else if s.from.SkipValue() != nil {
			s.token()
		}
	}
	if count > shapeItems {
		s.out = append(s.out, `,"+`+strconv.Itoa(count-shapeItems)+`"`...)
	}
	s.out = append(s.out, ']')
}

// more tells whether another member follows, and otherwise reads the end.
func (s *shaper) more(end jsontext.Kind) bool {
	if s.over {
		return false
	}
	if len(s.out) > shapeRoom {
		s.over = true
		return false
	}
	if s.from.PeekKind() != end {
		return true
	}
	s.token()
	return false
}

func (s *shaper) separate(first bool) {
	if !first {
		s.out = append(s.out, ',')
	}
}

func (s *shaper) token() {
	_, err := s.from.ReadToken()
	s.write("", err)
}

func (s *shaper) skip(as string) { s.write(as, s.from.SkipValue()) }

// write adds text, or that here it is not JSON any more.
func (s *shaper) write(text string, err error) {
	switch {
	case s.over:
	case err != nil:
		s.over = true
		s.out = append(s.out, `<malformed>`...)
	default:
		s.out = append(s.out, text...)
	}
}

// name is a member's name as it is shown.
func (s *shaper) name(quoted jsontext.Value) string {
	if name, err := jsontext.AppendUnquote(nil, quoted); err == nil && s.known(string(name)) {
		return strconv.Quote(string(name))
	}
	return `"name(` + strconv.Itoa(length(quoted)) + `)"`
}

// length is how many characters a JSON string has.
func length(quoted jsontext.Value) int {
	text, err := jsontext.AppendUnquote(nil, quoted)
	if err != nil {
		return max(len(quoted)-2, 0)
	}
	return utf8.RuneCount(text)
}

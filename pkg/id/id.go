// Package id makes and spells the 12-byte identifiers of everything Heard stores. The bytes are a MongoDB ObjectID's.
package id

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"sync"
	"time"
)

// ID orders by the time it was made: four bytes of unix seconds, two of the second's fraction (15 µs steps), six random.
type ID [12]byte

// Zero is no ID at all.
var Zero ID

// ErrMalformed is returned by every parser for text that no ID spells to.
var ErrMalformed = errors.New("id: malformed")

// IsZero tells whether the ID is unset.
func (i ID) IsZero() bool { return i == Zero }

// String spells the ID as 24 lower-case hex digits, the native spelling.
func (i ID) String() string { return hex.EncodeToString(i[:]) }

// Time is when the ID was made, to the second.
func (i ID) Time() time.Time { return time.Unix(int64(binary.BigEndian.Uint32(i[:4])), 0).UTC() }

// UnixMilli is when the ID was made, in unix milliseconds. IDs that were made later have none that is less.
func (i ID) UnixMilli() int64 {
	seconds, fraction := int64(binary.BigEndian.Uint32(i[:4])), int64(binary.BigEndian.Uint16(i[4:6]))
	return seconds*1000 + min((fraction+1)*1000>>16, 999) // the fraction was rounded down
}

// Since is the first of all IDs whose UnixMilli is that or more.
func Since(milli int64) (first ID) {
	binary.BigEndian.PutUint32(first[:4], uint32(milli/1000))
	if rest := milli % 1000; rest > 0 {
		binary.BigEndian.PutUint16(first[4:6], uint16((rest<<16+999)/1000-1))
	}
	return first
}

// Next is the ID that follows.
func (i ID) Next() ID {
	for p := len(i) - 1; p >= 0; p-- {
		if i[p]++; i[p] != 0 {
			break
		}
	}
	return i
}

// Prefixed spells the ID as prefix (such as "user_") and 24 hex digits.
func (i ID) Prefixed(prefix string) string { return prefix + i.String() }

// UUID carries the ID in a version-8 UUID (RFC 9562): the first six bytes, the version, 12 bits, the variant, the rest.
func (i ID) UUID() string {
	var u [16]byte
	copy(u[:6], i[:6])
	u[6] = 0x80 | i[6]>>4
	u[7] = i[6]<<4 | i[7]>>4
	u[8] = 0x80 | i[7]&0x0f
	copy(u[9:13], i[8:12])
	h := hex.EncodeToString(u[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// Parse reads 24 lower-case hex digits.
func Parse(text string) (ID, error) {
	var i ID
	if len(text) != 24 || strings.ToLower(text) != text {
		return Zero, ErrMalformed
	}
	if _, err := hex.Decode(i[:], []byte(text)); err != nil {
		return Zero, ErrMalformed
	}
	return i, nil
}

// ParsePrefixed reads what Prefixed wrote.
func ParsePrefixed(prefix, text string) (ID, error) {
	digits, ok := strings.CutPrefix(text, prefix)
	if !ok {
		return Zero, ErrMalformed
	}
	return Parse(digits)
}

// ParseUUID reads what UUID wrote, and nothing else.
func ParseUUID(text string) (ID, error) {
	if len(text) != 36 {
		return Zero, ErrMalformed
	}
	u, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(u) != 16 {
		return Zero, ErrMalformed
	}
	var i ID
	copy(i[:6], u[:6])
	i[6] = u[6]<<4 | u[7]>>4
	i[7] = u[7]<<4 | u[8]&0x0f
	copy(i[8:], u[9:13])
	if i.UUID() != text {
		return Zero, ErrMalformed
	}
	return i, nil
}

// Source makes IDs that rise strictly within one process, even when the clock does not. It is safe for concurrent use.
type Source struct {
	now    func() time.Time
	random io.Reader

	mu   sync.Mutex
	last ID
}

// NewSource makes IDs from a clock and a source of randomness (crypto/rand.Reader outside tests).
func NewSource(now func() time.Time, random io.Reader) *Source {
	return &Source{now: now, random: random}
}

// New makes the next ID. It panics when randomness fails, as crypto/rand itself does.
func (s *Source) New() ID {
	var i ID
	t := s.now()
	binary.BigEndian.PutUint32(i[:4], uint32(t.Unix()))
	binary.BigEndian.PutUint16(i[4:6], uint16(uint64(t.Nanosecond())<<16/uint64(time.Second)))
	if _, err := io.ReadFull(s.random, i[6:]); err != nil {
		panic("id: no randomness: " + err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if string(i[:]) <= string(s.last[:]) {
		i = s.last.Next()
	}
	s.last = i
	return i
}

package tenant

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/secret"
)

// How long a member's password may be: in characters at least, and in bytes at most, so that nobody makes us hash a book.
const (
	MinPassword = 8
	MaxPassword = 1024
)

// argon is what one hash costs.
type argon struct {
	memory  uint32 // KiB
	passes  uint32
	threads uint8
}

// present is the cost of new hashes, the least that OWASP advises for argon2id: 19 MiB and about 20 ms of an ordinary core.
func present() argon { return argon{memory: 19 << 10, passes: 2, threads: 1} }

const (
	saltSize = 16
	hashSize = 32
)

// HashPassword gives what is stored of a password: argon2id in PHC form. A password of unfit length is an issue. It panics
// when randomness fails, as crypto/rand itself does.
func HashPassword(password secret.String, random io.Reader) (string, error) {
	issue := apierr.Issue{Path: []any{"password"}}
	switch plain := password.Reveal(); {
	case utf8.RuneCountInString(plain) < MinPassword:
		issue.Code, issue.Message = "too_small", fmt.Sprintf("must have at least %d characters", MinPassword)
		return "", apierr.Body(issue)
	case len(plain) > MaxPassword:
		issue.Code, issue.Message = "too_big", fmt.Sprintf("must have at most %d bytes", MaxPassword)
		return "", apierr.Body(issue)
	}
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(random, salt); err != nil {
		panic("tenant: no randomness: " + err.Error())
	}
	cost := present()
	return cost.spell(salt, cost.hash(password, salt, hashSize)), nil
}

// VerifyPassword tells whether password is the one that was hashed. What is no hash verifies nothing and takes as long, so
// that a person who is not there (an empty hash) cannot be told from a wrong password.
func VerifyPassword(hashed string, password secret.String) bool {
	if len(password) > MaxPassword {
		return false
	}
	cost, salt, want, ok := parse(hashed)
	if !ok {
		cost, salt, want = present(), make([]byte, saltSize), make([]byte, hashSize)
	}
	got := cost.hash(password, salt, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1 && ok
}

func (a argon) hash(password secret.String, salt []byte, size uint32) []byte {
	return argon2.IDKey([]byte(password.Reveal()), salt, a.passes, a.memory, a.threads, size)
}

func (a argon) spell(salt, hash []byte) string {
	text := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, a.memory, a.passes, a.threads, text.EncodeToString(salt), text.EncodeToString(hash))
}

// parse reads what spell writes, for any cost that a login may be asked to bear.
func parse(hashed string) (cost argon, salt, hash []byte, ok bool) {
	fields := strings.Split(hashed, "$")
	if len(fields) != 6 {
		return argon{}, nil, nil, false
	}
	if _, err := fmt.Sscanf(fields[3], "m=%d,t=%d,p=%d", &cost.memory, &cost.passes, &cost.threads); err != nil {
		return argon{}, nil, nil, false
	}
	salt, errSalt := base64.RawStdEncoding.Strict().DecodeString(fields[4])
	hash, errHash := base64.RawStdEncoding.Strict().DecodeString(fields[5])
	const mostMemory, mostPasses = 256 << 10, 16
	bearable := cost.memory <= mostMemory && cost.passes >= 1 && cost.passes <= mostPasses && cost.threads >= 1
	ok = errSalt == nil && errHash == nil && bearable && len(salt) >= 8 && len(hash) >= 16 && len(hash) <= 64 &&
		cost.spell(salt, hash) == hashed
	return cost, salt, hash, ok
}

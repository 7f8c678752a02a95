package heard_test

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/heard-dev/heard/pkg/core/apikey"
)

// canary is a secret, and the one utterance that may hold it; -1 when none may.
type canary struct {
	name, text string
	shown      int
}

// cage keeps the canaries, and everything that was ever said.
type cage struct {
	canaries []canary
	said     []utterance
}

type utterance struct{ where, text string }

func (c *cage) add(name, text string) { c.canaries = append(c.canaries, canary{name, text, -1}) }

// addWorld keeps what opens a world.
func (c *cage) addWorld(w world) {
	c.add("key", w.sk)
	c.add("signing secret", hex.EncodeToString(w.signing))
	for name, text := range w.said {
		if name != "code" && name != "email" { // six digits are found anywhere
			c.add(name, text)
		}
	}
	for role, token := range w.sessions {
		c.add("access token of "+string(role), token)
	}
}

// hear keeps an answer. Secrets that were made for it are canaries from then on: nothing else may say them.
func (c *cage) hear(where string, w *httptest.ResponseRecorder) {
	var header bytes.Buffer
	_ = w.Header().Write(&header)
	c.said = append(c.said, utterance{where, header.String() + w.Body.String()})
	if w.Code >= 300 {
		return
	}
	fresh := func(name, text string) {
		if !slices.ContainsFunc(c.canaries, func(k canary) bool { return k.text == text }) {
			c.canaries = append(c.canaries, canary{name + " of " + where, text, len(c.said) - 1})
		}
	}
	for _, cookie := range w.Result().Cookies() {
		if cookie.Value != "" {
			fresh(cookie.Name, cookie.Value)
		}
	}
	var answer any
	if json.Unmarshal(w.Body.Bytes(), &answer) == nil {
		minted("", answer, fresh)
	}
}

// minted finds the secrets of an answer by the names of its members.
func minted(name string, value any, found func(name, text string)) {
	switch value := value.(type) {
	case map[string]any:
		for member, inner := range value {
			minted(member, inner, found)
		}
	case []any:
		for _, inner := range value {
			minted(name, inner, found)
		}
	case string:
		_, isKey := apikey.Recognise(value)
		isJWT := strings.HasPrefix(value, "eyJ") && strings.Count(value, ".") == 2
		if isKey || isJWT || slices.Contains([]string{"signingSecret", "token", "accessToken", "refreshToken", "secret", "recoveryCodes", "password"}, name) {
			found(name, value)
		}
	}
}

// demandSilence looks for every canary in everything.
func (c *cage) demandSilence(t *testing.T) {
	t.Helper()
	for _, k := range c.canaries {
		for n, u := range c.said {
			if n != k.shown && strings.Contains(u.text, k.text) {
				t.Errorf("%s tells the %s %s: %s", u.where, k.name, k.text, u.text[:min(len(u.text), 400)])
			}
		}
	}
}

// demandAbsence looks for every canary, however it may be spelled, in what lies on the disk.
func (c *cage) demandAbsence(t *testing.T, where string, content []byte) {
	t.Helper()
	for _, k := range c.canaries {
		for _, spelling := range spellings(k.text) {
			if bytes.Contains(content, spelling) {
				t.Errorf("%s holds the %s %s", where, k.name, k.text)
			}
		}
	}
}

// spellings are a secret as text and, where that stands for bytes, as those and as base64 of those.
func spellings(text string) [][]byte {
	all := [][]byte{[]byte(text)}
	for _, decode := range []func(string) ([]byte, error){
		hex.DecodeString, base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString,
	} {
		if raw, err := decode(text); err == nil && len(raw) >= 16 {
			all = append(all, raw, []byte(base64.StdEncoding.EncodeToString(raw)))
		}
	}
	return all
}

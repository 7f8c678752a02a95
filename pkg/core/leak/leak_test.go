package leak_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"testing"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/leak"
	"github.com/heard-dev/heard/pkg/secret"
)

// The example that GitHub documents for partners to try their verification with.
const (
	githubKeys = `{"public_keys":[{"key_identifier":"bcb53661c06b4728e59d897fb6165d5c9cda0fd9cdf9d09ead458168deb7518c",` +
		`"key":"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYAGMWO8XgCamYKMJS6jc/qgvSlAd\nAjPuDPRcXU22YxgBrz+zoN19MzuRyW87qEt9/AmtoNP5GrobzUvQSyJFVw==\n-----END PUBLIC KEY-----\n","is_current":true}]}`
	githubBody      = `[{"source":"commit","token":"some_token","type":"some_type","url":"https://example.com/base-repo-url/"}]`
	githubKey       = "bcb53661c06b4728e59d897fb6165d5c9cda0fd9cdf9d09ead458168deb7518c"
	githubSignature = "MEQCIQDaMKqrGnE27S0kgMrEK0eYBmyG0LeZismAEz/BgZyt7AIfXt9fErtRS4XaeSt/AO1RtBY66YcAdjxji410VQV4xg=="
)

func TestTheExampleThatGitHubDocumentsIsBelieved(t *testing.T) {
	reporters, err := leak.ParseReporters(githubKeys)
	if err != nil {
		t.Fatal(err)
	}
	if err := reporters.Verify(githubKey, githubSignature, sha256.Sum256([]byte(githubBody))); err != nil {
		t.Error(err)
	}
}

// generate makes a key pair and spells its public half.
func generate(t *testing.T, curve elliptic.Curve) (*ecdsa.PrivateKey, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func spell(t *testing.T, keys ...[2]string) secret.String {
	t.Helper()
	list := []map[string]any{}
	for _, key := range keys {
		list = append(list, map[string]any{"key_identifier": key[0], "key": key[1], "is_current": false})
	}
	text, err := json.Marshal(map[string]any{"public_keys": list})
	if err != nil {
		t.Fatal(err)
	}
	return secret.String(text)
}

func TestOnlyAReportersOwnSignatureOfTheWholeReportIsBelieved(t *testing.T) {
	first, firstText := generate(t, elliptic.P256())
	_, secondText := generate(t, elliptic.P256())
	reporters, err := leak.ParseReporters(spell(t, [2]string{"first", firstText}, [2]string{"second", secondText}))
	if err != nil {
		t.Fatal(err)
	}
	sum, other := sha256.Sum256([]byte("[]")), sha256.Sum256([]byte("[ ]"))
	raw, err := ecdsa.SignASN1(rand.Reader, first, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	signature := base64.StdEncoding.EncodeToString(raw)
	if err := reporters.Verify("first", signature, sum); err != nil {
		t.Error(err)
	}
	for name, row := range map[string]struct {
		reporters             leak.Reporters
		identifier, signature string
		sum                   [32]byte
	}{
		"another report":       {reporters, "first", signature, other},
		"another's identifier": {reporters, "second", signature, sum},
		"nobody's identifier":  {reporters, "third", signature, sum},
		"no identifier":        {reporters, "", signature, sum},
		"no signature":         {reporters, "first", "", sum},
		"no base64":            {reporters, "first", "-" + signature, sum},
		"a cut signature":      {reporters, "first", signature[:64], sum},
		"no reporters":         {leak.Reporters{}, "first", signature, sum},
	} {
		if err := row.reporters.Verify(row.identifier, row.signature, row.sum); apierr.KindOf(err) != apierr.Unauthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAListOfReportersIsReadWholeOrRefused(t *testing.T) {
	_, good := generate(t, elliptic.P256())
	_, large := generate(t, elliptic.P384())
	if _, err := leak.ParseReporters(""); err != nil {
		t.Errorf("none: %v", err)
	}
	for name, text := range map[string]secret.String{
		"no JSON":         "MFkw",
		"nothing listed":  `{"public_keys":[]}`,
		"another curve":   spell(t, [2]string{"a", large}),
		"no PEM":          spell(t, [2]string{"a", "MFkw"}),
		"two in one":      spell(t, [2]string{"a", good + good}),
		"no identifier":   spell(t, [2]string{"", good}),
		"a name twice":    spell(t, [2]string{"a", good}, [2]string{"a", good}),
		"one bad of many": spell(t, [2]string{"a", good}, [2]string{"b", "MFkw"}),
	} {
		if _, err := leak.ParseReporters(text); err == nil {
			t.Errorf("%s: was read", name)
		}
	}
}

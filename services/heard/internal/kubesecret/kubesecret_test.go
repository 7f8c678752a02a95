package kubesecret_test

import (
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/heard-dev/heard/services/heard/internal/kubesecret"
)

func TestWhatIsWrittenIsReadAndTheRestStays(t *testing.T) {
	stored := map[string][]byte{"former": []byte("stays")}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/namespaces/ours/secrets/first" || r.Header.Get("Authorization") != "Bearer tok" {
			http.Error(w, "forbidden", http.StatusForbidden)
			return
		}
		var change struct{ Data map[string][]byte }
		if r.Method == http.MethodPatch {
			if err := json.NewDecoder(r.Body).Decode(&change); err != nil || r.Header.Get("Content-Type") != "application/merge-patch+json" {
				http.Error(w, "bad patch", http.StatusBadRequest)
				return
			}
			maps.Copy(stored, change.Data)
		}
		json.NewEncoder(w).Encode(map[string]any{"kind": "Secret", "data": stored}) //nolint:errcheck // the test sees what is missing
	}))
	t.Cleanup(server.Close)
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})

	own, err := kubesecret.At(server.URL, "ours", "first", "tok", authority)
	if err != nil {
		t.Fatal(err)
	}
	if err := own.Write(t.Context(), map[string][]byte{"key": []byte("sk_1")}); err != nil {
		t.Fatal(err)
	}
	held, err := own.Read(t.Context())
	if err != nil || string(held["key"]) != "sk_1" || string(held["former"]) != "stays" {
		t.Errorf("holds %q, %v", held, err)
	}
	other, err := kubesecret.At(server.URL, "ours", "second", "tok", authority)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Read(t.Context()); err == nil || strings.Contains(err.Error(), "tok") {
		t.Errorf("another Secret is read, or the token told: %v", err)
	}
}

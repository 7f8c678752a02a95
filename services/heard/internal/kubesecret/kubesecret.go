// Package kubesecret keeps what a job in a pod has made in one Kubernetes Secret that stands there already.
package kubesecret

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// account is where a pod finds its own token, https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/.
const account = "/var/run/secrets/kubernetes.io/serviceaccount"

const (
	patience  = 30 * time.Second
	maxAnswer = 4 << 20 // a Secret holds 1 MiB at most
)

// Secret is one Secret of the pod's own namespace. The pod's account must be allowed to get and to patch it.
type Secret struct {
	url, token string
	http       *http.Client
}

// Own finds the Secret of that name as a pod does: environ and the files of its account say where the API server is.
func Own(environ map[string]string, name string) (*Secret, error) {
	host, port := environ["KUBERNETES_SERVICE_HOST"], environ["KUBERNETES_SERVICE_PORT"]
	if host == "" || port == "" {
		return nil, errors.New("there is no Kubernetes around this process")
	}
	token, errToken := os.ReadFile(filepath.Join(account, "token"))
	namespace, errNamespace := os.ReadFile(filepath.Join(account, "namespace"))
	authority, errAuthority := os.ReadFile(filepath.Join(account, "ca.crt"))
	if err := errors.Join(errToken, errNamespace, errAuthority); err != nil {
		return nil, fmt.Errorf("the pod has no account: %w", err)
	}
	base := "https://" + net.JoinHostPort(host, port)
	return At(base, strings.TrimSpace(string(namespace)), name, strings.TrimSpace(string(token)), authority)
}

// At is the Secret at an API server whose certificate that authority (PEM) signed.
func At(base, namespace, name, token string, authority []byte) (*Secret, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		return nil, errors.New("the authority of the API server is no certificate")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	return &Secret{
		url: base + "/api/v1/namespaces/" + namespace + "/secrets/" + name, token: token,
		http: &http.Client{Timeout: patience, Transport: transport},
	}, nil
}

type body struct {
	Data map[string][]byte `json:"data"` // base64, as encoding/json writes bytes
}

// Read gives what the Secret holds.
func (s *Secret) Read(ctx context.Context) (map[string][]byte, error) {
	answer, err := s.do(ctx, http.MethodGet, nil)
	return answer.Data, err
}

// Write puts these entries in place of those of the same names; others stay.
func (s *Secret) Write(ctx context.Context, entries map[string][]byte) error {
	_, err := s.do(ctx, http.MethodPatch, &body{entries})
	return err
}

func (s *Secret) do(ctx context.Context, method string, change *body) (answer body, err error) {
	var text []byte
	if change != nil {
		if text, err = json.Marshal(change); err != nil {
			return answer, err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, s.url, bytes.NewReader(text))
	if err != nil {
		return answer, err
	}
	request.Header.Set("Authorization", "Bearer "+s.token)
	if change != nil {
		request.Header.Set("Content-Type", "application/merge-patch+json")
	}
	response, err := s.http.Do(request)
	if err != nil {
		return answer, fmt.Errorf("the API server cannot be reached: %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	if response.StatusCode != http.StatusOK {
		return answer, fmt.Errorf("the API server answers %s to %s %s", response.Status, method, s.url)
	}
	err = json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&answer)
	return answer, err
}

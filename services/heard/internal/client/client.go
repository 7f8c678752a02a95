// Package client speaks the native management API on behalf of the command line.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/heard-dev/heard/pkg/secret"
)

const (
	// patience is how long one request may take: longer than the server takes to give up.
	patience = time.Minute
	// maxAnswer is far longer than any answer of the management API, in bytes.
	maxAnswer = 16 << 20
)

// Credential gives the token that requests carry.
type Credential interface {
	// Token gives the present token, empty when there is none.
	Token(ctx context.Context) (secret.String, error)
	// Renew gives a token in place of one that was refused. An empty one says that there is none.
	Renew(ctx context.Context, refused secret.String) (secret.String, error)
}

// Client speaks to one Heard. It is safe for concurrent use.
type Client struct {
	base       string
	credential Credential
	http       *http.Client
}

// New makes a client of what answers at base, such as https://heard.example.com.
func New(base string, credential Credential) (*Client, error) {
	if err := CheckURL(base); err != nil {
		return nil, err
	}
	return &Client{base: strings.TrimSuffix(base, "/"), credential: credential, http: &http.Client{
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // a token goes where it was sent
	}}, nil
}

// As is the same client with another credential.
func (c *Client) As(credential Credential) *Client {
	return &Client{base: c.base, credential: credential, http: c.http}
}

// CheckURL refuses what cannot be the address of a Heard.
func CheckURL(base string) error {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%q is not a URL such as https://heard.example.com", base)
	}
	return nil
}

// Call is one request. Body is what is sent as JSON; nil sends none.
type Call struct {
	Method string
	Path   string
	Query  url.Values
	Body   any
}

// Do carries out a call and gives the JSON that answers it, nil when nothing does. A refusal is an *Error. A token that is
// refused is renewed once.
func (c *Client) Do(ctx context.Context, call Call) (json.RawMessage, error) {
	token, err := c.credential.Token(ctx)
	if err != nil {
		return nil, err
	}
	answer, err := c.send(ctx, call, token)
	if refusal, ok := err.(*Error); !ok || !refusal.LoggedOut() {
		return answer, err
	}
	renewed, errRenew := c.credential.Renew(ctx, token)
	if errRenew != nil {
		return nil, errRenew
	}
	if renewed == "" {
		return nil, err
	}
	return c.send(ctx, call, renewed)
}

func (c *Client) send(ctx context.Context, call Call, token secret.String) (json.RawMessage, error) {
	request, err := c.request(ctx, call)
	if err != nil {
		return nil, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token.Reveal())
	}
	response, err := c.http.Do(request)
	if err != nil {
		if failed, ok := err.(*url.Error); ok {
			err = failed.Err // the rest of it is our own words
		}
		return nil, fmt.Errorf("%s cannot be reached: %w", c.base, err)
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("%s did not answer to the end: %w", c.base, err)
	}
	if response.StatusCode/100 != 2 {
		return nil, refusal(response.StatusCode, text)
	}
	if len(text) == 0 {
		return nil, nil
	}
	if !json.Valid(text) {
		return nil, fmt.Errorf("%s does not answer as Heard does", c.base)
	}
	return text, nil
}

func (c *Client) request(ctx context.Context, call Call) (*http.Request, error) {
	var body io.Reader
	if call.Body != nil {
		text, err := json.Marshal(call.Body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	address := c.base + call.Path
	if len(call.Query) > 0 {
		address += "?" + call.Query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, call.Method, address, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "heard-cli")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, nil
}

// Fixed is a credential that stays as it is: an API key, an access token, or none.
type Fixed secret.String

// Token gives it.
func (f Fixed) Token(context.Context) (secret.String, error) { return secret.String(f), nil }

// Renew has nothing to give.
func (f Fixed) Renew(context.Context, secret.String) (secret.String, error) { return "", nil }

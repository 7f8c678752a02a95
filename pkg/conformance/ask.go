package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// as is who asks: a credential, and in private mode a user token beside it. Address is where the request claims to come
// from, for targets that believe it.
type as struct{ token, user, address string }

var hexID = regexp.MustCompile(`^[0-9a-f]{24}$`)

// ask sends a request and reads the answer. Body is nil, text as it is, or a value to send as JSON; header fields come as
// names and values by turns.
func (s *suite) ask(t *testing.T, who as, method, path string, body any, header ...string) answer {
	t.Helper()
	got, err := s.try(who, method, path, body, header...)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// try is ask for goroutines, which cannot end a test.
func (s *suite) try(who as, method, path string, body any, header ...string) (answer, error) {
	request, err := http.NewRequest(method, s.BaseURL+path, reader(body))
	if err != nil {
		return answer{}, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if who.token != "" {
		request.Header.Set("Authorization", "Bearer "+who.token)
	}
	if who.user != "" {
		request.Header.Set("X-Userz-User-Token", who.user)
	}
	if who.address != "" {
		request.Header.Set("X-Forwarded-For", who.address)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header[http.CanonicalHeaderKey(header[i])] = nil
		if header[i+1] != "" {
			request.Header.Set(header[i], header[i+1])
		}
	}
	response, err := s.http.Do(request)
	if err != nil {
		return answer{}, err
	}
	return s.read(method, path, response)
}

// read takes the answer in, and holds it to what is promised of every answer (D5).
func (s *suite) read(method, path string, response *http.Response) (answer, error) {
	defer response.Body.Close() //nolint:errcheck // it was read to its end
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}
	path, _, _ = strings.Cut(path, "?")
	got := answer{what: method + " " + path, status: response.StatusCode, header: response.Header, body: body}
	id := got.header.Get("X-Request-Id")
	s.mu.Lock()
	defer s.mu.Unlock()
	if !hexID.MatchString(id) || s.ids[id] {
		return got, fmt.Errorf("%s: the X-Request-Id is %q, which is not one of its own", got, id)
	}
	s.ids[id] = true
	s.met[occasion{method, path, got.status}] = true
	return got, nil
}

func reader(body any) io.Reader {
	switch body := body.(type) {
	case nil:
		return nil
	case string:
		return strings.NewReader(body)
	case io.Reader:
		return body
	default:
		text, err := json.Marshal(body)
		if err != nil {
			panic("conformance: a body that is no JSON: " + err.Error())
		}
		return bytes.NewReader(text)
	}
}

// submit sends feedback that is to be taken, and gives the item's id.
func (s *suite) submit(t *testing.T, who as, body any, header ...string) string {
	t.Helper()
	got := s.ask(t, who, "POST", "/v1/feedback", body, header...).is(t, http.StatusCreated)
	receipt := got.object(t)
	id, _ := receipt["id"].(string)
	if !hexID.MatchString(id) || receipt["status"] != "received" || len(receipt) != 2 {
		t.Fatalf("%s: want the 24-hex id of an item that is received, and no more", got)
	}
	return id
}

// item gives an item as its Org's backend reads it.
func (s *suite) item(t *testing.T, key, id string) map[string]any {
	t.Helper()
	return s.ask(t, as{token: key}, "GET", "/v1/feedback/"+id, nil).is(t, http.StatusOK).object(t)
}

// said is the least that can be submitted.
func said(text string) map[string]any { return map[string]any{"text": text} }

package httpkit_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/httpkit"
)

type maybe struct{ Body *word }

type word struct {
	Word string   `json:"word" minLength:"1"`
	_    struct{} `json:"-" additionalProperties:"true"`
}

type said struct{ Body word }

func TestABodyThatMayBeLeftOutIsHeldToItsSchemaWhenItIsThere(t *testing.T) {
	s := newSite(t)
	httpkit.Handle(s.kit.API("userz"), httpkit.Route{
		Method: http.MethodPost, Path: "/v1/feedback/maybe", ID: "maybe", Status: http.StatusOK, MaxBody: maxNote,
	}, func(_ context.Context, _ auth.Principal, in *maybe) (*said, error) {
		if in.Body == nil {
			return &said{Body: word{Word: "nothing"}}, nil
		}
		return &said{Body: *in.Body}, nil
	})
	send := func(body string, header ...string) (int, string) {
		w := s.do(s.request(http.MethodPost, "/v1/feedback/maybe", strings.NewReader(body), header...))
		return w.Code, w.Body.String()
	}
	for body, want := range map[string]string{"": "nothing", `{"word":"hello"}`: "hello", `{"word":"hello","tone":"loud"}`: "hello"} {
		if code, got := send(body); code != http.StatusOK || !strings.Contains(got, want) {
			t.Errorf("%s: %d %s", body, code, got)
		}
	}
	if code, got := send("", "Content-Type", ""); code != http.StatusOK || !strings.Contains(got, "nothing") {
		t.Errorf("without a Content-Type: %d %s", code, got)
	}
	for _, body := range []string{`{}`, `null`, `{"word":""}`, `{"word":"x","word":"y"}`, ` `} {
		s.refused(s.do(s.request(http.MethodPost, "/v1/feedback/maybe", strings.NewReader(body))), http.StatusBadRequest, apierr.CodeInvalidBody)
	}
}

package conformance

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// refusesBodies is U8: a body is held to its schema, and every fault is named at once.
func (s *suite) refusesBodies(t *testing.T) {
	app := s.app(t, s.OrgID, anybody())
	x := func(n int) string { return strings.Repeat("x", n) }
	many := func(n int, one string) string { return "[" + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + "]" }
	file := `{"key":"k%d","kind":"screenshot","contentType":"image/png","byteSize":1}`
	files := make([]string, 11)
	for i := range files {
		files[i] = fmt.Sprintf(file, i)
	}
	for _, row := range []struct {
		body   string
		faults []string
	}{
		{``, []string{"invalid_json"}},
		{`text=x`, []string{"invalid_json"}},
		{`{"text":"x"`, []string{"invalid_json"}},
		{`{"text":"x"} {}`, []string{"invalid_json"}},
		{`{"text":"x",}`, []string{"invalid_json"}},
		{"{\"text\":\"\xff\"}", []string{"invalid_json"}},
		{`{"text":"x","metadata":` + strings.Repeat(`{"a":`, 100_000), []string{"metadata" + strings.Repeat(".a", 31) + " too_deep"}},
		{strings.Repeat(`[`, 100_000), []string{strings.Repeat("0.", 31) + "0 too_deep"}},
		{`null`, []string{"invalid_type"}},
		{`[]`, []string{"invalid_type"}},
		{`{}`, []string{"text required"}},
		{`{"text":null}`, []string{"text invalid_type"}},
		{`{"text":["x"]}`, []string{"text invalid_type"}},
		{`{"text":""}`, []string{"text too_small"}},
		{`{"text":"` + x(8193) + `"}`, []string{"text too_big"}},
		{`{"text":"x","text":"y"}`, []string{"text duplicate_key"}},
		{`{"text":"x","Text":"y"}`, []string{"Text unrecognized_keys"}},
		{`{"text":"x","appId":"y"}`, []string{"appId unrecognized_keys"}},
		{`{"text":"x","severity":"urgent"}`, []string{"severity invalid_value"}},
		{`{"text":"x","url":"shop"}`, []string{"url invalid_format"}},
		{`{"text":"x","url":"javascript:alert(1)"}`, []string{"url invalid_format"}},
		{`{"text":"x","url":"https://a/` + x(2048) + `"}`, []string{"url too_big"}},
		{`{"text":"x","userAgent":"` + x(513) + `"}`, []string{"userAgent too_big"}},
		{`{"text":"x","viewport":null}`, []string{"viewport invalid_type"}},
		{`{"text":"x","viewport":{"w":"1","h":1}}`, []string{"viewport.w invalid_type", "viewport.dpr required"}},
		{`{"text":"x","consoleLogs":` + many(501, `{"level":"log","message":"","ts":1}`) + `}`, []string{"consoleLogs too_big"}},
		{
			`{"text":"x","consoleLogs":[{"level":"log","message":"` + x(1001) + `","ts":1.5}]}`,
			[]string{"consoleLogs.0.message too_big", "consoleLogs.0.ts invalid_type"},
		},
		{`{"text":"x","attachments":[` + strings.Join(files, ",") + `]}`, []string{"attachments too_big"}},
		{`{"text":"x","attachments":[{"key":"","kind":"film","contentType":"png","byteSize":0,"size":1}]}`, []string{
			"attachments.0.key too_small", "attachments.0.kind invalid_value", "attachments.0.contentType invalid_format",
			"attachments.0.byteSize too_small", "attachments.0.size unrecognized_keys",
		}},
		{
			`{"text":"x","componentTarget":{"bbox":{"x":0,"y":0,"w":-1,"h":0}}}`,
			[]string{"componentTarget.name required", "componentTarget.bbox.w too_small"},
		},
		{`{"text":"x","metadata":null}`, []string{"metadata invalid_type"}},
		{`{"text":"x","metadata":[]}`, []string{"metadata invalid_type"}},
		{`{"text":"x","metadata":{"a":1,"a":2}}`, []string{"metadata.a duplicate_key"}},
		{`{"text":"x","metadata":{"a":"` + x(4096) + `"}}`, []string{"metadata too_big"}},
		{`{"text":"x","identity":{"email":"ann","role":"admin"}}`, []string{"identity.email invalid_format", "identity.role unrecognized_keys"}},
		{
			`{"text":"","severity":1,"nobody":{},"url":"x","metadata":{"a":"` + x(4096) + `"}}`,
			[]string{"text too_small", "severity invalid_type", "nobody unrecognized_keys", "url invalid_format", "metadata too_big"},
		},
	} {
		who := as{token: app.PublicKey, user: user(t, app).user}
		if strings.Contains(row.body, "identity") {
			who.user = ""
		}
		s.ask(t, who, "POST", "/v1/feedback", row.body).names(t, "invalid_body", row.faults...)
	}
	s.ask(t, user(t, app), "POST", "/v1/feedback", `{"text":"x","identity":{"name":"Ann"}}`).names(t, "invalid_body", "identity not_allowed")

	// The limits themselves are within them, and count characters where they say so.
	for _, body := range []string{
		`{"text":"` + strings.Repeat("🦔", 8192) + `"}`,
		`{"text":"x","url":"https://a/` + x(2038) + `","userAgent":"` + x(512) + `"}`,
		`{"text":"x","consoleLogs":` + many(500, `{"level":"log","message":"`+x(1000)+`","ts":1}`) + `}`,
		`{"text":"x","metadata":{"a":"` + x(4088) + `"}}`,
		" \n\t{\"text\":\"\\u0078\"}\r\n ",
	} {
		s.submit(t, user(t, app), body)
	}
	for _, media := range []string{"text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""} {
		s.ask(t, user(t, app), "POST", "/v1/feedback", said("x"), "Content-Type", media).
			refused(t, http.StatusUnsupportedMediaType, "unsupported_media_type")
	}
	s.submit(t, user(t, app), said("x"), "Content-Type", "Application/JSON; charset=utf-8")

	for _, row := range []struct {
		body   string
		faults []string
	}{
		{`{}`, []string{"contentType required", "byteSize required", "kind required"}},
		{
			`{"contentType":"image","byteSize":1.5,"kind":"film","name":"x"}`,
			[]string{"contentType invalid_format", "byteSize invalid_type", "kind invalid_value", "name unrecognized_keys"},
		},
		{`{"contentType":"image/png","byteSize":0,"kind":"screenshot"}`, []string{"byteSize too_small"}},
	} {
		s.ask(t, user(t, app), "POST", "/v1/feedback/upload-url", row.body).names(t, "invalid_body", row.faults...)
	}
}

package crash

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// submission is one thing that a client says. Its text is unlike all others.
type submission struct {
	text, key string
	user      string // the token it is sent with
	app       App
	body      []byte
	file      *file

	answers []string // the ids that it was answered, one for each 201
}

// file is what a client uploaded.
type file struct {
	key     string
	content string
}

const fileType = "text/plain"

func (s *submission) String() string {
	name, _, _ := strings.Cut(s.text, " ")
	if s.key != "" {
		name += " (with a key)"
	}
	if len(s.answers) > 0 {
		name += ", accepted as " + s.answers[0] + ","
	}
	return name
}

// compose makes something new to say; nil when its file could not be uploaded now.
func (c *client) compose(ctx context.Context) *submission {
	name := fmt.Sprintf("%s-%d", c.name(), len(c.said))
	s := &submission{text: name + " " + strings.Repeat("so it goes ", c.chance.IntN(100)), app: c.tenant.Public}
	s.text = strings.TrimSpace(s.text)
	if c.keyed() {
		s.key = name
	}
	if c.private() {
		s.user, s.app = c.token, c.tenant.Private
	}
	body := map[string]any{"text": s.text}
	if c.uploads() {
		if s.file = c.upload(ctx, s, name); s.file == nil {
			return nil
		}
		body["attachments"] = []any{map[string]any{
			"key": s.file.key, "kind": "attachment", "contentType": fileType, "byteSize": len(s.file.content),
		}}
	}
	s.body = encode(body)
	c.said = append(c.said, s)
	return s
}

// upload reserves a place for a file and fills it. One that failed is left behind, as its link takes one file only.
func (c *client) upload(ctx context.Context, s *submission, name string) *file {
	content := "file of " + name + strings.Repeat(".", c.chance.IntN(20_000))
	got, err := c.send(ctx, ask{
		method: http.MethodPost, target: "/v1/feedback/upload-url", token: s.app.PublicKey, header: s.headers(),
		body: encode(map[string]any{"contentType": fileType, "byteSize": len(content), "kind": "attachment"}),
	})
	if !c.expect(ctx, "an upload of "+name, got, err, http.StatusOK) {
		return nil
	}
	var place struct{ Key, UploadURL string }
	if err := got.read(&place); err != nil {
		c.fault(Other, "an upload of %s: %v", name, err)
		return nil
	}
	got, err = c.send(ctx, ask{
		method: http.MethodPut, target: place.UploadURL, header: map[string]string{"Content-Type": fileType}, body: []byte(content),
	})
	if !c.expect(ctx, "the file "+place.Key, got, err, http.StatusOK) {
		return nil
	}
	return &file{key: place.Key, content: content}
}

func (s *submission) headers() map[string]string {
	headers := map[string]string{}
	if s.user != "" {
		headers["X-Userz-User-Token"] = s.user
	}
	return headers
}

// submit sends it once. What has a key is sent again later unless it was accepted; what has none only when it was surely
// not stored.
func (c *client) submit(ctx context.Context, s *submission) {
	headers := s.headers()
	if s.key != "" {
		headers["Idempotency-Key"] = s.key
	}
	got, err := c.send(ctx, ask{
		method: http.MethodPost, target: "/v1/feedback", token: s.app.PublicKey, header: headers, body: s.body,
	})
	switch {
	case err != nil || got.passing() || got.status == http.StatusConflict && s.key != "":
	case got.status == http.StatusCreated:
		c.accepted(s, got)
		return
	default:
		c.fault(Other, "%s was refused: %s", s, got)
		return
	}
	if s.key != "" || got.status == http.StatusTooManyRequests {
		c.later(s, time.Now().Add(c.pause(got, err)), ended(got, err), c.submitting(s))
	}
	if unreachable(got, err) {
		rest(ctx, c.moment(100*time.Millisecond)) // before anything else
	}
}

func (c *client) submitting(s *submission) func(context.Context) {
	return func(ctx context.Context) { c.submit(ctx, s) }
}

func (c *client) accepted(s *submission, got answer) {
	var receipt struct{ ID string }
	if err := got.read(&receipt); err != nil || receipt.ID == "" {
		c.fault(Other, "%s was accepted without an id: %v", s, err)
		return
	}
	replayed := got.header.Get("Idempotency-Replayed") == "true"
	if replayed {
		c.count.Replayed++
	}
	switch {
	case len(s.answers) > 0 && receipt.ID != s.answers[0]:
		c.fault(Duplicated, "%s was answered %s when it was sent again", s, receipt.ID)
	case len(s.answers) > 0 && !replayed:
		c.fault(Duplicated, "%s was taken for new when it was sent again", s)
	case replayed && s.key == "":
		c.fault(Other, "%s was answered as a repeat", s)
	}
	s.answers = append(s.answers, receipt.ID)
}

// encode writes what cannot fail to be written.
func encode(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic("crash: " + err.Error())
	}
	return text
}

package subject

import (
	"encoding/json"
	"time"

	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

// Body is a submission as a widget sends it, of the usual size.
const Body = `{"text":"The export button does nothing when a filter is set. I expected a CSV of the rows I see, ` +
	`and got no error either.","severity":"medium","url":"https://app.shop.example/orders?status=open&page=3",` +
	`"viewport":{"w":1440,"h":900,"dpr":2},` +
	`"consoleLogs":[` +
	`{"level":"info","message":"[orders] loaded 50 rows in 212 ms","ts":1790000000123},` +
	`{"level":"warn","message":"Deprecated: exportRows() takes an options object","ts":1790000004711},` +
	`{"level":"error","message":"TypeError: Cannot read properties of undefined (reading 'columns')","ts":1790000004718}],` +
	`"metadata":{"release":"2026.11.3","plan":"team","flags":["new-table","csv-export"]},` +
	`"identity":{"email":"ann@example.com","name":"Ann Example","externalUserId":"user-48151"}}`

// Event is what happened, as a customer's backend tells it; its parts are what is stored of it.
const (
	Event           = `{"event":"` + EventName + `","user":{"id":"` + EventUser + `"},"properties":` + EventProperties + `}`
	EventName       = "order_exported"
	EventUser       = "user-48151"
	EventProperties = `{"format":"csv","rows":212,"filters":["open","late"],"release":"2026.11.3","duration_ms":348.5}`
)

// UserAgent is the browser's that sends it.
const UserAgent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"

// submission is Body's shape.
type submission struct {
	Text      string `json:"text"`
	Severity  string `json:"severity"`
	URL       string `json:"url"`
	UserAgent string `json:"userAgent"`
	Viewport  *struct {
		W   float64 `json:"w"`
		H   float64 `json:"h"`
		DPR float64 `json:"dpr"`
	} `json:"viewport"`
	ConsoleLogs []struct {
		Level   string `json:"level"`
		Message string `json:"message"`
		TS      int64  `json:"ts"`
	} `json:"consoleLogs"`
	Metadata json.RawMessage `json:"metadata"`
	Identity *struct {
		Email          string `json:"email"`
		Name           string `json:"name"`
		ExternalUserID string `json:"externalUserId"`
	} `json:"identity"`
}

// maxText is in bytes here: the floor checks no more than it must.
const maxText = 8192

func (s *submission) valid() bool { return s.Text != "" && len(s.Text) <= maxText }

func (s *submission) item(itemID, org, app id.ID, agent string, at time.Time) feedback.Item {
	item := feedback.Item{
		ID: itemID, Org: org, App: app, Status: feedback.Received, Submitter: feedback.Submitter{Mode: feedback.Public},
		Severity: feedback.Severity(s.Severity), Text: s.Text, URL: s.URL, UserAgent: s.UserAgent, Metadata: s.Metadata,
		CreatedAt: at, UpdatedAt: at,
	}
	if item.UserAgent == "" {
		item.UserAgent = agent
	}
	if v := s.Viewport; v != nil {
		item.Viewport = &feedback.Viewport{Width: v.W, Height: v.H, PixelRatio: v.DPR}
	}
	if who := s.Identity; who != nil {
		item.Submitter.Email, item.Submitter.Name, item.Submitter.ExternalUserID = who.Email, who.Name, who.ExternalUserID
	}
	for _, line := range s.ConsoleLogs {
		item.Console = append(item.Console, feedback.ConsoleLine{Level: line.Level, Message: line.Message, At: line.TS})
	}
	return item
}

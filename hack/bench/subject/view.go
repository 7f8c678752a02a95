package subject

import (
	"encoding/json"
	"time"

	"github.com/heard-dev/heard/pkg/core/feedback"
)

// page is a list in the shape of the API.
type page struct {
	Data       []summary `json:"data"`
	NextCursor *string   `json:"nextCursor"`
}

type summary struct {
	ID          string   `json:"id"`
	AppID       string   `json:"appId"`
	Status      string   `json:"status"`
	DuplicateOf *string  `json:"duplicateOf"`
	SubmittedBy whom     `json:"submittedBy"`
	Severity    string   `json:"severity"`
	Text        string   `json:"text"`
	URL         string   `json:"url"`
	UserAgent   string   `json:"userAgent"`
	Viewport    viewport `json:"viewport"`
	CreatedAt   string   `json:"createdAt"`
	UpdatedAt   string   `json:"updatedAt"`
}

type whom struct {
	Mode           string          `json:"mode"`
	ExternalUserID string          `json:"externalUserId"`
	Email          string          `json:"email"`
	Name           string          `json:"name"`
	Claims         json.RawMessage `json:"claims,omitempty"`
}

type viewport struct {
	W   float64 `json:"w"`
	H   float64 `json:"h"`
	DPR float64 `json:"dpr"`
}

func view(found feedback.Page) page {
	shown := page{Data: make([]summary, len(found.Items))}
	for i, item := range found.Items {
		from := item.Submitter
		shown.Data[i] = summary{
			ID: item.ID.String(), AppID: item.App.String(), Status: string(item.Status), Severity: string(item.Severity),
			SubmittedBy: whom{
				Mode: string(from.Mode), ExternalUserID: from.ExternalUserID, Email: from.Email, Name: from.Name, Claims: from.Claims,
			},
			Text: item.Text, URL: item.URL, UserAgent: item.UserAgent,
			CreatedAt: item.CreatedAt.Format(time.RFC3339Nano), UpdatedAt: item.UpdatedAt.Format(time.RFC3339Nano),
		}
		if v := item.Viewport; v != nil {
			shown.Data[i].Viewport = viewport{W: v.Width, H: v.Height, DPR: v.PixelRatio}
		}
	}
	if !found.Next.IsZero() {
		next := found.Next.String()
		shown.NextCursor = &next
	}
	return shown
}

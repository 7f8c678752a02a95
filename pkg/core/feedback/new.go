package feedback

import (
	"time"

	"github.com/go-json-experiment/json"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/email"
	"github.com/heard-dev/heard/pkg/core/jsonobject"
	"github.com/heard-dev/heard/pkg/id"
)

// The limits of an item [Userz /docs/api/feedback; ours where it is silent]. Text is counted in characters, JSON in bytes
// of its shortest spelling.
const (
	MaxText           = 8192
	MaxURL            = 2048
	MaxUserAgent      = 512
	MaxConsoleLines   = 500
	MaxConsoleMessage = 1000
	MaxConsoleLevel   = 32 // ours
	MaxAttachments    = 10
	MaxTargetName     = 256     // ours
	MaxTargetMeta     = 4 << 10 // ours: as for metadata
	MaxScreenshotKey  = 512     // ours: longer than any key there is
	MaxMetadata       = 4 << 10
	MaxEmail          = email.Max
	MaxName           = 256 // ours
	MaxExternalUserID = 256 // ours: as for a token's sub
)

// Draft is a submission as its sender says it. Empty strings, nil pointers and nil slices are unsaid. The JSON of Meta and
// Metadata is copied; what else a draft points to becomes the item's.
type Draft struct {
	User        *SignedUser // nil in public mode
	Identity    *Identity   // public mode only
	Text        string
	Severity    Severity
	URL         string
	UserAgent   string
	Viewport    *Viewport
	Console     []ConsoleLine
	Attachments []attachment.Citation
	Target      *Target
	Metadata    []byte
}

// SignedUser is the end user that a verified token vouches for. Context is a JSON object, or nil.
type SignedUser struct {
	Subject string
	Context []byte
}

// Identity is who the page claims its user is.
type Identity struct {
	Email          string
	Name           string
	ExternalUserID string
}

// New makes an item that was just received. Every fault of the draft is an issue, at the path where the native surface
// has the field.
func New(draft Draft, itemID, org, app id.ID, at time.Time) (Item, error) {
	var c checklist
	c.text(draft.Text, 1, MaxText, "text")
	c.severity(draft.Severity, "severity")
	c.url(draft.URL)
	c.text(draft.UserAgent, 0, MaxUserAgent, "userAgent")
	c.viewport(draft.Viewport)
	c.console(draft.Console)
	c.attachments(draft.Attachments)
	target := c.target(draft.Target)
	metadata := c.object(draft.Metadata, MaxMetadata, "metadata")
	c.identity(draft)
	if len(c.issues) > 0 {
		return Item{}, apierr.Body(c.issues...)
	}
	at = at.UTC().Truncate(time.Millisecond)
	return Item{
		ID: itemID, Org: org, App: app, Status: Received, Submitter: draft.submitter(),
		Severity: draft.Severity, Text: draft.Text, URL: draft.URL, UserAgent: draft.UserAgent, Viewport: draft.Viewport,
		Console: draft.Console, Attachments: draft.Attachments, Target: target, Metadata: metadata,
		CreatedAt: at, UpdatedAt: at,
	}, nil
}

func (d Draft) submitter() Submitter {
	if d.User != nil {
		return d.User.submitter()
	}
	if d.Identity == nil {
		return Submitter{Mode: Public}
	}
	return Submitter{Mode: Public, ExternalUserID: d.Identity.ExternalUserID, Email: d.Identity.Email, Name: d.Identity.Name}
}

// submitter takes an e-mail address and a name from where backends put them: the context. Its other shapes are the
// backend's own business and stay in Claims.
func (u SignedUser) submitter() Submitter {
	s := Submitter{Mode: Private, ExternalUserID: u.Subject, Claims: u.Context}
	var said struct {
		Email any `json:"email"`
		Name  any `json:"name"`
	}
	if u.Context == nil || json.Unmarshal(u.Context, &said) != nil {
		return s
	}
	if address, ok := said.Email.(string); ok && email.Plausible(address) {
		s.Email = address
	}
	if name, ok := said.Name.(string); ok && lengthFault(name, 0, MaxName) == nil {
		s.Name = name
	}
	return s
}

func (c *checklist) object(raw []byte, limit int, path ...any) []byte {
	object, issue := jsonobject.Parse(raw, limit, path...)
	if issue != nil {
		c.issues = append(c.issues, *issue)
	}
	return object
}

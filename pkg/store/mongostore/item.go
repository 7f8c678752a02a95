package mongostore

import (
	"cmp"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

// itemDoc is a feedback.Item. Dup says whether it has a duplicateOf, Stage and Heat where it stands, for the indexes. Counted
// tells one count of its votes from the next. What users sent as JSON is kept as its text: it reads back byte for byte, whatever
// its keys are called.
type itemDoc struct {
	ID           bson.ObjectID     `bson:"_id"`
	Org          bson.ObjectID     `bson:"orgId"`
	App          bson.ObjectID     `bson:"appId"`
	Status       feedback.Status   `bson:"status"`
	Dup          bool              `bson:"dup"`
	DuplicateOf  bson.ObjectID     `bson:"duplicateOf,omitempty"`
	Stage        feedback.Stage    `bson:"stage"`
	Votes        int64             `bson:"votes"`
	Heat         int64             `bson:"heat"`
	Counted      int64             `bson:"counted"`
	Board        bson.ObjectID     `bson:"boardId,omitempty"`
	Assignee     bson.ObjectID     `bson:"assigneeId,omitempty"`
	ArchivedAt   time.Time         `bson:"archivedAt,omitempty"`
	ArchivedFrom feedback.Status   `bson:"archivedFrom,omitempty"`
	Submitter    submitterDoc      `bson:"submittedBy"`
	Tags         []bson.ObjectID   `bson:"tags"`
	Title        string            `bson:"title"`
	Severity     feedback.Severity `bson:"severity"`
	Text         string            `bson:"text"`
	URL          string            `bson:"url"`
	UserAgent    string            `bson:"userAgent"`
	Viewport     *viewportDoc      `bson:"viewport"`
	Console      []consoleLineDoc  `bson:"consoleLogs"`
	Attachments  []citationDoc     `bson:"attachments"`
	Target       *targetDoc        `bson:"target"`
	Metadata     *string           `bson:"metadata"`
	CreatedAt    time.Time         `bson:"createdAt"`
	UpdatedAt    time.Time         `bson:"updatedAt"`
}

// submitterDoc keeps the e-mail folded, to be found by whatever its case, and as it was given where that is something else.
type submitterDoc struct {
	Mode           feedback.Mode `bson:"mode"`
	ExternalUserID string        `bson:"externalUserId"`
	Email          string        `bson:"email"`
	EmailGiven     string        `bson:"emailGiven,omitempty"`
	Name           string        `bson:"name"`
	Claims         *string       `bson:"claims"`
	Person         bson.ObjectID `bson:"personId,omitempty"`
	Member         bson.ObjectID `bson:"memberId,omitempty"`
}

type viewportDoc struct {
	Width      float64 `bson:"width"`
	Height     float64 `bson:"height"`
	PixelRatio float64 `bson:"pixelRatio"`
}

type consoleLineDoc struct {
	Level   string `bson:"level"`
	Message string `bson:"message"`
	At      int64  `bson:"at"`
}

type citationDoc struct {
	Key         string          `bson:"key"`
	Kind        attachment.Kind `bson:"kind"`
	ContentType string          `bson:"contentType"`
	Size        int64           `bson:"size"`
	Width       int             `bson:"width"`
	Height      int             `bson:"height"`
}

type targetDoc struct {
	Name          string  `bson:"name"`
	Meta          *string `bson:"meta"`
	Box           *boxDoc `bson:"box"`
	ScreenshotKey string  `bson:"screenshotKey"`
}

type boxDoc struct {
	X      float64 `bson:"x"`
	Y      float64 `bson:"y"`
	Width  float64 `bson:"width"`
	Height float64 `bson:"height"`
}

func newItemDoc(org id.ID, item feedback.Item) itemDoc {
	doc := itemDoc{
		ID: bson.ObjectID(item.ID), Org: bson.ObjectID(org), App: bson.ObjectID(item.App), Status: item.Status,
		Dup: !item.DuplicateOf.IsZero(), DuplicateOf: bson.ObjectID(item.DuplicateOf),
		Stage: item.Status.Stage(), Votes: item.Votes, Heat: feedback.Heat(item.Votes, item.CreatedAt),
		Board: bson.ObjectID(item.Board), Assignee: bson.ObjectID(item.Assignee), ArchivedAt: item.Archived.At, ArchivedFrom: item.Archived.From,
		Tags: each(item.Tags, objectID), Title: item.Title,
		Submitter: submitterDoc{
			Mode: item.Submitter.Mode, ExternalUserID: item.Submitter.ExternalUserID, Email: item.Submitter.Email,
			Name: item.Submitter.Name, Claims: jsonText(item.Submitter.Claims),
			Person: bson.ObjectID(item.Submitter.Person), Member: bson.ObjectID(item.Submitter.Member),
		},
		Severity: item.Severity, Text: item.Text, URL: item.URL, UserAgent: item.UserAgent, Viewport: (*viewportDoc)(item.Viewport),
		Console:     each(item.Console, func(l feedback.ConsoleLine) consoleLineDoc { return consoleLineDoc(l) }),
		Attachments: each(item.Attachments, func(c attachment.Citation) citationDoc { return citationDoc(c) }),
		Metadata:    jsonText(item.Metadata), CreatedAt: item.CreatedAt, UpdatedAt: item.UpdatedAt,
	}
	if folded := strings.ToLower(item.Submitter.Email); folded != item.Submitter.Email {
		doc.Submitter.Email, doc.Submitter.EmailGiven = folded, item.Submitter.Email
	}
	if t := item.Target; t != nil {
		doc.Target = &targetDoc{Name: t.Name, Meta: jsonText(t.Meta), Box: (*boxDoc)(t.Box), ScreenshotKey: t.ScreenshotKey}
	}
	return doc
}

func (d itemDoc) core() feedback.Item {
	item := feedback.Item{
		ID: id.ID(d.ID), Org: id.ID(d.Org), App: id.ID(d.App), Status: d.Status, DuplicateOf: id.ID(d.DuplicateOf),
		Submitter: feedback.Submitter{
			Mode: d.Submitter.Mode, ExternalUserID: d.Submitter.ExternalUserID, Email: cmp.Or(d.Submitter.EmailGiven, d.Submitter.Email),
			Name: d.Submitter.Name, Claims: jsonBytes(d.Submitter.Claims),
			Person: id.ID(d.Submitter.Person), Member: id.ID(d.Submitter.Member),
		},
		Votes: d.Votes, Board: id.ID(d.Board), Assignee: id.ID(d.Assignee), Archived: feedback.Archival{At: d.ArchivedAt, From: d.ArchivedFrom},
		Tags: each(d.Tags, func(t bson.ObjectID) id.ID { return id.ID(t) }), Title: d.Title,
		Severity: d.Severity, Text: d.Text, URL: d.URL, UserAgent: d.UserAgent, Viewport: (*feedback.Viewport)(d.Viewport),
		Console:     each(d.Console, func(l consoleLineDoc) feedback.ConsoleLine { return feedback.ConsoleLine(l) }),
		Attachments: each(d.Attachments, func(c citationDoc) attachment.Citation { return attachment.Citation(c) }),
		Metadata:    jsonBytes(d.Metadata), CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt,
	}
	if t := d.Target; t != nil {
		item.Target = &feedback.Target{Name: t.Name, Meta: jsonBytes(t.Meta), Box: (*feedback.Box)(t.Box), ScreenshotKey: t.ScreenshotKey}
	}
	return item
}

// each is every value in other words; nil stays nil and empty stays empty.
func each[A, B any](values []A, as func(A) B) []B {
	if values == nil {
		return nil
	}
	others := make([]B, len(values))
	for i, v := range values {
		others[i] = as(v)
	}
	return others
}

func jsonText(raw []byte) *string {
	if raw == nil {
		return nil
	}
	text := string(raw)
	return &text
}

func jsonBytes(text *string) []byte {
	if text == nil {
		return nil
	}
	return []byte(*text)
}

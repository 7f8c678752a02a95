package sqlitestore

import (
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

type consoleRow struct {
	Level   string `json:"level"`
	Message string `json:"message"`
	At      int64  `json:"at"`
}

type citationRow struct {
	Key         string          `json:"key"`
	Kind        attachment.Kind `json:"kind"`
	ContentType string          `json:"contentType"`
	Size        int64           `json:"size"`
	Width       int             `json:"width,omitzero"`
	Height      int             `json:"height,omitzero"`
}

type targetRow struct {
	Name          string  `json:"name"`
	Box           *boxRow `json:"box,omitzero"`
	ScreenshotKey string  `json:"screenshotKey,omitzero"`
}

type boxRow struct {
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
	Width  float64 `json:"width"`
	Height float64 `json:"height"`
}

// encoded is the JSON of an item's columns.
type encoded struct{ tags, target, attachments, console []byte }

func encodeItem(item feedback.Item) (d encoded, err error) {
	if d.tags, err = encode(item.Tags != nil, item.Tags); err != nil {
		return d, err
	}
	if item.Target != nil {
		target := targetRow{Name: item.Target.Name, Box: (*boxRow)(item.Target.Box), ScreenshotKey: item.Target.ScreenshotKey}
		if d.target, err = encode(true, target); err != nil {
			return d, err
		}
	}
	citations := make([]citationRow, len(item.Attachments))
	for i, citation := range item.Attachments {
		citations[i] = citationRow(citation)
	}
	if d.attachments, err = encode(item.Attachments != nil, citations); err != nil {
		return d, err
	}
	lines := make([]consoleRow, len(item.Console))
	for i, line := range item.Console {
		lines[i] = consoleRow(line)
	}
	d.console, err = encode(item.Console != nil, lines)
	return d, err
}

func (p *params) summary(item feedback.Item, d encoded) *params {
	p.id(item.ID).blob(item.App[:]).text(string(item.Status)).id(item.DuplicateOf).int(item.Votes).id(item.Board).id(item.Assignee)
	p.id(item.Submitter.Person).id(item.Submitter.Member).time(item.Archived.At).text(string(item.Archived.From))
	p.text(string(item.Submitter.Mode)).text(item.Submitter.ExternalUserID).text(item.Submitter.Email).text(item.Submitter.Name)
	p.text(string(item.Severity)).time(item.CreatedAt).time(item.UpdatedAt)
	if view := item.Viewport; view == nil {
		p.null().null().null()
	} else {
		p.float(view.Width).float(view.Height).float(view.PixelRatio)
	}
	return p.text(item.URL).text(item.UserAgent).blob(item.Submitter.Claims).json(d.tags).text(item.Title).text(item.Text)
}

func (p *params) detail(item feedback.Item, d encoded) *params {
	p.blob(item.Metadata).json(d.target)
	if item.Target == nil {
		p.null()
	} else {
		p.blob(item.Target.Meta)
	}
	return p.json(d.attachments).json(d.console)
}

// stands binds whether the item is a duplicate, and where it stands.
func (p *params) stands(item feedback.Item) *params {
	p.bool(!item.DuplicateOf.IsZero())
	if stage := item.Stage(); stage != "" {
		return p.text(string(stage))
	}
	return p.null()
}

// amended binds what an amendment may change.
func (p *params) amended(item feedback.Item, tags []byte) *params {
	p.text(string(item.Status)).time(item.Archived.At).text(string(item.Archived.From)).stands(item).id(item.DuplicateOf)
	p.text(string(item.Severity)).text(item.Title).text(item.Text).id(item.Board).json(tags).id(item.Assignee)
	return p.blob(item.Metadata).time(item.UpdatedAt)
}

func (r *row) summary(org id.ID) feedback.Item {
	item := feedback.Item{Org: org, ID: r.id(), App: r.id(), Status: feedback.Status(r.text()), DuplicateOf: r.id()}
	item.Votes, item.Board, item.Assignee = r.int(), r.id(), r.id()
	from := &item.Submitter
	from.Person, from.Member, item.Archived.At, item.Archived.From = r.id(), r.id(), r.time(), feedback.Status(r.text())
	from.Mode, from.ExternalUserID, from.Email, from.Name = feedback.Mode(r.text()), r.text(), r.text(), r.text()
	item.Severity, item.CreatedAt, item.UpdatedAt = feedback.Severity(r.text()), r.time(), r.time()
	if r.null() {
		r.at += 3
	} else {
		item.Viewport = &feedback.Viewport{Width: r.float(), Height: r.float(), PixelRatio: r.float()}
	}
	item.URL, item.UserAgent, from.Claims = r.text(), r.text(), r.blob()
	r.json(&item.Tags)
	item.Title, item.Text = r.text(), r.text()
	return item
}

func (r *row) detail(item *feedback.Item) {
	item.Metadata = r.blob()
	var target *targetRow
	if r.json(&target); target != nil {
		item.Target = &feedback.Target{Name: target.Name, Box: (*feedback.Box)(target.Box), ScreenshotKey: target.ScreenshotKey}
	}
	if meta := r.blob(); item.Target != nil {
		item.Target.Meta = meta
	}
	var citations []citationRow
	if r.json(&citations); citations != nil {
		item.Attachments = make([]attachment.Citation, len(citations))
	}
	for i, citation := range citations {
		item.Attachments[i] = attachment.Citation(citation)
	}
	var lines []consoleRow
	if r.json(&lines); lines != nil {
		item.Console = make([]feedback.ConsoleLine, len(lines))
	}
	for i, line := range lines {
		item.Console[i] = feedback.ConsoleLine(line)
	}
}

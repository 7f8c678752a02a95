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

// detail is the JSON of an item's columns that only a single item is read with.
type detail struct{ target, attachments, console []byte }

func encodeDetail(item feedback.Item) (d detail, err error) {
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

func (p *params) summary(item feedback.Item) *params {
	p.id(item.ID).id(item.App).text(string(item.Status)).id(item.DuplicateOf)
	p.text(string(item.Submitter.Mode)).text(item.Submitter.ExternalUserID).text(item.Submitter.Email).text(item.Submitter.Name)
	p.text(string(item.Severity)).time(item.CreatedAt).time(item.UpdatedAt)
	if view := item.Viewport; view == nil {
		p.null().null().null()
	} else {
		p.float(view.Width).float(view.Height).float(view.PixelRatio)
	}
	return p.text(item.URL).text(item.UserAgent).blob(item.Submitter.Claims).text(item.Text)
}

func (p *params) detail(item feedback.Item, d detail) *params {
	p.blob(item.Metadata).json(d.target)
	if item.Target == nil {
		p.null()
	} else {
		p.blob(item.Target.Meta)
	}
	return p.json(d.attachments).json(d.console)
}

func (r *row) summary(org id.ID) feedback.Item {
	item := feedback.Item{Org: org, ID: r.id(), App: r.id(), Status: feedback.Status(r.text()), DuplicateOf: r.id()}
	from := &item.Submitter
	from.Mode, from.ExternalUserID, from.Email, from.Name = feedback.Mode(r.text()), r.text(), r.text(), r.text()
	item.Severity, item.CreatedAt, item.UpdatedAt = feedback.Severity(r.text()), r.time(), r.time()
	if r.null() {
		r.at += 3
	} else {
		item.Viewport = &feedback.Viewport{Width: r.float(), Height: r.float(), PixelRatio: r.float()}
	}
	item.URL, item.UserAgent, from.Claims, item.Text = r.text(), r.text(), r.blob(), r.text()
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

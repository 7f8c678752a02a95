package feedback

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"unicode/utf8"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/email"
)

// checklist gathers the faults of a draft.
type checklist struct{ issues []apierr.Issue }

// fault is what is wrong with one value.
type fault struct{ code, message string }

// add notes a fault, if there is one. It keeps a copy of path, so that a path without a fault costs no memory.
func (c *checklist) add(f *fault, path ...any) {
	if f != nil {
		c.issues = append(c.issues, apierr.Issue{Path: slices.Clone(path), Code: f.code, Message: f.message})
	}
}

func (c *checklist) text(text string, least, most int, path ...any) {
	c.add(lengthFault(text, least, most), path...)
}

func (c *checklist) severity(s Severity, path ...any) {
	if s != "" && s != Low && s != Medium && s != High {
		c.add(&fault{"invalid_value", "must be low, medium or high"}, path...)
	}
}

func (c *checklist) url(text string) {
	if text == "" {
		return
	}
	f := lengthFault(text, 0, MaxURL)
	if f == nil {
		u, err := url.Parse(text)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			f = &fault{"invalid_format", "must be an absolute http or https URL"}
		}
	}
	c.add(f, "url")
}

func (c *checklist) viewport(v *Viewport) {
	if v == nil {
		return
	}
	c.add(sizeFault(v.Width), "viewport", "w")
	c.add(sizeFault(v.Height), "viewport", "h")
	c.add(sizeFault(v.PixelRatio), "viewport", "dpr")
}

func (c *checklist) console(lines []ConsoleLine) {
	if f := countFault(len(lines), MaxConsoleLines); f != nil {
		c.add(f, "consoleLogs")
		return // too many to name the faults of each
	}
	for i, line := range lines {
		c.text(line.Level, 0, MaxConsoleLevel, "consoleLogs", i, "level")
		c.text(line.Message, 0, MaxConsoleMessage, "consoleLogs", i, "message")
		c.add(negativeFault(line.At), "consoleLogs", i, "ts")
	}
}

func (c *checklist) attachments(files []attachment.Citation) {
	if f := countFault(len(files), MaxAttachments); f != nil {
		c.add(f, "attachments")
		return
	}
	for i, file := range files {
		cited := func(other attachment.Citation) bool { return other.Key == file.Key }
		switch {
		case file.Key == "":
			c.add(&fault{"too_small", "must be the key of an upload"}, "attachments", i, "key")
		case slices.ContainsFunc(files[:i], cited):
			c.add(&fault{"duplicate_value", "is cited twice"}, "attachments", i, "key")
		}
		c.issues = append(c.issues, attachment.CheckFile(file.Kind, file.ContentType, file.Size, "attachments", i)...)
		c.add(negativeFault(int64(file.Width)), "attachments", i, "width")
		c.add(negativeFault(int64(file.Height)), "attachments", i, "height")
	}
}

// target checks t, and gives a copy of it with its Meta in the shortest spelling.
func (c *checklist) target(t *Target) *Target {
	if t == nil {
		return nil
	}
	c.text(t.Name, 1, MaxTargetName, "componentTarget", "name")
	if t.Box != nil {
		c.add(finiteFault(t.Box.X), "componentTarget", "bbox", "x")
		c.add(finiteFault(t.Box.Y), "componentTarget", "bbox", "y")
		c.add(finiteFault(t.Box.Width), "componentTarget", "bbox", "w")
		c.add(finiteFault(t.Box.Height), "componentTarget", "bbox", "h")
	}
	c.text(t.ScreenshotKey, 0, MaxScreenshotKey, "componentTarget", "screenshotKey")
	return &Target{
		Name: t.Name, Meta: c.object(t.Meta, MaxTargetMeta, "componentTarget", "meta"), Box: t.Box, ScreenshotKey: t.ScreenshotKey,
	}
}

func (c *checklist) identity(draft Draft) {
	who := draft.Identity
	if who == nil {
		return
	}
	if draft.User != nil {
		c.add(&fault{"not_allowed", "comes from the user token here"}, "identity")
		return
	}
	if who.Email != "" && !email.Plausible(who.Email) {
		c.add(&fault{"invalid_format", fmt.Sprintf("must be an e-mail address of at most %d characters", MaxEmail)}, "identity", "email")
	}
	c.text(who.Name, 0, MaxName, "identity", "name")
	c.text(who.ExternalUserID, 0, MaxExternalUserID, "identity", "externalUserId")
}

func lengthFault(text string, least, most int) *fault {
	switch n := utf8.RuneCountInString(text); {
	case n < least:
		return &fault{"too_small", fmt.Sprintf("must have at least %d characters", least)}
	case n > most:
		return &fault{"too_big", fmt.Sprintf("must have at most %d characters", most)}
	case !utf8.ValidString(text):
		return &fault{"invalid_format", "must be valid UTF-8"}
	}
	return nil
}

func countFault(n, most int) *fault {
	if n <= most {
		return nil
	}
	return &fault{"too_big", fmt.Sprintf("must have at most %d items", most)}
}

func finiteFault(n float64) *fault {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return &fault{"invalid_value", "must be a finite number"}
	}
	return nil
}

func sizeFault(n float64) *fault {
	if f := finiteFault(n); f != nil || n >= 0 {
		return f
	}
	return &fault{"too_small", "must be at least 0"}
}

func negativeFault(n int64) *fault {
	if n >= 0 {
		return nil
	}
	return &fault{"too_small", "must be at least 0"}
}

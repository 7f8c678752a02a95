package attachment

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/id"
)

// ContentTypePattern is what a file's declared type must look like [Userz: /^[a-z]+\/[a-z0-9.+-]+$/i].
const ContentTypePattern = `^[A-Za-z]+/[A-Za-z0-9.+-]+$`

// MaxContentType bounds a declared type, in bytes: RFC 6838 allows 127 on either side of the slash.
const MaxContentType = 255

var contentTypeForm = regexp.MustCompile(ContentTypePattern)

// Kinds lists every Kind.
func Kinds() []Kind { return []Kind{Screenshot, Annotated, File} }

// NewSlot reserves the place named key for a file. A file over MaxSize is apierr.TooLarge; any other fault is an issue.
func NewSlot(org, app id.ID, kind Kind, contentType string, size int64, key string, at time.Time) (Slot, error) {
	oversize := size > MaxSize
	// The size is the last issue: if it is the only one and says "too much", it is the documented 413.
	issues := CheckFile(kind, contentType, size)
	switch {
	case oversize && len(issues) == 1:
		err := apierr.New(apierr.TooLarge, apierr.CodePayloadTooLarge, fmt.Sprintf("An attachment may have at most %d bytes.", MaxSize))
		err.Details = map[string]any{"maxBytes": MaxSize}
		return Slot{}, err
	case len(issues) > 0:
		return Slot{}, apierr.Body(issues...)
	}
	return Slot{
		Key: key, Org: org, App: app, Kind: kind, ContentType: contentType, Size: size, CreatedAt: at.UTC().Truncate(time.Millisecond),
	}, nil
}

// CheckFile names every fault in the description of a file, at paths below path.
func CheckFile(kind Kind, contentType string, size int64, path ...any) []apierr.Issue {
	var issues []apierr.Issue
	refuse := func(field, code, message string) {
		issues = append(issues, apierr.Issue{Path: append(slices.Clone(path), field), Code: code, Message: message})
	}
	if !slices.Contains(Kinds(), kind) {
		refuse("kind", "invalid_value", "must be screenshot, annotated or attachment")
	}
	switch {
	case len(contentType) > MaxContentType:
		refuse("contentType", "too_big", fmt.Sprintf("must have at most %d characters", MaxContentType))
	case !contentTypeForm.MatchString(contentType):
		refuse("contentType", "invalid_format", "must be a media type without parameters, such as image/png")
	}
	switch {
	case size < 1:
		refuse("byteSize", "too_small", "must be at least 1")
	case size > MaxSize:
		refuse("byteSize", "too_big", fmt.Sprintf("must be at most %d", MaxSize))
	}
	return issues
}

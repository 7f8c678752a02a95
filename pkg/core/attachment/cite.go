package attachment

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/id"
)

// Unknown is the issue of a citation at path whose key is no slot of the App: never reserved, removed, or another's.
func Unknown(path ...any) apierr.Issue {
	return keyIssue(path, "invalid_value", "is not the key of an upload of this App")
}

// NotUploaded is the issue of a citation at path whose slot holds no file yet.
func NotUploaded(path ...any) apierr.Issue {
	return keyIssue(path, "invalid_value", "has not been uploaded yet")
}

// CitedElsewhere is the issue of a citation at path whose file belongs to other feedback already.
func CitedElsewhere(path ...any) apierr.Issue {
	return keyIssue(path, "not_allowed", "belongs to other feedback already")
}

// CheckSlot names why feedback of that App, sent at that time, may not cite the slot as it does. Who holds the slot is
// HeldFor's question.
func CheckSlot(slot Slot, app id.ID, citation Citation, at time.Time, path ...any) []apierr.Issue {
	switch {
	case slot.App != app || slot.Key != citation.Key:
		return []apierr.Issue{Unknown(path...)}
	case at.Sub(slot.CreatedAt) > CiteWithin:
		return []apierr.Issue{keyIssue(path, "invalid_value", fmt.Sprintf("was reserved more than %d hours ago", CiteWithin/time.Hour))}
	}
	issues := differences(citation, slot.ContentType, slot.Size, "reserved", path)
	if slot.Kind != citation.Kind {
		issues = append(issues, differs(path, "kind", string(slot.Kind), "reserved"))
	}
	return issues
}

// CheckObject names what is untrue in the citation of a file that was uploaded.
func CheckObject(object Object, citation Citation, path ...any) []apierr.Issue {
	return differences(citation, object.ContentType, object.Size, "uploaded", path)
}

// HeldFor tells whether no item but this one holds the slot.
func (s Slot) HeldFor(item id.ID) bool { return s.Item.IsZero() || s.Item == item }

// differences compares media types as RFC 9110 does: without regard to case.
func differences(c Citation, contentType string, size int64, done string, path []any) []apierr.Issue {
	var issues []apierr.Issue
	if !strings.EqualFold(c.ContentType, contentType) {
		issues = append(issues, differs(path, "contentType", contentType, done))
	}
	if c.Size != size {
		issues = append(issues, differs(path, "byteSize", fmt.Sprint(size), done))
	}
	return issues
}

func differs(path []any, field, actual, done string) apierr.Issue {
	return apierr.Issue{
		Path: append(slices.Clone(path), field), Code: "invalid_value",
		Message: "must be " + actual + ", as it was " + done,
	}
}

func keyIssue(path []any, code, message string) apierr.Issue {
	return apierr.Issue{Path: append(slices.Clone(path), "key"), Code: code, Message: message}
}

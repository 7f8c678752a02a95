package attachment_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/id"
)

func TestASlotIsReservedOrEveryFaultNamed(t *testing.T) {
	org, app, at := id.ID{1}, id.ID{2}, time.Date(2026, 3, 4, 5, 6, 7, 890_123_456, time.UTC)
	long := "image/" + strings.Repeat("x", attachment.MaxContentType-6)
	for _, row := range []struct {
		kind        attachment.Kind
		contentType string
		size        int64
		want        []string
	}{
		{attachment.Screenshot, "image/png", 1, nil},
		{attachment.Annotated, "Image/SVG+xml", attachment.MaxSize, nil},
		{attachment.File, long, 1, nil},
		{attachment.File, long + "x", 1, []string{"[contentType] too_big"}},
		{"video", "image/png", 1, []string{"[kind] invalid_value"}},
		{attachment.File, "png", 1, []string{"[contentType] invalid_format"}},
		{attachment.File, "image/png; charset=utf-8", 1, []string{"[contentType] invalid_format"}},
		{attachment.File, "image/png\n", 1, []string{"[contentType] invalid_format"}},
		{attachment.File, "x-1/png", 1, []string{"[contentType] invalid_format"}},
		{"", "", 0, []string{"[kind] invalid_value", "[contentType] invalid_format", "[byteSize] too_small"}},
		{"", "image/png", attachment.MaxSize + 1, []string{"[kind] invalid_value", "[byteSize] too_big"}},
	} {
		slot, err := attachment.NewSlot(org, app, row.kind, row.contentType, row.size, "the key", at)
		if got := spell(apierr.Of(err).Issues); !slices.Equal(got, row.want) {
			t.Errorf("%+v: %v", row, got)
			continue
		}
		want := attachment.Slot{
			Key: "the key", Org: org, App: app, Kind: row.kind, ContentType: row.contentType, Size: row.size,
			CreatedAt: time.Date(2026, 3, 4, 5, 6, 7, 890e6, time.UTC),
		}
		switch {
		case row.want == nil && (err != nil || slot != want):
			t.Errorf("%+v: %+v, %v", row, slot, err)
		case row.want != nil && (slot != attachment.Slot{} || apierr.Of(err).Code != apierr.CodeInvalidBody):
			t.Errorf("%+v: %+v, %v", row, slot, err)
		}
	}
	_, err := attachment.NewSlot(org, app, attachment.File, "image/png", attachment.MaxSize+1, "the key", at)
	if e := apierr.Of(err); e.Kind != apierr.TooLarge || e.Code != apierr.CodePayloadTooLarge || e.Issues != nil {
		t.Errorf("a file that is too large: %+v", e)
	}
}

func TestOnlyAnUnusedUploadOfTheAppMayBeCitedAsItIs(t *testing.T) {
	org, app, now := id.ID{1}, id.ID{2}, time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	slot, err := attachment.NewSlot(org, app, attachment.Screenshot, "image/png", 7, "k", now)
	if err != nil {
		t.Fatal(err)
	}
	honest := attachment.Citation{Key: "k", Kind: attachment.Screenshot, ContentType: "IMAGE/png", Size: 7, Width: 3, Height: 4}
	const key = "[attachments 3 key] invalid_value"
	for _, row := range []struct {
		name  string
		spoil func(s *attachment.Slot, c *attachment.Citation)
		wait  time.Duration
		want  []string
	}{
		{"honest", func(*attachment.Slot, *attachment.Citation) {}, 0, nil},
		{"at the last moment", func(*attachment.Slot, *attachment.Citation) {}, attachment.CiteWithin, nil},
		{"too late", func(*attachment.Slot, *attachment.Citation) {}, attachment.CiteWithin + 1, []string{key}},
		{"another App's", func(s *attachment.Slot, _ *attachment.Citation) { s.App = id.ID{9} }, 0, []string{key}},
		{"no slot", func(s *attachment.Slot, _ *attachment.Citation) { *s = attachment.Slot{} }, 0, []string{key}},
		{"another key", func(_ *attachment.Slot, c *attachment.Citation) { c.Key = "l" }, 0, []string{key}},
		{"everything else", func(_ *attachment.Slot, c *attachment.Citation) {
			c.ContentType, c.Size, c.Kind = "image/gif", 8, attachment.File
		}, 0, []string{
			"[attachments 3 contentType] invalid_value", "[attachments 3 byteSize] invalid_value", "[attachments 3 kind] invalid_value",
		}},
	} {
		s, c := slot, honest
		row.spoil(&s, &c)
		if got := spell(attachment.CheckSlot(s, app, c, now.Add(row.wait), "attachments", 3)); !slices.Equal(got, row.want) {
			t.Errorf("%s: %v", row.name, got)
		}
	}
	for object, want := range map[attachment.Object][]string{
		{Size: 7, ContentType: "image/png"}: nil,
		{Size: 6, ContentType: "image/png"}: {"[byteSize] invalid_value"},
		{Size: 7, ContentType: "text/html"}: {"[contentType] invalid_value"},
		{}:                                  {"[contentType] invalid_value", "[byteSize] invalid_value"},
	} {
		if got := spell(attachment.CheckObject(object, honest)); !slices.Equal(got, want) {
			t.Errorf("%+v: %v", object, got)
		}
	}
	item, other := id.ID{5}, id.ID{6}
	if !slot.HeldFor(item) {
		t.Error("an uncited slot is held by somebody")
	}
	if slot.Item = item; !slot.HeldFor(item) || slot.HeldFor(other) {
		t.Error("a cited slot is not held by its item alone")
	}
}

func TestAnIssueNamesTheAttachmentAndLeavesItsPathAlone(t *testing.T) {
	path := make([]any, 0, 8)
	path = append(path, "attachments", 3)
	for code, issue := range map[string]apierr.Issue{
		"[attachments 3 key] not_allowed":   attachment.CitedElsewhere(path...),
		"[attachments 3 key] invalid_value": attachment.NotUploaded(path...),
	} {
		if got := spell([]apierr.Issue{issue}); got[0] != code {
			t.Errorf("%s, not %s", got, code)
		}
	}
	first, second := attachment.Unknown(path...), attachment.CheckFile("", "image/png", 1, path...)[0]
	if fmt.Sprint(first.Path, second.Path) != "[attachments 3 key] [attachments 3 kind]" {
		t.Error("two issues share the memory of their path:", first.Path, second.Path)
	}
}

func TestThePatternIsTheVendors(t *testing.T) {
	vendors := regexp.MustCompile(`(?i)^[a-z]+\/[a-z0-9.+-]+$`)
	ours := regexp.MustCompile(attachment.ContentTypePattern)
	for _, text := range []string{"a/b", "A/B9", "image/svg+xml", "a/b.c-d", "a1/b", "a/", "/b", "a/b/c", "a/b c", "a/_", "é/b"} {
		if ours.MatchString(text) != vendors.MatchString(text) {
			t.Errorf("%q", text)
		}
	}
}

// spell writes issues as path and code, and wants a sentence with each.
func spell(issues []apierr.Issue) (spelled []string) {
	for _, issue := range issues {
		if issue.Message == "" {
			spelled = append(spelled, "no message")
		}
		spelled = append(spelled, fmt.Sprint(issue.Path, " ", issue.Code))
	}
	return spelled
}

package feedback_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

// spelled are the issues of a refusal as path and code.
func spelled(err error) (all []string) {
	for _, issue := range apierr.Issues(err) {
		all = append(all, fmt.Sprint(issue.Path, " ", issue.Code))
	}
	return all
}

// many are so many tags.
func many(n int) (tags []id.ID) {
	for i := range n {
		tags = append(tags, id.ID{byte(i + 1)})
	}
	return tags
}

func TestASuggestionIsAnItemOrEveryFaultIsNamed(t *testing.T) {
	most := feedback.Suggestion{
		Title: strings.Repeat("é", 256), Text: strings.Repeat("é", 8192), Severity: feedback.High, Tags: many(20), Board: id.ID{7}, Assignee: id.ID{8},
		From: feedback.Submitter{Mode: feedback.Private, Person: id.ID{9}}, Metadata: []byte(`{"a":"` + strings.Repeat("x", 4096-8) + `"}`),
	}
	item, err := feedback.NewOnBoard(most, itemID, org, at)
	if err != nil {
		t.Fatal(spelled(err))
	}
	if item.ID != itemID || item.Org != org || !item.App.IsZero() || item.Status != feedback.Received || item.Submitter.Person != most.From.Person ||
		item.Title != most.Title || item.Text != most.Text || item.Board != most.Board || item.Assignee != most.Assignee || len(item.Tags) != 20 ||
		item.Severity != feedback.High || string(item.Metadata) != string(most.Metadata) || item.CreatedAt.Nanosecond() != 890e6 {
		t.Errorf("%+v", item)
	}
	for _, stage := range feedback.Stages() {
		if item, err := feedback.NewOnBoard(feedback.Suggestion{Title: "x", Stage: stage}, itemID, org, at); err != nil || item.Stage() != stage {
			t.Errorf("put into %s it is %s: %v", stage, item.Status, err)
		}
	}
	twice := feedback.Suggestion{Title: "x", Tags: append(many(3), many(3)...)}
	if item, err := feedback.NewOnBoard(twice, itemID, org, at); err != nil || !slices.Equal(item.Tags, many(3)) {
		t.Errorf("tags named twice are %v: %v", item.Tags, err)
	}
	worst := feedback.Suggestion{
		Title: most.Title + "x", Text: most.Text + "x", Severity: "urgent", Stage: "done", Tags: many(21), Metadata: []byte(`[]`),
	}
	want := []string{"[title] too_big", "[text] too_big", "[priority] invalid_value", "[status] invalid_value", "[tagIds] too_big", "[meta] invalid_type"}
	if _, err := feedback.NewOnBoard(worst, itemID, org, at); !slices.Equal(spelled(err), want) {
		t.Errorf("%v", spelled(err))
	}
	for _, blank := range []string{"", " \t\n"} {
		if _, err := feedback.NewOnBoard(feedback.Suggestion{Title: blank}, itemID, org, at); !slices.Equal(spelled(err), []string{"[title] too_small"}) {
			t.Errorf("%q: %v", blank, spelled(err))
		}
	}
}

func TestAnEditLeavesNothingWithoutWords(t *testing.T) {
	empty, title := "", "x"
	widget, idea := feedback.Item{Text: "x", Status: feedback.Received}, feedback.Item{Title: "x", Text: "y", Status: feedback.Received}
	for name, row := range map[string]struct {
		item feedback.Item
		edit feedback.Edit
		want []string
	}{
		"the only words":       {widget, feedback.Edit{Text: &empty}, []string{"[text] too_small"}},
		"words beside a title": {idea, feedback.Edit{Text: &empty}, nil},
		"words for a title":    {widget, feedback.Edit{Text: &empty, Title: &title}, nil},
		"the title":            {idea, feedback.Edit{Title: &empty}, []string{"[title] too_small"}},
		"nothing":              {idea, feedback.Edit{}, nil},
	} {
		change, err := row.edit.Of(&row.item)
		if !slices.Equal(spelled(err), row.want) {
			t.Errorf("%s: %v", name, spelled(err))
		}
		if left := row.item.Amended(change, at); err == nil && left.Saying() == "" {
			t.Errorf("%s: it says nothing any more", name)
		}
	}
	planned := feedback.Planned
	for _, gone := range []feedback.Status{feedback.Archived, feedback.Duplicate} {
		item := feedback.Item{Title: "x", Status: gone}
		if _, err := (feedback.Edit{Stage: &planned}).Of(&item); apierr.Of(err).Code != apierr.CodeInvalidTransition {
			t.Errorf("what is %s is planned: %v", gone, err)
		}
	}
}

// The audience of an item is the team, whose it is, and whoever may look at where it stands.
func TestWhoSeesAnItem(t *testing.T) {
	public, closed, me, app := id.ID{1}, id.ID{2}, id.ID{3}, id.ID{4}
	eyes := &feedback.Audience{Boards: []id.ID{public}, Persons: []id.ID{{9}, me}}
	mine := feedback.Submitter{Person: me}
	for name, row := range map[string]struct {
		item feedback.Item
		seen bool
	}{
		"on a public board":         {feedback.Item{Board: public, Status: feedback.Queued}, true},
		"published from the widget": {feedback.Item{Board: public, App: app, Status: feedback.Queued}, true},
		"on another board":          {feedback.Item{Board: closed, Status: feedback.Queued}, false},
		"on none":                   {feedback.Item{Status: feedback.Queued}, true},
		"from the widget":           {feedback.Item{App: app, Status: feedback.Queued}, false},
		"their own anywhere":        {feedback.Item{App: app, Board: closed, Status: feedback.Queued, Submitter: mine}, true},
		"their own, archived":       {feedback.Item{Status: feedback.Archived, Submitter: mine}, false},
		"archived":                  {feedback.Item{Board: public, Status: feedback.Archived}, false},
		"merged":                    {feedback.Item{Board: public, Status: feedback.Duplicate, DuplicateOf: id.ID{5}}, false},
	} {
		if got := eyes.Sees(&row.item); got != row.seen {
			t.Errorf("%s: %t", name, got)
		}
		if !(*feedback.Audience)(nil).Sees(&row.item) {
			t.Errorf("%s: the team does not see it", name)
		}
	}
	if nobody := (&feedback.Audience{Persons: []id.ID{{}}}); nobody.Sees(&feedback.Item{Board: closed, Status: feedback.Queued}) || nobody.Knows(&feedback.Submitter{}) {
		t.Error("what is nobody's is somebody's")
	}
}

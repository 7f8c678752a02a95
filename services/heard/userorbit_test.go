package heard_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/heard-dev/heard/pkg/core/email"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/help"
	"github.com/heard-dev/heard/pkg/core/hook"
	"github.com/heard-dev/heard/pkg/dialect/userorbit"
)

// What the tags of Userorbit's routes say is what the core says.
func TestUserorbitsWireSaysTheCoresNumbersAndNames(t *testing.T) {
	var document any
	must(t, json.Unmarshal(userorbit.Dialect{}.About().Document, &document))
	for path, want := range map[string]int{
		"NewArticle title maxLength":           help.MaxTitle,
		"NewArticle text maxLength":            help.MaxText,
		"ArticleEdit text maxLength":           help.MaxText,
		"NewSubscription target_url maxLength": hook.MaxTarget,
		"Unwanted target_url maxLength":        hook.MaxTarget,
		"Identity email maxLength":             email.Max,
		"NewSubscriber email maxLength":        email.Max,
		"Stretch limit maximum":                userorbit.MaxLimit,
		"Stretch limit default":                userorbit.DefaultLimit,
		"Stretch offset maximum":               enduser.Window,
		"DocumentList offset maximum":          help.Window,
	} {
		if got := at(t, document, path); got != float64(want) {
			t.Errorf("%s is %v, not %d", path, got, want)
		}
	}
	types := names([]enduser.PropertyType{enduser.Text, enduser.Number, enduser.Boolean, enduser.Date})
	statuses := names([]help.Status{help.Draft, help.Published, help.Archived})
	for path, want := range map[string][]string{
		"NewSubscription event enum": names(hook.Events()),
		"Unwanted event enum":        names(hook.Events()),
		"Sampling event enum":        names(hook.Events()),
		"NewProperty type enum":      types,
		"PropertyEdit type enum":     types,
		"ContactProperty type enum":  types,
		"ArticleList status enum":    statuses,
		"ArticleRow status enum":     statuses,
		"Subscriber source enum":     names([]enduser.Source{enduser.FromSubscriber, enduser.FromWidget, enduser.FromEvents, enduser.FromDirectory}),
		"NoticeFeedback status enum": names(feedback.Stages()),
	} {
		var got []string
		values, _ := at(t, document, path).([]any)
		for _, value := range values {
			got = append(got, fmt.Sprint(value))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s is %q, not %q", path, got, want)
		}
	}
}

package heard_test

import (
	"encoding/json"
	"testing"

	"github.com/heard-dev/heard/pkg/core/email"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/help"
	"github.com/heard-dev/heard/pkg/core/hook"
	"github.com/heard-dev/heard/pkg/dialect/userorbit"
)

// What the tags of Userorbit's routes say is what the core says.
func TestUserorbitsPeopleAndDocumentsAreToldAsTheCoreHasThem(t *testing.T) {
	var document any
	must(t, json.Unmarshal(userorbit.Dialect{}.About().Document, &document))
	saysNumbers(t, document, map[string]int{
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
	})
	types := names([]enduser.PropertyType{enduser.Text, enduser.Number, enduser.Boolean, enduser.Date})
	statuses := names([]help.Status{help.Draft, help.Published, help.Archived})
	saysNames(t, document, map[string][]string{
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
	})
}

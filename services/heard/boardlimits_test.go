package heard_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/heard-dev/heard/pkg/core/board"
	"github.com/heard-dev/heard/pkg/core/comment"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/dialect/userorbit"
	"github.com/heard-dev/heard/pkg/id"
)

// What subscribers submit and say has a budget of its own, which costs nobody a look, and is in the ledger with all feedback.
func TestWhatSubscribersSubmitIsLimitedAndCounted(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		w := i.team("acme")
		i.limit(w.org, "feedback.subscriber", 3)
		_, token := w.subscriber("ada")
		_, other := w.subscriber("eve")
		var row orbitRow
		for range 2 {
			w.do(token, "public/feedbacks.create", `{"title":"x"}`, &row)
		}
		w.do(token, "feedback-comments.create", `{"id":"`+row.ID+`","text":"x"}`, &struct{}{})
		w.refused(token, "public/feedbacks.create", `{"title":"x"}`, http.StatusTooManyRequests)
		w.refused(token, "feedback-comments.create", `{"id":"`+row.ID+`","text":"x"}`, http.StatusTooManyRequests)
		w.do(other, "public/feedbacks.create", `{"title":"x"}`, &row)
		w.refused(other, "public/feedbacks.create", `{"title":""}`, http.StatusBadRequest)
		w.info(token, row.ID)
		w.create(`{"title":"x"}`)
		w.refused(w.key, "feedbacks.create", `{"title":"x","boardId":"x"}`, http.StatusNotFound)

		ledger := i.outcomes(w.sk, "?groupBy=none")
		for reason, items := range map[string]int64{"": 4, "rate_limited": 2, "invalid_body": 1} {
			if got := counted(ledger, id.Zero, id.Zero, "feedback", reason); got.Items != items {
				t.Errorf("of subscribers %q is counted as %+v", reason, got)
			}
		}
		key := slices.IndexFunc(ledger, func(r ledgerRow) bool { return r.KeyID != nil && r.Category == "feedback" && r.Reason == nil })
		if key < 0 || ledger[key].Items != 1 {
			t.Errorf("of the team nothing is counted as feedback: %+v", ledger)
		}
		if refusals := i.refusals(w.sk, ""); !slices.ContainsFunc(refusals, func(r refusalRow) bool {
			return r.Reason == "rate_limited" && r.Policy != nil && *r.Policy == "feedback.subscriber" && r.Route == "POST /v1/public/feedbacks.create"
		}) {
			t.Errorf("nobody is told why: %+v", refusals)
		}
	})
}

// Tags are text, so the numbers and names in them can drift from the constants they stand for. The document shows both.
func TestUserorbitsWireSaysTheCoresNumbersAndNames(t *testing.T) {
	var document any
	must(t, json.Unmarshal(userorbit.Dialect{}.About().Document, &document))
	saysNumbers(t, document, map[string]int{
		"SubscriberFeedback title maxLength": feedback.MaxTitle, "SubscriberFeedback text maxLength": feedback.MaxText,
		"TeamFeedback title maxLength": feedback.MaxTitle, "TeamFeedback text maxLength": feedback.MaxText,
		"TeamFeedback tagIds maxItems": feedback.MaxTags, "TeamFeedback creatorName maxLength": feedback.MaxName,
		"TeamFeedback creatorEmail maxLength": feedback.MaxEmail, "FeedbackEdit title maxLength": feedback.MaxTitle,
		"FeedbackEdit text maxLength": feedback.MaxText, "FeedbackEdit tagIds maxItems": feedback.MaxTags,
		"NewComment text maxLength": comment.MaxText, "CommentEdit text maxLength": comment.MaxText,
		"NewTag name maxLength": board.MaxTagName, "TagEdit name maxLength": board.MaxTagName,
		"NewBoard name maxLength": board.MaxName, "NewBoard slug maxLength": board.MaxSlug,
		"BoardEdit name maxLength": board.MaxName, "BoardEdit slug maxLength": board.MaxSlug,
		"/v1/feedbacks.list get parameters limit maximum":  userorbit.MaxLimit,
		"/v1/feedbacks.list get parameters limit default":  userorbit.DefaultLimit,
		"/v1/feedbacks.list get parameters offset maximum": feedback.Window,
	})
	orders := names([]feedback.Sort{feedback.Newest, feedback.Top, feedback.Trending})
	saysNames(t, document, map[string][]string{
		"Feedback status enum": names(feedback.Stages()), "FeedbackEdit status enum": names(feedback.Stages()),
		"TeamFeedback status enum":                      append(names(feedback.Stages()), "<nil>"),
		"Feedback priority enum":                        names([]feedback.Severity{feedback.Low, feedback.Medium, feedback.High}),
		"/v1/feedbacks.list get parameters sortBy enum": orders, "/v1/public/feedbacks.list get parameters sortBy enum": orders,
		"/v1/feedbacks.list get parameters status enum": names(feedback.Stages()),
		"NewTag color default":                          {board.TagColor},
	})
}

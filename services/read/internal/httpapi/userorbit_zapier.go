package httpapi

import (
	"cmp"
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/hook"
	"github.com/heard-dev/heard/pkg/dialect/userorbit"
	"github.com/heard-dev/heard/pkg/httpkit"
)

// UserorbitZapier adds the actions by which Zapier subscribes to what happens, and by which it polls.
func UserorbitZapier(api *httpkit.API, registry *hook.Registry, store feedback.Store) {
	z := zapier{api, registry, store}
	door := httpkit.Team(access.FeedbackRead)
	z.subscriptions(door)
	z.samples(door)
}

type zapier struct {
	api      *httpkit.API
	registry *hook.Registry
	store    feedback.Store
}

const zapierTag = "Zapier"

func (z zapier) subscriptions(door httpkit.Door) {
	subscribe := action("zapier", "subscribe", zapierTag, "Ask to be told of an event", door,
		httpkit.Fault{Kind: apierr.Conflict, Code: apierr.CodeLimitReached, When: "the team has 100 subscriptions already"})
	subscribe.Notes = "Asking twice for one event at one address gives the same subscription."
	httpkit.HandleWrite(z.api, subscribe, func(ctx context.Context, caller auth.Principal, in *newSubscription) (*one[subscription], error) {
		made, err := z.registry.Subscribe(ctx, caller.Org.ID, hook.Wish{Event: hook.Event(in.Event), Target: in.TargetURL, Key: caller.Key.ID})
		return single(made, err, subscriptionView)
	})

	unsubscribe := action("zapier", "unsubscribe", zapierTag, "Ask to be told no more", door, gone("subscription"))
	unsubscribe.Notes = "Names the subscription by its `id`, or by its `target_url` and `event`."
	httpkit.HandleWrite(z.api, unsubscribe, func(ctx context.Context, caller auth.Principal, in *unwanted) (*one[userorbit.Done], error) {
		named := userorbit.ID(in.ID)
		if in.ID == "" {
			found, err := z.registry.Find(ctx, caller.Org.ID, hook.Event(in.Event), in.TargetURL)
			if err != nil {
				return nil, err
			}
			named = found.ID
		}
		return done(z.registry.Unsubscribe(ctx, caller.Org.ID, named))
	})

	list := action("zapier", "list", zapierTag, "List subscriptions, oldest first", door)
	httpkit.HandleRead(z.api, list, func(ctx context.Context, caller auth.Principal, in *stretch) (*many[subscription], error) {
		found, total, err := z.registry.List(ctx, caller.Org.ID, in.Offset, limit(in.Limit))
		return listed(found, total, in.Offset, in.Limit, subscriptionView), err
	})
}

func (z zapier) samples(door httpkit.Door) {
	sample := action("zapier", "sample", zapierTag, "Give what an event would tell", door)
	sample.Notes = "Of the newest feedback, newest first: for the samples of a trigger, and for one that polls."
	httpkit.HandleRead(z.api, sample, func(ctx context.Context, caller auth.Principal, in *sampling) (*notices, error) {
		page, err := z.store.BoardFeedback(ctx, caller.Org.ID, feedback.BoardQuery{Sort: feedback.Newest, Limit: limit(in.Limit)})
		if err != nil {
			return nil, err
		}
		event := cmp.Or(hook.Event(in.Event), hook.NewFeedback)
		told := make([]userorbit.Notice, len(page.Items))
		for i := range page.Items {
			told[i] = userorbit.NoticeView(page.Items[i].ID, event, happened(event, &page.Items[i]), &page.Items[i])
		}
		return &notices{Body: userorbit.Data[[]userorbit.Notice]{Data: told}}, nil
	})
}

// happened is when an event of that kind came to an item last, as far as the item tells.
func happened(event hook.Event, item *feedback.Item) time.Time {
	if event == hook.NewFeedback {
		return item.CreatedAt
	}
	return item.UpdatedAt
}

type newSubscription struct {
	TargetURL string   `json:"target_url" maxLength:"2048" format:"uri" doc:"https; plain http only to the machine itself."`
	Event     string   `json:"event" enum:"new_feedback,feedback_status_change,new_vote,feedback_merged"`
	_         struct{} `json:"-" additionalProperties:"true"`
}

type unwanted struct {
	ID        string   `json:"id,omitempty"`
	TargetURL string   `json:"target_url,omitempty" maxLength:"2048"`
	Event     string   `json:"event,omitempty" enum:"new_feedback,feedback_status_change,new_vote,feedback_merged"`
	_         struct{} `json:"-" additionalProperties:"true"`
}

type sampling struct {
	Event string   `json:"event,omitempty" query:"event" enum:"new_feedback,feedback_status_change,new_vote,feedback_merged" default:"new_feedback"`
	Limit int      `json:"limit,omitempty" query:"limit" minimum:"1" maximum:"100" default:"25"`
	_     struct{} `json:"-" additionalProperties:"true"`
}

type subscription struct {
	ID        string `json:"id"`
	TargetURL string `json:"target_url"`
	Event     string `json:"event"`
	CreatedAt string `json:"createdAt" format:"date-time"`
}

func subscriptionView(s *hook.Subscription) subscription {
	return subscription{ID: s.ID.UUID(), TargetURL: s.Value.Target, Event: string(s.Value.Event), CreatedAt: userorbit.Time(s.CreatedAt)}
}

type notices struct {
	Body userorbit.Data[[]userorbit.Notice]
}

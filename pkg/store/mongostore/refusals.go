package mongostore

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/outcome"
	"github.com/heard-dev/heard/pkg/id"
)

// refusalIndexes serve the list of a whole Org, and the sweep. An App's are listed along _id.
func refusalIndexes() []mongo.IndexModel {
	return []mongo.IndexModel{index("orgId", "at", "requestId", "code"), index("at")}
}

// refusalDoc has App, time, request and code as its _id.
type refusalDoc struct {
	Path      string        `bson:"_id"`
	Org       bson.ObjectID `bson:"orgId"`
	App       bson.ObjectID `bson:"appId"`
	Key       bson.ObjectID `bson:"keyId"`
	At        time.Time     `bson:"at"`
	RequestID string        `bson:"requestId"`
	Category  string        `bson:"category"`
	Route     string        `bson:"route"`
	Code      apierr.Code   `bson:"code"`
	Message   string        `bson:"message"`
	Policy    string        `bson:"policy"`
	Items     int64         `bson:"items"`
	Issues    []issueDoc    `bson:"issues"`
	Sample    string        `bson:"sample"`
}

type issueDoc struct {
	Path    string `bson:"path"`
	Code    string `bson:"code"`
	Message string `bson:"message"`
}

// KeepRefusals implements outcome.Store.
func (s *Store) KeepRefusals(ctx context.Context, refusals []outcome.Refusal) error {
	type whose struct{ org, app id.ID }
	if len(refusals) == 0 {
		return nil
	}
	if _, err := s.refusals.insertAll(ctx, each(refusals, newRefusalDoc)); err != nil {
		return err
	}
	trimmed := map[whose]bool{}
	for _, given := range refusals {
		of := whose{given.Org, given.App}
		if trimmed[of] {
			continue
		}
		if err := s.trimRefusals(ctx, of.org, of.app); err != nil {
			return err
		}
		trimmed[of] = true
	}
	return nil
}

// trimRefusals forgets all but the newest.
func (s *Store) trimRefusals(ctx context.Context, org, app id.ID) error {
	all := below(org, app.String())
	old, err := find[refusalDoc](ctx, s.refusals, all, options.Find().SetProjection(bson.D{e("_id", 1)}).
		SetSort(bson.D{e("_id", -1)}).SetSkip(outcome.PerApp).SetLimit(1))
	if err != nil || len(old) == 0 {
		return err
	}
	_, err = s.refusals.removeAll(ctx, bson.D{e("$and", bson.A{all, owned(org, e("_id", bson.D{e("$lte", old[0].Path)}))})})
	return err
}

// Refusals implements outcome.Store.
func (s *Store) Refusals(ctx context.Context, org, app id.ID, limit int) ([]outcome.Refusal, error) {
	newest := options.Find().SetLimit(int64(limit)).SetBatchSize(int32(limit))
	if app.IsZero() {
		newest.SetSort(bson.D{e("at", -1), e("requestId", -1), e("code", -1)})
		return cores(find[refusalDoc](ctx, s.refusals, owned(org), newest))
	}
	return cores(find[refusalDoc](ctx, s.refusals, below(org, app.String()), newest.SetSort(bson.D{e("_id", -1)})))
}

// SweepRefusals implements outcome.Store.
func (s *Store) SweepRefusals(ctx context.Context, expired time.Time, limit int) (int, error) {
	return s.refusals.sweep(ctx, bson.D{e("at", bson.D{e("$lt", expired)})}, limit)
}

func newRefusalDoc(given outcome.Refusal) refusalDoc {
	at := fmt.Sprintf("%012x", given.At.UnixMilli())
	return refusalDoc{
		Path: path(given.Org, given.App.String(), at, given.RequestID, string(given.Code)), Org: bson.ObjectID(given.Org),
		App: bson.ObjectID(given.App), Key: bson.ObjectID(given.Key), At: given.At, RequestID: given.RequestID, Category: given.Category,
		Route: given.Route, Code: given.Code, Message: given.Message, Policy: given.Policy, Items: given.Items,
		Issues: each(given.Issues, func(i outcome.Issue) issueDoc { return issueDoc(i) }), Sample: given.Sample,
	}
}

func (d refusalDoc) core() outcome.Refusal {
	refusal := outcome.Refusal{
		Org: id.ID(d.Org), App: id.ID(d.App), Key: id.ID(d.Key), At: d.At.UTC(), RequestID: d.RequestID, Category: d.Category,
		Route: d.Route, Code: d.Code, Message: d.Message, Policy: d.Policy, Items: d.Items, Sample: d.Sample,
	}
	if len(d.Issues) > 0 {
		refusal.Issues = each(d.Issues, func(i issueDoc) outcome.Issue { return outcome.Issue(i) })
	}
	return refusal
}

package mongostore

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/tenant"
)

type overrideDoc struct {
	Name      string    `bson:"_id"`
	Org       string    `bson:"org"` // a slug, or one with a * in it
	Policy    string    `bson:"policy"`
	Rate      rateDoc   `bson:"rate"`
	CreatedBy string    `bson:"createdBy"`
	CreatedAt time.Time `bson:"createdAt"`
}

// Overrides implements limit.Store.
func (s *Store) Overrides(ctx context.Context) ([]limit.Override, error) {
	return cores(find[overrideDoc](ctx, s.overrides, bson.D{}, options.Find().SetSort(bson.D{e("_id", 1)})))
}

// PutOverride implements limit.Store.
func (s *Store) PutOverride(ctx context.Context, o limit.Override) error {
	doc := overrideDoc{Name: o.Name, Org: o.Org, Policy: o.Policy, Rate: rateDoc(o.Rate), CreatedBy: o.CreatedBy, CreatedAt: o.CreatedAt}
	_, err := s.overrides.replace(ctx, bson.D{e("_id", o.Name)}, doc, options.Replace().SetUpsert(true))
	return err
}

// DeleteOverride implements limit.Store.
func (s *Store) DeleteOverride(ctx context.Context, name string) error {
	removed, err := s.overrides.remove(ctx, bson.D{e("_id", name)})
	if err != nil || removed {
		return err
	}
	return apierr.Missing(s.overrides.what)
}

func (d overrideDoc) core() limit.Override {
	return limit.Override{Name: d.Name, Org: d.Org, Policy: d.Policy, Rate: tenant.Rate(d.Rate), CreatedBy: d.CreatedBy, CreatedAt: d.CreatedAt}
}
